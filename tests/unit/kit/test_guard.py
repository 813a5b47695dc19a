"""The guard against server-side request forgery: a table of attacks, and connections that are really tried."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from artel.kit.guard import AddressRefused, ForbiddenAddress, GuardedResolver, OutgoingGuard, is_public

REFUSED_URLS = [
    # schemes
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "unix:///var/run/docker.sock",
    "//example.com/",
    "example.com/v1",
    "",
    # names and passwords in the address, and what is meant to look like them
    "http://user:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com%0d%0aHost:%20x@10.0.0.1/",
    "http://:secret@example.com/",
    "http://@example.com/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    "http://example.com&@127.0.0.1/",
    "http://127.0.0.1\\.example.com/",
    "http:\\\\127.0.0.1/",
    "http:/\\127.0.0.1/",
    "http:127.0.0.1/",
    "http:///127.0.0.1/",
    "javascript:alert(1)",
    "data:text/html,x",
    "jar:http://example.com!/",
    "dict://127.0.0.1:6379/",
    "ldap://127.0.0.1/",
    "ws://127.0.0.1/",
    "blob:http://example.com/1",
    "view-source:http://127.0.0.1/",
    "HTTP://LOCALHOST/",
    # ports of other protocols
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:6379/",
    "https://example.com:11211/",
    "http://example.com:587/%0d%0aMAIL%20FROM:",
    # no host, impossible ports, unreadable
    "http:///v1",
    "http://:80/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://[::1/",
    "http://exa mple.com/",
    "http://б..example.com/",
    "http://example.com/\r\nX: y",
    "http://example.com\t/",
    " http://example.com/",
    "http://example.com/\n",
    "http://example.com/\x00",
    "http://exam\nple.com/",
    "http://example.com:-1/",
    "http://example.com:80x/",
    "http://example.com:٨٠/",
    "http://[127.0.0.1]/",
    "http://[/",
    "http://]/",
    # this machine
    "http://localhost/",
    "http://LOCALHOST:8000/",
    "http://localhost./",
    "http://app.localhost/",
    "http://127.0.0.1/",
    "http://127.9.9.9/",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::1]/",
    "http://[::]/",
    # in disguise
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1./",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://127｡0｡0｡1/",
    "http://１２７.1/",
    "http://0x7f000001./",
    "http://0X7F.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://00000177.0.0.01/",
    "http://0300.0250.1.1/",
    "http://3232235777/",
    "http://0xa9fea9fe/",
    "http://0xA9.0xFE.0xA9.0xFE/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://4294967296/",
    "http://10.1/",
    "http://1.1/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://loc\u00adalhost/",
    "http://localhost。/",
    "http://127.0.0.1.../",
    # private networks
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.1.1/",
    "http://198.18.0.1/",
    "http://192.0.0.8/",
    "http://192.0.2.1/",
    "http://203.0.113.9/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[2001::1]/",
    "http://[100::1]/",
    # IPv4 inside IPv6
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:10.1.2.3]/",
    "http://[::127.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fe80::200:5efe:7f00:1]/",
    "http://[::ffff:0x7f.0.0.1]/",
    "http://[::1%25lo]/",
    # metadata services and inner names
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials/",
    "http://169.254.0.23/",
    "http://192.0.0.192/",
    "http://metadata/",
    "http://instance-data/latest/",
    "http://metadata.google.internal/",
    "http://METADATA.google.internal./",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://[fd00:ec2::254]/",
    "http://postgres/",
    "http://redis:6379/",
    "http://nas.local/",
    "http://api.internal/",
    "http://host.docker.internal/",
]

ALLOWED_URLS = [
    "https://api.openai.com/v1",
    "http://example.com",
    "https://EXAMPLE.com:8443/v1?x=1",
    "https://8.8.8.8/",
    "https://[2606:4700::6810:85e5]/",
    "https://пример.рф/v1",
    "https://xn--e1afmkfd.xn--p1ai/",
    "https://123.example.com/",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_leads_inside_or_is_not_plain_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        OutgoingGuard().check_url(url)


@pytest.mark.parametrize("url", ALLOWED_URLS)
def test_a_public_url_is_allowed(url: str) -> None:
    assert OutgoingGuard().check_url(url).hostname


@pytest.mark.parametrize("url", ["http://127.0.0.1:11434/v1", "http://192.168.1.5/", "http://ollama:11434/v1"])
def test_private_addresses_are_open_to_whom_the_administrator_allows(url: str) -> None:
    assert OutgoingGuard(allow_private=True).check_url(url).hostname


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "http://2852039166/",
        "http://169.254.0.23/",
        "http://[fe80::a9fe:a9fe]/",
        "http://[64:ff9b:1::a9fe:a9fe]/",
        "http://[::ffff:0:a9fe:a9fe]/",
        "http://[::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[::ffff:100.100.100.200]/",
        "http://[::ffff:224.0.0.1]/",
    ],
)
def test_metadata_services_stay_closed_even_then(url: str) -> None:
    with pytest.raises(AddressRefused):
        OutgoingGuard(allow_private=True).check_url(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("9.255.255.255", True),
        ("11.0.0.0", True),
        ("172.32.0.1", True),
        ("100.128.0.1", True),
        ("2a00:1450::1", True),
        ("2002:808:808::", True),
        ("64:ff9b::808:808", True),
        ("4000::1", False),
        ("5f00::1", False),
    ],
)
def test_the_borders_of_the_public_internet(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


class ScriptedResolver(AbstractResolver):
    """Answers one address after the other, as a name does that is bound anew in between."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._answers.pop(0)
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_means_an_inner_address_the_second_time_is_not_connected_to() -> None:
    # given a name that was public when it was looked at
    resolver = GuardedResolver(OutgoingGuard(), ScriptedResolver("93.184.216.34", "127.0.0.1"))
    assert (await resolver.resolve("rebind.example", 80))[0]["host"] == "93.184.216.34"
    # when it is resolved for the connection, then it is refused
    with pytest.raises(ForbiddenAddress):
        await resolver.resolve("rebind.example", 80)


async def test_the_socket_itself_is_refused_when_everything_before_was_deceived() -> None:
    # given a server on this machine, and a guarded session
    reached = asyncio.Event()

    async def inner(_: web.Request) -> web.Response:
        reached.set()
        return web.Response(text="secret")

    app = web.Application()
    app.router.add_get("/", inner)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(connector=OutgoingGuard().connector()) as session:
        # when its literal address is asked for, which no resolver ever sees
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{port}/")
    # then no connection was made
    assert isinstance(caught.value.os_error, ForbiddenAddress)
    assert not reached.is_set()
    async with (
        aiohttp.ClientSession(connector=OutgoingGuard(allow_private=True).connector()) as session,
        session.get(f"http://127.0.0.1:{port}/") as response,
    ):
        assert await response.text() == "secret"
    await runner.cleanup()


async def test_a_redirect_inwards_is_refused_at_the_socket() -> None:
    # given a public page that redirects to this machine; the first hop is allowed by way of a second guard
    app = web.Application()
    runner = web.AppRunner(app)

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:9/inner")

    app.router.add_get("/", redirect)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]

    class OnlyFirstHop(OutgoingGuard):
        def check_connection(self, host: str) -> None:
            if hops:
                super().check_connection(host)
            hops.append(host)

    hops: list[str] = []
    async with aiohttp.ClientSession(connector=OnlyFirstHop().connector()) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://127.0.0.1:{port}/")
    assert len(hops) == 1
    await runner.cleanup()


async def test_resolving_refuses_a_host_when_one_of_its_addresses_is_inside() -> None:
    with pytest.raises(ForbiddenAddress):
        await OutgoingGuard().resolve("localhost", 80)
    assert await OutgoingGuard(allow_private=True).resolve("127.0.0.1", 80) == "127.0.0.1"


def test_a_connection_to_a_name_is_none_to_an_address() -> None:
    with pytest.raises(ForbiddenAddress):
        OutgoingGuard(allow_private=True).check_connection("example.com")


async def test_a_public_address_of_this_machine_is_open_on_the_ports_of_the_web_only() -> None:
    # given a guard to whom this machine's loopback address is as public as its outer one would be
    class Outer(OutgoingGuard):
        def allows(self, address: object) -> bool:
            del address
            return True

    guard = Outer()
    for port in (5432, 8000):
        with pytest.raises(ForbiddenAddress):
            guard.check_own("127.0.0.1", port)
        with pytest.raises(ForbiddenAddress):
            await guard.resolve("127.0.0.1", port)
    for host, port in (("127.0.0.1", 443), ("192.0.2.200", 5432), ("not an address", 5432)):
        guard.check_own(host, port)
    assert await guard.resolve("127.0.0.1", 80) == "127.0.0.1"
    Outer(allow_private=True).check_own("127.0.0.1", 5432)


async def test_a_connection_to_this_machine_is_refused_at_the_socket_too() -> None:
    class Outer(OutgoingGuard):
        def allows(self, address: object) -> bool:
            del address
            return True

    async with aiohttp.ClientSession(connector=Outer().connector()) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("http://127.0.0.1:8000/")
    assert isinstance(caught.value.os_error, ForbiddenAddress)
