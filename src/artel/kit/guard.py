"""The one guard for outgoing addresses that a user, a model or a page has chosen (server-side request forgery).

An address is looked at twice: as it is written (`check_url`), which gives a clear refusal early, and as it is
connected to (`GuardedResolver` and `guarded_socket`), which is what counts: whatever a name resolved to a moment ago,
or a redirect points to, the socket itself is refused.

Sources: IANA's special-purpose address registries (RFC 6890), RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380
(Teredo), and the metadata addresses of the large clouds.
"""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from artel.kit.errors import Invalid

_SCHEMES: Final = frozenset({"http", "https"})
_LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".lan", ".intranet")
_METADATA_HOSTS: Final = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_METADATA_ADDRESSES: Final = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200",
                 "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254")
)  # fmt: skip
_NUMERIC_HOST: Final = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f\\]")

_CLOSED_V4: Final[tuple[IPv4Network, ...]] = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_OPEN_V6: Final = IPv6Network("2000::/3")
"""The only part of IPv6 given out for public use; what is closed inside it follows."""
_CLOSED_V6: Final[tuple[IPv6Network, ...]] = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20")
)
_NAT64: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_TRANSLATED: Final = ip_network("::ffff:0:0:0/96")
_LINK_LOCAL: Final = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"))
"""Metadata services of the smaller clouds are here too, and nothing that anyone would point Artel to."""
_WEB_PORTS: Final = frozenset({80, 443})
_OTHER_PORTS: Final = frozenset(
    (1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
     111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
     540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
     6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211)
)  # fmt: skip
"""Ports of other protocols, which may take an HTTP request for one of their own: the list of the Fetch standard, Redis
and memcached."""
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")


class AddressRefused(Invalid):
    """This address is not allowed: it leads to this machine or a private network, or is not a plain web address."""

    slug = "address-refused"


class AddressUnreadable(AddressRefused):
    """The address cannot be read."""


class ForbiddenAddress(OSError):
    """A connection was about to be made to an address that is not allowed."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address belongs to the public internet, also when an IPv4 address hides inside an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address not in _METADATA_ADDRESSES and not any(address in network for network in _CLOSED_V4)
    if address in _SIX_TO_FOUR:
        return is_public(IPv4Address((int(address) >> 80) & 0xFFFF_FFFF))
    if address in _NAT64[0]:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    # IPv4-mapped (::ffff:0:0/96) and IPv4-compatible (::/96) addresses lie outside 2000::/3, as do loopback,
    # link-local, unique local, multicast and the local NAT64 prefix.
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


@dataclass(frozen=True, slots=True)
class OutgoingGuard:
    """Decides where a connection may go. allow_private: also to this machine and private networks, which only the
    administrator may decide; metadata services stay closed even then."""

    allow_private: bool = False

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether one may connect to this address."""
        if not self.allow_private:
            return is_public(address)
        inner = _unwrapped(address)
        closed = inner in _METADATA_ADDRESSES or any(inner in network for network in _LINK_LOCAL)
        return not closed and not inner.is_multicast

    def check_url(self, url: str) -> SplitResult:
        """Looks at a URL as it is written, without resolving names.

        Raises:
            AddressRefused: another scheme than http(s), a user name in it, no host, a number in disguise, or a host
                that is known to be local.
        """
        if _CONTROL.search(url):
            raise AddressRefused("The address contains spaces or control characters.", reason="address-with-spaces")
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
            port = parts.port
        except ValueError as error:
            raise AddressUnreadable from error
        if parts.scheme not in _SCHEMES:
            raise AddressRefused("The address must begin with http:// or https://.", reason="address-scheme")
        if not host or port == 0:
            raise AddressRefused(
                "The address has no host, or a port that cannot be used.", reason="address-without-host"
            )
        if port in _OTHER_PORTS and not self.allow_private:
            raise AddressRefused("This port belongs to another protocol than the web's.", reason="address-port")
        if "@" in parts.netloc:
            raise AddressRefused(
                "The address must not contain a user name or password.", reason="address-with-password"
            )
        self._check_host(host)
        return parts

    def _check_host(self, host: str) -> None:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            self._check_name(host)
        else:
            if not self.allows(address) or "%" in host:
                raise AddressRefused

    def _check_name(self, host: str) -> None:
        try:
            # Other signs than the dot become one here, so that one may stand at the end again.
            plain = (host if host.isascii() else host.encode("idna").decode()).lower().rstrip(".")
        except UnicodeError as error:
            raise AddressUnreadable from error
        if _NUMERIC_HOST.fullmatch(plain):
            # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to the system's resolver; so is what IDNA makes digits of.
            raise AddressRefused("Write the address of the server in its usual form.", reason="address-disguised")
        local = plain == "localhost" or plain.endswith(_LOCAL_SUFFIXES) or "." not in plain
        if plain in _METADATA_HOSTS or (local and not self.allow_private):
            raise AddressRefused

    def check_connection(self, host: str) -> None:
        """Looks at the numeric address of a connection about to be made.

        Raises:
            ForbiddenAddress: it is not allowed, or is not numeric.
        """
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError as error:
            raise ForbiddenAddress("not a numeric address") from error
        if not self.allows(address):
            raise ForbiddenAddress("this address is not allowed")

    def check_own(self, host: str, port: int) -> None:
        """Looks whether a connection about to be made to a public address would stay on this machine: what listens
        here may be closed to the outside by a firewall in front, which the connection would not pass.

        Raises:
            ForbiddenAddress: it would, and goes to no port of the web.
        """
        if not self.allow_private and port not in _WEB_PORTS and _is_own(host):
            raise ForbiddenAddress("this address is the machine's own")

    async def resolve(self, host: str, port: int) -> str:
        """One allowed address of a host, to connect to; every address it has must be allowed.

        Raises:
            ForbiddenAddress: one of them is not.
            OSError: the name cannot be resolved.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        addresses = [str(info[4][0]) for info in found]
        for address in addresses:
            self.check_connection(address)
            self.check_own(address, port)
        if not addresses:
            raise OSError("the name has no address")
        return addresses[0]

    def connector(self, resolver: AbstractResolver | None = None, **options: Any) -> aiohttp.TCPConnector:
        """An aiohttp connector that connects only where this guard allows; `options` are those of TCPConnector."""
        return aiohttp.TCPConnector(
            resolver=GuardedResolver(self, resolver), socket_factory=self._guarded_socket, **options
        )

    def _guarded_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """aiohttp asks for the socket of each connection here, with the numeric address it goes to: names, literal
        addresses and redirects all pass."""
        family, kind, protocol, _, address = info
        self.check_connection(str(address[0]))
        self.check_own(str(address[0]), int(address[1]))
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """Resolves names, and refuses a name when any of its addresses is not allowed."""

    def __init__(self, guard: OutgoingGuard, inner: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await self._inner.resolve(host, port, family)
        for result in results:
            self._guard.check_connection(result["host"])
        return results

    async def close(self) -> None:
        await self._inner.close()


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, if there is one."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    if address in _SIX_TO_FOUR:
        return IPv4Address((number >> 80) & 0xFFFF_FFFF)
    if address in _NAT64[0] or address in _NAT64[1] or address in _TRANSLATED or number < 1 << 32:
        return IPv4Address(number & 0xFFFF_FFFF)
    return address


def _is_own(host: str) -> bool:
    """Whether the address is one of this machine's: then the kernel answers it as the sender's, too. Sends nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.connect((host, 9))
            return ip_address(str(probe.getsockname()[0]).partition("%")[0]) == ip_address(host.partition("%")[0])
    except OSError:  # there is no way there
        return False
