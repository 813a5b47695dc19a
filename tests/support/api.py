"""The whole application over real stores, and people who use it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from artel.app.gateway import gateway_for
from artel.app.house import House
from artel.gateway.cookies import SESSION_COOKIE
from tests.support.house import OpenHouse, house_over
from tests.support.model_server import ModelServer
from tests.support.stores import Stores

PASSWORD = "correct horse battery"
SITE = "http://artel.test"

AGENT: dict[str, Any] = {"name": "Coder", "model": {"provider": "openai", "name": "echo"}}
"""The least that makes an agent; the scripted model `echo` answers with what it is asked."""


@dataclass(frozen=True)
class Person:
    """Somebody with a browser."""

    id: int
    email: str
    http: httpx.AsyncClient

    async def agent(self, name: str = "Coder", **more: Any) -> str:
        """Makes an agent; answers its id."""
        answer = await self.http.post("/my/agents/", json={**AGENT, "name": name, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["agent_id"]

    async def chat(self, title: str = "") -> int:
        """Begins a chat; answers its id."""
        answer = await self.http.post("/my/chat/sessions/", json={"title": title})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def say(self, chat: int, content: str, **more: Any) -> httpx.Response:
        """Sends a message and waits for the answer."""
        return await self.http.post(f"/my/chat/{chat}/message/", params={"wait": 20}, json={"content": content, **more})


class Site:
    """One process's application, and everyone who came by."""

    def __init__(self, app: ASGIApp, house: House, stores: Stores, stack: AsyncExitStack) -> None:
        self.app = app
        self.house = house
        self.stores = stores
        self._stack = stack
        self._people = 0
        self._denied_before = house.metrics.user_isolation_denied.value

    @property
    def denied(self) -> int:
        """Recognised attempts on somebody else's data in this test."""
        return self.house.metrics.user_isolation_denied.value - self._denied_before

    def end_streams(self) -> None:
        """Ends every event stream, as a server does that is about to stop; the house goes on."""
        self.house.hub.close(lambda _: True)

    async def visitor(self) -> httpx.AsyncClient:
        """Somebody nobody knows."""
        transport = httpx.ASGITransport(self.app)
        return await self._stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=SITE))

    async def person(self, email: str | None = None, *, role: str = "user", shard: str | None = None) -> Person:
        """Somebody who is signed in (without the cost of a password: nobody knows it)."""
        self._people += 1
        email = email or f"person{self._people}@example.org"
        user_id = await self.stores.new_user(email, role=role, shard=shard)
        person = Person(user_id, email, await self.visitor())
        await self.sign_in_again(person, person.http)
        return person

    async def sign_in_again(self, person: Person, http: httpx.AsyncClient) -> None:
        """Gives another browser a sign-in of the same person."""
        token = await self.house.sign_ins.open(person.id, "test browser")
        http.cookies.set(SESSION_COOKIE, token, domain="artel.test")

    async def registered(self, email: str = "ada@example.org", password: str = PASSWORD) -> Person:
        """Somebody who came through the front door."""
        http = await self.visitor()
        answer = await http.post("/auth/register", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        return Person(answer.json()["id"], email, http)


@pytest.fixture(scope="module")
async def lasting_house(_one_shard: Stores, running_model_server: ModelServer) -> AsyncGenerator[House]:
    """One house for all tests of a module: to open one takes longer than most of them."""
    async with house_over(_one_shard, running_model_server) as house:
        yield house


@pytest.fixture
async def site(lasting_house: House, _one_shard: Stores, violations: list[str]) -> AsyncGenerator[Site]:
    """The application over one empty shard; anybody may register."""
    async with AsyncExitStack() as stack:
        yield Site(gateway_for(lasting_house), lasting_house, _one_shard, stack)
    unfinished = "select user_id, id from runs where status in ('queued', 'running', 'waiting')"
    for run in await _one_shard.as_migrator(unfinished):
        await lasting_house.bus.cancel_run(run["user_id"], run["id"])
    await _one_shard.remove_users()
    assert lasting_house.metrics.user_isolation_violations.value == 0


@pytest.fixture
async def site_of_two_shards(two_shards: Stores, open_house_over: OpenHouse) -> AsyncGenerator[Site]:
    """The application over two empty shards."""
    async with open_house_over(two_shards) as house, AsyncExitStack() as stack:
        yield Site(gateway_for(house), house, two_shards, stack)


@pytest.fixture
async def ann(site: Site) -> Person:
    """An administrator."""
    return await site.person("ann@example.org", role="admin")


@pytest.fixture
async def bob(ann: Person, site: Site) -> Person:
    """An ordinary user."""
    return await site.person("bob@example.org")
