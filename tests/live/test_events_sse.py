"""The event stream over a real uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from artel.events.log import LogLimits
from artel.events.pulse import Pulse
from artel.events.subscription import BufferLimits, Subscription
from artel.events.types import Failure, RunFailed
from artel.gateway.sse import EventStreamResponse
from tests.support.events import EventRoom, NewRoom, step
from tests.support.live_http import StreamClient, live_server, open_stream

USER = 7


@dataclass
class Site:
    """A process that serves the event stream, and what it has handed to its streams."""

    room: EventRoom
    port: int
    subscriptions: list[Subscription]

    def stream(
        self, query: str = "", headers: dict[str, str] | None = None, receive_buffer: int | None = None
    ) -> AbstractAsyncContextManager[StreamClient]:
        return open_stream(self.port, f"/events?{query}", headers, receive_buffer)

    async def numbers(self, client: StreamClient, count: int) -> list[int]:
        return [event["completed"] for event in await client.events(count)]


@asynccontextmanager
async def site_of(room: EventRoom, beat_s: float = 3_600.0) -> AsyncGenerator[Site]:
    pulse = Pulse(period_s=beat_s, slots=4)
    subscriptions: list[Subscription] = []

    async def events(request: Request) -> Response:
        session = request.query_params.get("session_id")
        subscription = await room.hub.subscribe(
            USER,
            session_id=int(session) if session else None,
            last_event_id=request.headers.get("last-event-id"),
            principal=request.query_params.get("principal"),
        )
        subscriptions.append(subscription)
        return EventStreamResponse(subscription, pulse)

    pulse.start()
    app = Starlette(routes=[Route("/events", events)])
    async with live_server(app, before_shutdown=room.hub.shut) as port:
        yield Site(room, port, subscriptions)
    await pulse.aclose()


@pytest.fixture
async def site(room: EventRoom) -> AsyncGenerator[Site]:
    async with site_of(room) as running:
        yield running


def large(number: int) -> RunFailed:
    """An event that fills sockets."""
    return RunFailed(run_id=uuid4(), error=Failure(code=str(number), detail="x" * 50_000))


async def until(done: Callable[[], bool], turn: Callable[[], Awaitable[object]]) -> None:
    """Takes turns until something shows; fails when it does not."""
    async with asyncio.timeout(20):
        while not done():
            await turn()


async def test_the_headers_keep_every_proxy_and_cache_out_of_the_way(site: Site):
    async with site.stream() as client:
        assert client.status == 200
        assert client.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert client.headers["cache-control"] == "no-store, no-transform"
        assert client.headers["x-accel-buffering"] == "no"
        assert "content-length" not in client.headers


async def test_it_begins_with_the_retry_time_and_its_position(site: Site):
    await site.room.say(USER, step(1))
    async with site.stream() as client:
        assert await client.block() == ["retry: 2000", f"id: {await site.room.log.last_id(USER)}"]


async def test_events_come_in_order_as_plain_messages(site: Site):
    async with site.stream() as client:
        await client.block()
        await site.room.say(USER, *map(step, range(200)))
        events = await client.events(200)
        assert [event["completed"] for event in events] == list(range(200))
        assert all(event["type"] == "tasks_progress" and event["ts"] for event in events)


async def test_events_that_wait_together_go_out_in_one_chunk(site: Site):
    async with site.stream() as client:
        await client.block()
        for number in range(50):
            site.room.outbox.emit(USER, step(number))
        await client.events(50)
        assert len(client.chunks) < 10


async def test_one_who_comes_back_gets_what_it_missed(site: Site):
    async with site.stream() as client:
        await client.block()
        await site.room.say(USER, step(1), step(2))
        assert await site.numbers(client, 1) == [1]
        last = client.last_event_id
    await site.room.say(USER, step(3))
    async with site.stream(headers={"Last-Event-ID": str(last)}) as client:
        await site.room.say(USER, step(4))
        assert await site.numbers(client, 3) == [2, 3, 4]


async def test_one_who_never_got_an_event_comes_back_without_a_gap(site: Site):
    async with site.stream() as client:
        await client.block()
        position = client.last_event_id
    await site.room.say(USER, step(1))
    async with site.stream(headers={"Last-Event-ID": str(position)}) as client:
        assert await site.numbers(client, 1) == [1]


async def test_an_unknown_id_gives_resync_and_a_position_to_come_back_with(site: Site):
    async with site.stream(headers={"Last-Event-ID": "12"}) as client:
        event = await client.event()
        assert (event["type"], event["reason"]) == ("resync", "trimmed")
        position = client.last_event_id
    await site.room.say(USER, step(1))
    async with site.stream(headers={"Last-Event-ID": str(position)}) as client:
        assert await site.numbers(client, 1) == [1]


async def test_a_quiet_stream_shows_a_sign_of_life(room: EventRoom):
    async with site_of(room, beat_s=0.05) as site, site.stream() as client:
        await client.block()
        assert [await client.block() for _ in range(3)] == [[": heartbeat"]] * 3


async def test_a_quiet_session_stream_moves_its_position_with_the_space(room: EventRoom):
    async with site_of(room, beat_s=0.05) as site, site.stream("session_id=5") as client:
        await client.block()
        await site.room.say(USER, *(step(number, session_id=6) for number in range(20)))
        last = str(await site.room.log.last_id(USER))
        await until(lambda: client.last_event_id == last, client.block)
        assert not any(b"data:" in chunk for chunk in client.chunks)


async def test_a_client_that_leaves_is_noticed_at_once(site: Site):
    async with site.stream() as client:
        await client.block()
        assert len(site.room.hub) == 1
        client.leave()
        await until(lambda: len(site.room.hub) == 0, lambda: asyncio.sleep(0))


async def test_a_closed_principal_gets_not_one_event_more(site: Site):
    async with site.stream("principal=gone") as gone, site.stream("principal=stays") as stays:
        await gone.block()
        await stays.block()
        await site.room.say(USER, step(1))
        assert await site.numbers(gone, 1) == await site.numbers(stays, 1) == [1]
        site.room.hub.close(lambda principal: principal == "gone")
        await site.room.say(USER, step(2))
        assert await gone.rest() == []
        assert gone.ended
        assert await site.numbers(stays, 1) == [2]


async def test_a_graceful_shutdown_ends_the_streams_in_order(room: EventRoom):
    async with site_of(room) as site:
        stream = site.stream()
        client = await stream.__aenter__()
        await client.block()
    assert await client.rest() == []
    assert client.ended
    await stream.__aexit__(None, None, None)


async def test_a_client_that_does_not_read_is_dropped_and_misses_nothing(new_room: NewRoom):
    limits = {"buffer_limits": BufferLimits(max_entries=50), "log_limits": LogLimits(max_bytes=2**28)}
    async with new_room(**limits) as room, site_of(room) as site:
        async with site.stream(receive_buffer=4_096) as slow, site.stream() as quick:
            await slow.block()
            await quick.block()
            slow_subscription = site.subscriptions[0]
            said = 0

            async def codes(client: StreamClient, count: int) -> list[int]:
                return [int(event["error"]["code"]) for event in await client.events(count)]

            async def say_more() -> None:
                nonlocal said
                await room.say(USER, *(large(said + number) for number in range(10)))
                assert await codes(quick, 10) == list(range(said, said + 10))
                said += 10

            await until(lambda: slow_subscription.closed, say_more)
            blocks = [lines for lines in await slow.rest() if lines[-1].startswith("data: ")]
            seen = [int(orjson.loads(lines[-1].removeprefix("data: "))["error"]["code"]) for lines in blocks]
            assert slow.ended
            assert seen == list(range(len(seen)))
            assert len(seen) < said
        async with site.stream(headers={"Last-Event-ID": str(slow.last_event_id)}) as back:
            assert await codes(back, said - len(seen)) == list(range(len(seen), said))


async def test_a_large_replay_goes_out_in_chunks_of_bounded_size(site: Site):
    start = await site.room.log.last_id(USER)
    await site.room.say(USER, *map(step, range(1_500)))
    async with site.stream(headers={"Last-Event-ID": str(start)}) as client:
        assert await site.numbers(client, 1_500) == list(range(1_500))
        assert max(map(len, client.chunks)) <= 64 * 1024
