"""What a page or a model may try to make `web_fetch` reach: nothing inside is connected to, by whatever way."""

from __future__ import annotations

import pytest
from aiohttp import web

from artel.kit.guard import OutgoingGuard
from artel.tools.builtin.web.fetch import FetchArguments, PageReader
from artel.tools.builtin.web.fetching import Fetcher
from artel.tools.tool import ToolFailure
from tests.support.callers import caller
from tests.support.pages import INSIDE, OUTSIDE, Web

SECRET = "the router's password"

INNER = [
    "http://{inside}:{port}/secret",
    "http://inner.example:{port}/secret",
    "http://2130706434:{port}/secret",
    "http://0x7f000002:{port}/secret",
    "http://0177.0.0.2:{port}/secret",
    "http://127.2:{port}/secret",
    "http://0x7f.2:{port}/secret",
    "http://[::ffff:127.0.0.2]:{port}/secret",
    "http://[::ffff:7f00:2]:{port}/secret",
    "http://[::127.0.0.2]:{port}/secret",
    "http://[64:ff9b::7f00:2]:{port}/secret",
    "http://[2002:7f00:2::]:{port}/secret",
    "http://[::1]:{port}/secret",
    "http://[::]:{port}/secret",
    "http://0:{port}/secret",
    "http://0.0.0.0:{port}/secret",
    "http://localhost:{port}/secret",
    "http://localhost.:{port}/secret",
    "http://x.localhost:{port}/secret",
    "http://127。0。0。2:{port}/secret",
    "http://１２７.0.0.2:{port}/secret",
    "http://127.0.0.2.:{port}/secret",
    "http://page.example@127.0.0.2:{port}/secret",
    "http://page.example:{port}@127.0.0.2:{port}/secret",
    "http://127.0.0.2:{port}\\@page.example/secret",
    "http://127.0.0.2:{port}#@page.example/secret",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "file:///etc/passwd",
    "gopher://127.0.0.2:{port}/_GET%20/secret",
    "ftp://127.0.0.2/secret",
    "data:text/html,secret",
    "javascript:alert(1)",
    "//127.0.0.2:{port}/secret",
    "http://page.example:22/",
    "http://page.example:6379/",
]


@pytest.fixture
def reader(fetcher: Fetcher, pages: Web) -> PageReader:
    pages.page("/secret", SECRET, "text/plain")
    return PageReader(fetcher)


def written(url: str, pages: Web) -> str:
    return url.format(inside=INSIDE, port=pages.port)


async def refused(reader: PageReader, url: str) -> str:
    with pytest.raises(ToolFailure) as caught:
        await reader.read(caller(), FetchArguments(url=url))
    return str(caught.value)


@pytest.mark.parametrize("url", INNER)
async def test_an_inner_address_is_refused_with_a_reason(reader: PageReader, pages: Web, url: str) -> None:
    assert "refused" in await refused(reader, written(url, pages))
    assert pages.asked == []


@pytest.mark.parametrize("url", INNER)
async def test_and_so_it_is_as_the_target_of_a_redirect(reader: PageReader, pages: Web, url: str) -> None:
    start = pages.redirect("/start", written(url, pages))

    assert "refused" in await refused(reader, start)
    assert [request.path for request in pages.asked] == ["/start"]


@pytest.mark.parametrize("target", ["\\\\127.0.0.2:{port}\\secret", "/\\127.0.0.2:{port}/secret", "\\secret"])
async def test_a_backslash_leads_nowhere_else(reader: PageReader, pages: Web, target: str) -> None:
    # as the beginning it is refused; as the target of a redirect it is a path of the same server, and none it has
    assert "refused" in await refused(reader, written(target, pages))
    assert "404" in await refused(reader, pages.redirect("/start", written(target, pages)))
    assert {request.host for request in pages.asked} == {f"page.example:{pages.port}"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_by_any_kind_of_redirect_and_late_in_a_chain(reader: PageReader, pages: Web, status: int) -> None:
    start = pages.redirect("/1", "/2", status)
    pages.redirect("/2", f"http://other.example:{pages.port}/3", status)
    pages.redirect("/3", f"http://inner.example:{pages.port}/secret", status)

    assert "refused" in await refused(reader, start)
    assert [request.path for request in pages.asked] == ["/1", "/2", "/3"]


async def test_a_name_that_is_bound_anew_between_two_looks(reader: PageReader, pages: Web) -> None:
    # given a name that is public for the first connection and inside for the next
    pages.names.table["rebind.example"] = [OUTSIDE, INSIDE]
    pages.handlers["/again"] = pages.handlers["/secret"]
    pages.redirect("/start", f"http://rebind.example:{pages.port}/secret")

    assert "refused" in await refused(reader, f"http://rebind.example:{pages.port}/start")
    assert [request.path for request in pages.asked] == ["/start"]
    assert pages.names.asked == ["rebind.example", "rebind.example"]  # no answer is kept from before


@pytest.mark.parametrize("inner", [INSIDE, "10.0.0.1", "::1", "fe80::1", "::ffff:127.0.0.2", "169.254.169.254"])
async def test_a_name_of_which_one_address_is_inside(reader: PageReader, pages: Web, inner: str) -> None:
    pages.names.table["mixed.example"] = [f"{OUTSIDE} {inner}"] if ":" not in inner else [inner]

    assert "refused" in await refused(reader, f"http://mixed.example:{pages.port}/secret")
    assert pages.asked == []


async def test_no_header_can_be_smuggled_in(reader: PageReader, pages: Web) -> None:
    for url in (f"{pages.base}/a\r\nX-Evil: 1", f"{pages.base}/a\nX-Evil: 1", f"{pages.base}/a HTTP/1.1\r\n\r\nGET /x"):
        assert "refused" in await refused(reader, url)
    assert pages.asked == []

    await refused(reader, f"{pages.base}/a%0d%0aX-Evil:%201")  # there is no such page; it stays one path
    [request] = pages.asked
    assert "X-Evil" not in request.headers


async def test_nothing_of_ours_goes_along(reader: PageReader, pages: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.9:1")  # neither is a proxy asked, which the guard would not see

    async def sets_cookie(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(text="hello", headers={"Set-Cookie": "id=1; Path=/"})

    url = pages.handle("/cookie", sets_cookie)
    await reader.read(caller(), FetchArguments(url=url))
    await reader.read(caller(), FetchArguments(url=f"{pages.base}/secret"))

    for request in pages.asked:
        assert not {"Cookie", "Authorization", "Referer", "X-Forwarded-For"} & set(request.headers)


async def test_the_true_guard_would_let_none_of_this_begin(pages: Web) -> None:
    strict, allowing = Fetcher(OutgoingGuard()), Fetcher(OutgoingGuard(allow_private=True))
    pages.page("/secret", SECRET, "text/plain")
    url = f"http://{OUTSIDE}:{pages.port}/secret"

    assert "refused" in await refused(PageReader(strict), url)
    found = await PageReader(allowing).read(caller(), FetchArguments(url=url))

    assert found.value["text"] == SECRET
    assert "refused" in await refused(PageReader(allowing), "http://169.254.169.254/")
    await strict.aclose()
    await allowing.aclose()
