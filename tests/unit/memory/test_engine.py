"""What a child process and its callers say to each other."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from artel.kit.errors import IsolationViolation
from artel.memory.context import ContextUnavailable
from artel.memory.edge.store import EdgeContext, EdgeContexts
from artel.memory.engine.client import EngineClient, EngineGone, EngineRefused
from artel.memory.engine.host import Host, NotNow, Refused, Reply
from artel.memory.engine.wire import MAX_FRAME, BadFrame, Frame, pack, read_frame
from tests.support.memory import Violations, numbered, question, quick_folder

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read(raw: bytes) -> Frame | None:
    reader = asyncio.StreamReader()
    reader.feed_data(raw)
    reader.feed_eof()
    return await read_frame(reader)


async def test_a_frame_and_back() -> None:
    frame = await read(pack({"op": "search", "text": "слово"}, b"\0\1\2"))

    assert frame == Frame({"op": "search", "text": "слово"}, b"\0\1\2")
    assert await read(pack({})) == Frame({}, b"")


async def test_the_end_between_two_frames_is_no_fault() -> None:
    assert await read(b"") is None


@pytest.mark.parametrize(
    "raw",
    [
        pack({"op": "search"})[:-1],
        pack({"op": "search"})[:5],
        struct.pack("<II", MAX_FRAME + 1, 2) + b"{}",
        struct.pack("<II", 5, 2) + b"{}",
        struct.pack("<II", 6, 2) + b"[[",
        struct.pack("<II", 6, 2) + b"[]",
    ],
    ids=["cut", "cut in the lengths", "too long", "header longer than all", "no JSON", "no object"],
)
async def test_what_is_no_frame_ends_the_connection(raw: bytes) -> None:
    with pytest.raises(ConnectionError):
        await read(raw)


def test_what_is_too_large_is_not_sent() -> None:
    with pytest.raises(ValueError, match="a frame of"):
        pack({}, bytes(MAX_FRAME))


class Scripted:
    """A handler that notes what it is asked for, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.must_wait = False

    def is_urgent(self, op: str) -> bool:
        return op.startswith("urgent")

    def handle(self, op: str, arguments: Mapping[str, Any], block: bytes) -> Reply:
        if op == "wait" and self.must_wait:
            raise NotNow
        self.asked.append(op)
        if op == "refuse":
            raise Refused("full", "no room")
        if op == "fail":
            raise RuntimeError("a text of the user's")
        return Reply({"echo": dict(arguments)}, block[::-1])


@asynccontextmanager
async def served(serve: Serve) -> AsyncGenerator[EngineClient]:
    """A client of whatever answers."""
    folder, serving = quick_folder(), list[asyncio.Task[Any] | None]()

    async def noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        await serve(reader, writer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(noted, folder / "s")
    client = EngineClient(folder / "s")
    yield client
    await client.aclose()
    server.close()
    await asyncio.gather(*(task for task in serving if task), return_exceptions=True)
    shutil.rmtree(folder)


@asynccontextmanager
async def hosted(handler: Scripted) -> AsyncGenerator[tuple[EngineClient, Host]]:
    """A host in this process."""
    folder, host = quick_folder(), Host(handler)
    socket = folder / "s"
    serving = asyncio.create_task(host.serve(socket))
    while not socket.exists():  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    client = EngineClient(socket)
    yield client, host
    await client.aclose()
    serving.cancel()
    await asyncio.wait([serving])
    shutil.rmtree(folder)


async def test_answers_find_their_questions() -> None:
    async with hosted(Scripted()) as (client, _):
        answers = await asyncio.gather(*(client.call("op", bytes([n, 0]), timeout=5, number=n) for n in range(50)))

    assert [answer.header["value"]["echo"]["number"] for answer in answers] == list(range(50))
    assert [answer.block for answer in answers] == [bytes([0, n]) for n in range(50)]


async def test_a_refusal_says_why() -> None:
    async with hosted(Scripted()) as (client, _):
        with pytest.raises(EngineRefused, match="full: no room") as refusal:
            await client.call("refuse", timeout=5)
        assert (refusal.value.kind, refusal.value.detail) == ("full", "no room")
        with pytest.raises(EngineRefused) as failure:
            await client.call("fail", timeout=5)
        assert (failure.value.kind, failure.value.detail) == ("failed", "RuntimeError"), "nothing of its text"


async def test_what_is_urgent_goes_first() -> None:
    handler = Scripted()
    ops = [*(f"slow {n}" for n in range(20)), "urgent"]
    async with hosted(handler) as (client, _):
        reader, writer = await asyncio.open_unix_connection(client.socket)
        writer.write(b"".join(pack({"n": n, "op": op}) for n, op in enumerate(ops)))
        for _ in ops:
            assert await read_frame(reader) is not None
        writer.close()

    assert handler.asked == ["urgent", *ops[:-1]]


async def test_what_must_wait_holds_up_nobody_and_keeps_its_turn() -> None:
    handler = Scripted()
    handler.must_wait = True
    async with hosted(handler) as (client, host):
        first = asyncio.create_task(client.call("wait", timeout=5, number=1))
        second = asyncio.create_task(client.call("wait", timeout=5, number=2))
        await client.call("other", timeout=5)
        assert not first.done()

        handler.must_wait = False
        host.resume()

        assert [(await task).header["value"]["echo"]["number"] for task in (first, second)] == [1, 2]
    assert handler.asked == ["other", "wait", "wait"]


async def test_nobody_there() -> None:
    client = EngineClient(Path("/nowhere/s"))

    with pytest.raises(EngineGone):
        await client.call("op", timeout=5)
    await client.aclose()


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with served(silent) as client:
        with pytest.raises(EngineGone, match="no answer in time"):
            await client.call("op", timeout=0.02)


async def test_a_search_that_takes_too_long_says_when_to_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artel.memory.edge.store._READ_SECONDS", 0.02)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with served(silent) as client:
        with pytest.raises(ContextUnavailable, match="takes up to half a minute to open") as caught:
            await EdgeContext(1, client, lambda: None).count()
    assert caught.value.retry_after == 5


@pytest.mark.parametrize("last", [b"", b"\1\0\0\0\1\0\0\0x", b"\xff\xff\xff\xff\1\0\0\0"], ids=["end", "bad", "huge"])
async def test_who_waits_is_told_when_the_other_side_goes(last: bytes) -> None:
    async def one_frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        writer.write(last)

    async with served(one_frame) as client:
        with pytest.raises(EngineGone):
            await client.call("op", timeout=5)


async def test_answers_that_nobody_waits_for_are_dropped() -> None:
    async def talkative(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await read_frame(reader)) is not None:
            for number in (999, frame.header["n"], frame.header["n"]):
                writer.write(pack({"n": number, "ok": True, "value": number}))

    async with served(talkative) as client:
        assert (await client.call("op", timeout=5)).header["value"] == 1
        assert (await client.call("op", timeout=5)).header["value"] == 2


async def test_a_connection_is_made_again() -> None:
    calls = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        frame = await read_frame(reader)
        assert frame is not None
        writer.write(pack({"n": frame.header["n"], "ok": True}))
        await writer.drain()

    async with served(once) as client:
        for _ in range(3):
            await client.call("op", timeout=5)
            while not client.is_idle:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    assert calls == 3


async def test_a_foreign_point_is_stopped_by_the_second_check() -> None:
    """As if the filter had failed inside the worker."""

    async def careless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await read_frame(reader)) is not None:
            payload = {"user_id": str(frame.header["user"] + 1), "text": "чужой секрет"}
            hits = [[str(numbered(1)), 1.0, 0.9, 0.0, payload]]
            writer.write(pack({"n": frame.header["n"], "ok": True, "value": hits}))

    violations = Violations()
    async with served(careless) as client:
        store = EdgeContexts([client.socket], violations)
        with pytest.raises(IsolationViolation):
            await store.of(7).search(question("секрет"))
        await store.aclose()
    assert violations.count == 1


async def test_a_refusal_of_no_known_kind_is_an_unavailable_store() -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await read_frame(reader)) is not None:
            writer.write(pack({"n": frame.header["n"], "ok": False, "kind": "failed"}))

    async with served(broken) as client:
        store = EdgeContexts([client.socket], Violations())
        with pytest.raises(ContextUnavailable):
            await store.of(7).count()
        [trouble] = await store.troubles()
        assert trouble.kind == "unreachable"
        await store.aclose()


def test_a_bad_frame_is_a_lost_connection() -> None:
    assert issubclass(BadFrame, ConnectionError)
