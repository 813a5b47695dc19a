"""Redis dies, hangs up or forgets everything, in the middle of events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from artel.events.client import redis_client
from artel.events.log import Replay
from artel.events.subscriber import Subscriber
from artel.events.types import MessageCompleted, MessageDelta, MessageStarted, Resync, TasksProgress
from artel.store.embedded import EmbeddedServers
from tests.support.events import EventRoom, event_room, read, read_until, step, steps

USER = 7


class OwnValkey:
    """A Valkey of this test alone, which comes back by itself when it is killed."""

    def __init__(self, servers: EmbeddedServers, url: str, data: Path) -> None:
        self._servers = servers
        self.url = url
        self.data = data

    def send(self, number: signal.Signals) -> None:
        """Sends its process a signal; returns at once."""
        pid = self._servers.pids["valkey"]
        assert pid
        os.kill(pid, number)

    def kill(self) -> None:
        """It is gone, and will be started again."""
        self.send(signal.SIGKILL)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    servers = EmbeddedServers(tmp_path, postgres_servers=0)
    endpoints = servers.start()
    assert endpoints.redis_url
    yield OwnValkey(servers, endpoints.redis_url, tmp_path / "valkey" / "data")
    servers.stop()


async def shows(state: Callable[[], bool]) -> None:
    """Returns as soon as something shows from outside; fails when it does not."""
    now = asyncio.get_running_loop().time
    deadline = now() + 10
    while not state():
        assert now() < deadline
        await asyncio.sleep(0)


async def back(room: EventRoom) -> None:
    """Returns when this process has lost Redis and found it again."""
    restored = asyncio.Event()
    room.subscriber.on_restored(restored.set)
    async with asyncio.timeout(20):
        await restored.wait()


async def test_a_killed_redis_that_keeps_what_it_confirmed_loses_and_repeats_nothing(valkey: OwnValkey):
    async with event_room(valkey.url, "ev") as here, event_room(valkey.url, "ev") as there:
        listener = await here.hub.subscribe(USER)
        said = 0
        for _ in range(3):
            # By default the last moments before a kill may be lost; the next test is about that.
            await here.raw.config_set("appendfsync", "always")
            returned = [asyncio.create_task(back(room)) for room in (here, there)]
            for number in range(200):
                there.outbox.emit(USER, step(said))
                said += 1
                if number == 100:
                    valkey.kill()
                await asyncio.sleep(0)
            await asyncio.gather(*returned)
            await there.outbox.flush()
        assert steps(await read(listener, said)) == list(range(said))
        replayed = await there.hub.subscribe(USER, last_event_id=str(listener.start_id))
        assert steps(await read(replayed, said)) == list(range(said))


async def test_a_killed_redis_that_lost_its_last_moments_says_resync_and_repeats_nothing(valkey: OwnValkey):
    async with event_room(valkey.url, "ev") as here, event_room(valkey.url, "ev") as there:
        listener = await here.hub.subscribe(USER)
        for round_ in range(3):
            returned = [asyncio.create_task(back(room)) for room in (here, there)]
            for number in range(100):
                there.outbox.emit(USER, step(round_ * 100 + number))
                if number == 90:
                    valkey.kill()
                await asyncio.sleep(0)
            await asyncio.gather(*returned)
        await there.say(USER, step(300))
        entries = await read_until(listener, lambda entries: entries[-1:] != [] and entries[-1].event == step(300))
        following = 0
        for entry in entries:
            if isinstance(entry.event, TasksProgress):
                assert entry.event.completed == following
                following += 1
            else:
                assert entry.event == Resync(reason="lost")
                following = await number_after(there, entry.id)


async def number_after(room: EventRoom, event_id: int) -> int:
    """The number of the first step in the log after an id."""
    replay = await room.log.after(USER, event_id)
    assert isinstance(replay, Replay)
    return steps(replay.entries[:1])[0]


async def test_connections_that_break_at_any_moment_repeat_nothing(valkey: OwnValkey):
    async with event_room(valkey.url, "ev") as here, event_room(valkey.url, "ev") as there:
        listener = await here.hub.subscribe(USER)
        storming = True

        async def break_connections() -> None:
            while storming:
                with contextlib.suppress(OSError):
                    await here.raw.client_kill_filter(_type="normal", skipme=True)

        breaking = asyncio.create_task(break_connections())
        for number in range(600):
            there.outbox.emit(USER, step(number))
            await asyncio.sleep(0)
        storming = False
        await breaking
        await there.outbox.flush()
        assert steps(await read(listener, 600)) == list(range(600))


async def test_the_outbox_tells_that_redis_is_away_and_that_it_is_back(valkey: OwnValkey):
    async with event_room(valkey.url, "ev") as room:
        assert room.outbox.error is None
        returned = asyncio.create_task(back(room))
        valkey.kill()
        room.outbox.emit(USER, step(1))
        await shows(lambda: room.outbox.error is not None and not room.subscriber.connected)
        assert room.outbox.backlog == 1
        await returned
        await room.outbox.flush()
        assert room.outbox.error is None
        assert room.subscriber.connected


async def test_a_redis_that_forgot_everything_gives_resync_and_goes_on(valkey: OwnValkey):
    message_id = uuid4()
    started = MessageStarted(message_id=message_id, agent_id="user7_coder")
    delta = MessageDelta(message_id=message_id, agent_id="user7_coder", text="a")
    completed = MessageCompleted(message_id=message_id, agent_id="user7_coder", content="ab")
    async with event_room(valkey.url, "ev") as room:
        listener = await room.hub.subscribe(USER)
        await room.say(USER, started, delta)
        seen = await read(listener, 2)
        shutil.rmtree(valkey.data / "appendonlydir")
        returned = asyncio.create_task(back(room))
        await asyncio.sleep(0)
        valkey.kill()
        await returned
        assert [entry.event for entry in await read(listener, 1)] == [Resync(reason="lost")]
        await room.say(USER, delta, completed)
        assert [entry.event for entry in await read(listener, 1)] == [completed]
        late = await room.hub.subscribe(USER, last_event_id=str(seen[-1].id))
        assert isinstance((await read(late, 1))[0].event, Resync)


async def test_a_redis_that_falls_silent_is_given_up_and_found_again(valkey: OwnValkey):
    redis = redis_client(valkey.url)
    subscriber = Subscriber(redis, silence_s=0.1)
    subscriber.start()
    await subscriber.wait_connected()
    inbox: asyncio.Queue[bytes] = asyncio.Queue()
    await subscriber.subscribe("a", inbox.put_nowait)
    valkey.send(signal.SIGSTOP)
    await shows(lambda: not subscriber.connected)
    valkey.send(signal.SIGCONT)
    await shows(lambda: subscriber.connected)
    await cast(Any, redis).publish("a", b"x")
    assert await asyncio.wait_for(inbox.get(), 10) == b"x"
    await subscriber.aclose()
    await redis.aclose()


async def test_a_quiet_connection_stays(valkey: OwnValkey):
    redis = redis_client(valkey.url)
    subscriber = Subscriber(redis, silence_s=0.2)
    times: list[None] = []
    subscriber.on_restored(lambda: times.append(None))
    subscriber.start()
    await subscriber.wait_connected()
    await asyncio.sleep(1.0)  # five silences
    assert len(times) == 1
    assert subscriber.connected
    await subscriber.aclose()
    await redis.aclose()


async def test_a_subscription_that_comes_while_redis_is_away_is_served_when_it_is_back(valkey: OwnValkey):
    async with event_room(valkey.url, "ev") as room:
        # By default the last moments before a kill may be lost, which is not what this is about.
        await room.raw.config_set("appendfsync", "always")
        await room.say(USER, step(1))
        last = await room.log.last_id(USER)
        await room.say(USER, step(2))
        valkey.kill()
        await shows(lambda: not room.subscriber.connected)
        listener = await room.hub.subscribe(USER, last_event_id=str(last))
        await room.say(USER, step(3))
        assert steps(await read(listener, 2)) == [2, 3]
