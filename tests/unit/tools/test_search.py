"""`web_search`: results of one's own SearXNG or of the public engines, which no test here asks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from ddgs.exceptions import DDGSException

from artel.kit.guard import OutgoingGuard
from artel.tools.builtin.web import searching
from artel.tools.builtin.web.engines import LIMITS, MAX_SNIPPET, MAX_TITLE, Hit, PublicEngines, Searx, hits
from artel.tools.builtin.web.fetching import Fetcher
from artel.tools.builtin.web.search import SearchArguments, web_search
from artel.tools.tool import BadArguments, ToolFailure
from tests.support.callers import caller
from tests.support.pages import Web

NOWHERE = {"DDGS_PROXY": "http://127.0.0.1:1"}
"""A proxy that is not there: what would leave this machine fails at once."""


@pytest.fixture
async def searx(pages: Web) -> AsyncGenerator[Searx]:
    """On this machine, as administrators have it."""
    fetcher = Fetcher(OutgoingGuard(allow_private=True))
    yield Searx(f"http://127.0.0.1:{pages.port}", fetcher)
    await fetcher.aclose()


async def search(searx: Searx, query: str, locale: str = "en") -> Any:
    tool = web_search(searx)
    assert tool.run is not None
    return (await tool.run(caller(locale), SearchArguments(query=query))).value


def results(*rows: dict[str, Any]) -> str:
    return json.dumps({"query": "q", "results": rows})


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"title": f"Page {number}", "url": f"https://example.org/{number}", "content": f"About {number}"} | more


async def test_searxng_is_asked_for_json_in_the_users_language(searx: Searx, pages: Web) -> None:
    pages.page("/search", results(row(1), row(2, title="A\n  b", content=None)), "application/json")

    assert await search(searx, " дом  у реки ", "ru-RU") == [
        {"title": "Page 1", "url": "https://example.org/1", "snippet": "About 1"},
        {"title": "A b", "url": "https://example.org/2", "snippet": ""},
    ]
    [request] = pages.asked
    assert dict(request.query) == {"q": "дом у реки", "format": "json", "language": "ru"}


async def test_only_so_many_results_are_answered(searx: Searx, pages: Web) -> None:
    pages.page("/search", results(*(row(number) for number in range(50))), "application/json")

    assert len(await searx.search("q", 8, "en")) == 8


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("<html>no</html>", 200, "unreadable"),
        ("[" * 100_000, 200, "unreadable"),
        ('{"answers": []}', 200, "unreadable"),
        ("[]", 200, "unreadable"),
        ("", 403, "allow the format json"),
        ("", 429, "429 Too Many Requests"),
        ("", 500, "500 Internal Server Error"),
    ],
)
async def test_a_search_engine_out_of_order_is_told(
    searx: Searx, pages: Web, body: str, status: int, reason: str
) -> None:
    pages.page("/search", body, "application/json", status)

    with pytest.raises(ToolFailure, match=reason):
        await searx.search("q", 8, "en")


async def test_a_search_engine_that_is_away_is_told(pages: Web) -> None:
    fetcher = Fetcher(OutgoingGuard(allow_private=True))
    with pytest.raises(ToolFailure, match="cannot be reached"):
        await Searx("http://127.0.0.1:1", fetcher).search("q", 8, "en")
    await fetcher.aclose()


async def test_its_redirects_lead_to_no_metadata_service(searx: Searx, pages: Web) -> None:
    pages.redirect("/search", "http://169.254.169.254/latest/meta-data/")

    with pytest.raises(ToolFailure, match="refused"):
        await searx.search("q", 8, "en")


async def test_results_that_are_no_list_are_none(searx: Searx, pages: Web) -> None:
    pages.page("/search", '{"results": {}}', "application/json")

    assert await search(searx, "q") == {"results": [], "note": "Nothing was found. Try other words."}


def test_what_is_no_page_is_left_out() -> None:
    found = [
        None, "x", {}, {"url": None}, {"url": "javascript:alert(1)"}, {"url": "http://"}, {"url": "http://[bad/"},
        {"url": "https://example.org/" + "x" * 2000}, row(1), row(1), row(2, title="t" * 999, content="s" * 999),
        row(3),
    ]  # fmt: skip

    assert hits(found, 2, "content") == [
        Hit("Page 1", "https://example.org/1", "About 1"),
        Hit("t" * MAX_TITLE, "https://example.org/2", "s" * MAX_SNIPPET),
    ]


async def test_without_a_network_the_public_engines_are_away_and_that_is_said() -> None:
    with pytest.raises(ToolFailure, match="No search engine can be reached"):
        await PublicEngines(NOWHERE).search("q", 8, "ru")


async def test_public_engines_that_take_too_long_are_left() -> None:
    with pytest.raises(ToolFailure, match="No search engine can be reached"):
        await PublicEngines(NOWHERE, replace(LIMITS, seconds=0.01)).search("q", 8, "en")


def _asked(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[str, dict[str, Any]]]:
    asked: list[tuple[str, dict[str, Any]]] = []

    def text(_self: object, query: str, **wanted: Any) -> Any:
        asked.append((query, wanted))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(searching.DDGS, "text", text)
    return asked


def test_the_program_hands_on_what_the_engines_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _asked(monkeypatch, [{"title": "A", "href": "https://a.org/", "body": "b", "more": 1}, {}])

    answer = json.loads(searching.run(json.dumps({"query": "q", "most": 5, "region": "ru-ru"}).encode()))

    assert answer["hits"][0] == {"title": "A", "url": "https://a.org/", "snippet": "b"}
    assert asked == [("q", {"region": "ru-ru", "max_results": 5})]
    assert searching.prepare() == ()


@pytest.mark.parametrize(("problem", "told"), [("No results found.", "none"), ("timed out", "away")])
def test_the_program_tells_nothing_found_from_nobody_there(
    monkeypatch: pytest.MonkeyPatch, problem: str, told: str
) -> None:
    _asked(monkeypatch, DDGSException(problem))

    assert json.loads(searching.run(b'{"query": "q", "most": 5, "region": "us-en"}')) == {"error": told}


async def test_an_empty_query_is_not_asked(searx: Searx, pages: Web) -> None:
    with pytest.raises(ToolFailure, match="empty"):
        await search(searx, "  \n ")
    assert pages.asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"query": ""},
        {"query": "q" * 401},
        {"query": "q", "max_results": 0},
        {"query": "q", "max_results": 21},
        {"q": "q"},
    ],
)
def test_wrong_arguments_are_refused(searx: Searx, arguments: dict[str, Any]) -> None:
    tool = web_search(searx)

    assert (tool.tool_id, tool.policy) == ("web_search", "ask")
    with pytest.raises(BadArguments):
        tool.check(arguments)
