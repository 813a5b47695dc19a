"""A process that was told to stop: what is under way is answered, what comes is left to the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest

from artel.app.gateway import gateway_for
from artel.app.house import House
from tests.support.api import Person, Site
from tests.support.house import OpenHouse
from tests.support.model_scripts import numbered_text
from tests.support.model_server import ModelServer
from tests.support.stores import Stores


@dataclass(frozen=True)
class Pair:
    """A process that leaves, one that stays, and somebody who talks to the first."""

    leaving: House
    staying: House
    ann: Person
    chat: int

    async def say(self, content: str, wait: float = 0) -> httpx.Response:
        return await self.ann.http.post(
            f"/my/chat/{self.chat}/message/", params={"wait": wait}, json={"content": content}
        )

    async def until(self, run_id: str, status: str) -> None:
        async with asyncio.timeout(20):
            while (await self.ann.http.get(f"/my/runs/{run_id}/")).json()["status"] != status:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def contents(self) -> list[str]:
        page = (await self.ann.http.get(f"/my/chat/{self.chat}/")).json()
        return [each["content"] for each in page["items"] if each["role"] == "assistant"]


@pytest.fixture
async def pair(request: pytest.FixtureRequest, stores: Stores, open_house_over: OpenHouse) -> AsyncGenerator[Pair]:
    """Its parameter: how many seconds it may drain."""
    async with (
        open_house_over(stores) as staying,
        open_house_over(stores, ARTEL_DRAIN_SECONDS=request.param) as leaving,
        AsyncExitStack() as stack,
    ):
        ann = await Site(gateway_for(leaving), leaving, stores, stack).person("ann@example.org")
        await ann.agent("Coder", concurrency_limit=3)
        yield Pair(leaving, staying, ann, await ann.chat())


@pytest.mark.parametrize("pair", ["20"], indirect=True)
async def test_what_is_under_way_is_answered_and_the_rest_left_to_others(pair: Pair, model_server: ModelServer) -> None:
    # given somebody who waits for an answer, and somebody who listens
    waited = asyncio.create_task(pair.say("@coder [[answer tokens=8 first_ms=300 delay_ms=50]]", wait=20))
    await model_server.wait_until("open", 1)
    listening = asyncio.create_task(pair.ann.http.get("/my/events/"))
    async with asyncio.timeout(5):
        while not len(pair.leaving.hub):  # noqa: ASYNC110  # a subscription tells nobody
            await asyncio.sleep(0.01)

    # when the process drains, and is asked for more
    drained = asyncio.create_task(pair.leaving.draining.drain())
    stream = await listening
    ready = await pair.ann.http.get("/readyz")
    too_late = await pair.ann.http.get("/my/events/", headers={"Last-Event-ID": "7"})
    late = await pair.say("@coder late")

    # then it says that it leaves, streams end in good order, and each message is answered
    assert (ready.status_code, ready.json()["status"], ready.headers["retry-after"]) == (503, "draining", "2")
    assert ready.headers["connection"] == "close"
    assert stream.status_code == 200
    assert (too_late.status_code, too_late.text) == (200, "retry: 2000\n\n")
    await pair.until(late.json()["run_id"], "completed")
    answer = await waited
    assert (answer.status_code, answer.json()["content"]) == (200, numbered_text(8))
    await drained
    assert await pair.contents() == [numbered_text(8), "You said: late"]
    assert model_server.log.calls == 2


@pytest.mark.parametrize("pair", ["0.3"], indirect=True)
async def test_what_takes_too_long_is_handed_over(pair: Pair, model_server: ModelServer) -> None:
    waited = asyncio.create_task(pair.say("@coder [[answer tokens=60 first_ms=100 delay_ms=50]]", wait=60))
    await model_server.wait_until("open", 1)

    await pair.leaving.draining.drain()

    answer = await asyncio.wait_for(waited, 5)
    assert answer.status_code == 202, "the wait is over before the answer is"
    await pair.until(answer.json()["run_id"], "completed")
    assert await pair.contents() == [numbered_text(60)]
    assert [held.id for held in pair.leaving.bus.worker.held.values()] == []


@pytest.mark.parametrize("pair", ["20"], indirect=True)
async def test_who_is_in_a_hurry_hands_over_at_once(pair: Pair, model_server: ModelServer) -> None:
    sent = await pair.say("@coder [[answer tokens=30 first_ms=100 delay_ms=50]]")
    await model_server.wait_until("open", 1)

    async with asyncio.timeout(10):
        await pair.leaving.draining.drain(lambda: True)

    await pair.until(sent.json()["run_id"], "completed")
    assert await pair.contents() == [numbered_text(30)]
