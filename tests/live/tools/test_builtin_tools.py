"""The installation's own tools in a whole turn: an agent calls them, its user is asked where that is due, and the
answer goes back to the model."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from artel.app.gateway import gateway_for
from tests.support.api import Person, Site
from tests.support.house import OpenHouse
from tests.support.pages import Web
from tests.support.stores import Stores
from tests.support.tool_people import answered, ask, asked_about, calls, chosen, yes
from tests.support.tool_scripts import calling

POLICIES = {"calculator": "allow", "python": "allow", "web_search": "ask", "web_fetch": "ask"}


@pytest.fixture
async def open_site(stores: Stores, open_house_over: OpenHouse, pages: Web) -> AsyncGenerator[Site]:
    """An installation whose tools may read this machine, with a search engine of its own."""
    own = {"ARTEL_SEARXNG_URL": f"http://127.0.0.1:{pages.port}/searx/", "ARTEL_TOOLS_PRIVATE_ADDRESSES": "true"}
    async with open_house_over(stores, **own) as house, AsyncExitStack() as stack:
        yield Site(gateway_for(house), house, stores, stack)


@pytest.fixture
async def ada(open_site: Site) -> Person:
    """An ordinary user, whose coder has all of them."""
    ada = await open_site.person()
    await ada.agent("Coder", tools=chosen(*POLICIES))
    return ada


def result_of(answer: dict[str, Any]) -> Any:
    [call] = answer["tool_calls"]
    return call["result"]


async def test_they_are_in_the_catalogue_with_their_policies(ada: Person) -> None:
    catalogue = {tool["tool_id"]: tool for tool in (await ada.http.get("/my/tools/")).json()["items"]}

    assert {name: catalogue[name]["policy"] for name in POLICIES} == POLICIES
    assert {catalogue[name]["kind"] for name in POLICIES} == {"builtin"}
    assert all(len(catalogue[name]["description"]) < 900 for name in POLICIES)
    assert catalogue["python"]["arguments_schema"]["required"] == ["code"]


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "result"),
    [
        ("calculator", {"expression": "0.1 + 0.2"}, "ok", {"result": "0.3", "exact": True}),
        ("calculator", {"expression": "9**9**9"}, "failed", {"error": "The result has more than 3000 digits."}),
        ("python", {"code": "print('hi')\n2 ** 10"}, "ok", {"printed": "hi\n", "value": "1024"}),
    ],
)
async def test_what_harms_nobody_runs_unasked(
    ada: Person, tool: str, arguments: dict[str, Any], status: str, result: dict[str, Any]
) -> None:
    _, run_id = await ask(ada, calling([(tool, arguments)]))
    answer = await answered(ada, run_id)

    assert calls(answer) == [(tool, status)]
    assert result_of(answer) == result
    assert answer["status"] == "complete"


async def test_a_page_is_fetched_when_its_user_says_so(ada: Person, pages: Web) -> None:
    pages.page("/page", "<title>Дом</title><p>У реки.</p>", "text/html; charset=utf-8")
    url = f"http://127.0.0.1:{pages.port}/page"
    run_id, approval = await asked_about(ada, calling([("web_fetch", {"url": url})]))
    assert pages.asked == []
    assert approval["tool"]["arguments"] == {"url": url}

    assert (await yes(ada, approval)).status_code == 200

    result = result_of(await answered(ada, run_id))
    assert (result["url"], result["title"], result["text"]) == (url, "Дом", "У реки.")


async def test_the_search_engine_of_the_installation_is_asked(ada: Person, pages: Web) -> None:
    found = {"results": [{"title": "Дом", "url": "https://example.org/", "content": "У реки"}]}
    pages.page("/searx/search", json.dumps(found), "application/json")
    run_id, approval = await asked_about(ada, calling([("web_search", {"query": "дом у реки"})]))

    await yes(ada, approval)

    expected = [{"title": "Дом", "url": "https://example.org/", "snippet": "У реки"}]
    assert result_of(await answered(ada, run_id)) == expected


async def test_private_addresses_are_closed_to_everyone_unless_the_installation_opens_them(
    site: Site, ann: Person, pages: Web
) -> None:
    # given an administrator, in an installation without that setting
    pages.page("/secret", "the router's password", "text/plain")
    await ann.agent("Coder", tools=chosen(web_fetch="allow"))

    _, run_id = await ask(ann, calling([("web_fetch", {"url": f"http://127.0.0.1:{pages.port}/secret"})]))

    answer = await answered(ann, run_id)
    assert calls(answer) == [("web_fetch", "failed")]
    assert "refused" in result_of(answer)["error"]
    assert pages.asked == []
    assert site.house.settings.tools_private_addresses is False
