"""Models, and users' own access to their providers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Person, Site
from tests.support.model_server import ModelServer

KEY = "sk-test-1234567890abcdef"


async def _provider(person: Person, name: str) -> dict[str, Any]:
    catalogue = (await person.http.get("/my/models/")).json()
    return next(each for each in catalogue["providers"] if each["provider"] == name)


async def test_the_catalogue_has_the_servers_models_and_the_demo(ann: Person) -> None:
    catalogue = (await ann.http.get("/my/models/")).json()

    assert {"openai", "demo"} <= {model["provider"] for model in catalogue["items"]}
    assert catalogue["default"]["provider"] == "openai"
    sources = {each["provider"]: each["source"] for each in catalogue["providers"]}
    assert (sources["openai"], sources["demo"], sources["anthropic"]) == ("server", "builtin", "none")


async def test_an_own_key_is_kept_sealed_and_never_told(site: Site, ann: Person, model_server: ModelServer) -> None:
    put = await ann.http.put("/my/providers/custom/", json={"api_key": KEY, "base_url": model_server.base_url})

    assert put.status_code == 200, put.text
    assert (put.json()["source"], put.json()["key_hint"]) == ("own", "…cdef")
    assert put.json()["base_url"] == model_server.base_url
    assert KEY not in (await ann.http.get("/my/models/")).text
    assert KEY.encode() not in (await site.stores.as_migrator("select sealed_key from provider_keys"))[0]["sealed_key"]


async def test_a_key_that_cannot_be_read_any_more_must_be_entered_again(
    site: Site, ann: Person, model_server: ModelServer
) -> None:
    path, body = "/my/providers/custom/", {"api_key": KEY, "base_url": model_server.base_url}
    await ann.http.put(path, json=body)
    await site.stores.as_migrator("update provider_keys set sealed_key = sealed_key || 'x'::bytea")

    unreadable = await _provider(ann, "custom")
    again = await ann.http.put(path, json=body)

    assert unreadable["source"] == "none"
    assert (again.status_code, again.json()["source"]) == (200, "own")


async def test_parts_can_be_changed_and_taken_away(ann: Person, bob: Person, model_server: ModelServer) -> None:
    path = "/my/providers/custom/"
    await ann.http.put(path, json={"api_key": KEY, "base_url": model_server.base_url})

    kept = (await ann.http.put(path, json={"base_url": model_server.base_url})).json()
    without = (await ann.http.put(path, json={"api_key": None})).json()
    neither = await ann.http.put(path, json={"base_url": None})

    assert kept["key_hint"] == "…cdef"
    assert without["key_hint"] is None
    assert neither.status_code == 422
    assert (await _provider(bob, "custom"))["source"] == "none"
    assert (await ann.http.delete(path)).status_code == 204
    assert (await ann.http.delete(path)).status_code == 404
    assert (await _provider(ann, "custom"))["source"] == "none"


async def test_an_agent_answers_with_its_users_own_server(ann: Person, model_server: ModelServer) -> None:
    await ann.http.put("/my/providers/custom/", json={"api_key": KEY, "base_url": model_server.base_url})
    await ann.agent(model={"provider": "custom", "name": "echo"})

    answer = await ann.say(await ann.chat(), "@coder hi")

    assert answer.json()["content"] == "You said: hi"


async def test_only_an_administrator_may_point_into_the_private_network(bob: Person, model_server: ModelServer) -> None:
    for url in (model_server.base_url, "http://169.254.169.254/", "http://[::ffff:127.0.0.1]:80/", "ftp://example.org"):
        answer = await bob.http.put("/my/providers/custom/", json={"base_url": url})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/address-refused"), url


@pytest.mark.parametrize(
    "body", [{}, {"api_key": ""}, {"api_key": "with space"}, {"api_key": "ключ"}, {"base_url": "not a url"}, {"x": 1}]
)
async def test_what_is_no_access_is_refused(ann: Person, body: dict[str, str]) -> None:
    assert (await ann.http.put("/my/providers/custom/", json=body)).status_code == 422


async def test_a_provider_that_nobody_knows_is_not_found(ann: Person) -> None:
    for answer in (
        await ann.http.put("/my/providers/nobody/", json={"api_key": KEY}),
        await ann.http.delete("/my/providers/nobody/"),
        await ann.http.post("/my/providers/nobody/test/", json={}),
    ):
        assert answer.status_code == 404


async def test_the_demo_takes_no_key(ann: Person) -> None:
    assert (await ann.http.put("/my/providers/demo/", json={"api_key": KEY})).status_code == 422


async def test_a_test_says_whether_it_answers_in_the_users_language(ann: Person) -> None:
    well = (await ann.http.post("/my/providers/openai/test/", json={"model": "echo"})).json()
    ill = (await ann.http.post("/my/providers/openai/test/", json={"model": "status:code=401"})).json()
    missing = (await ann.http.post("/my/providers/anthropic/test/")).json()
    await ann.http.patch("/auth/me", json={"locale": "ru"})
    russian = (await ann.http.post("/my/providers/anthropic/test/")).json()

    assert (well["ok"], well["code"]) == (True, None)
    assert well["models"] > 0
    assert (ill["ok"], ill["code"]) == (False, "model_key_refused")
    assert (missing["ok"], missing["code"]) == (False, "model_key_missing")
    assert russian["detail"] != missing["detail"]
