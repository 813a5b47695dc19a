"""A process of its own: its limits, its end, and what is left of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from artel.kit.confined.limits import Limits
from artel.kit.confined.run import Confined, Ended
from tests.support.confined_program import LIMITS, broken_out

FOR_EVER = b"while True: time.sleep(1)"


def test_limits_come_through_a_command_line() -> None:
    assert Limits.load(LIMITS.dump()) == LIMITS


async def test_a_payload_is_answered() -> None:
    big = b"answer = len(" + repr("x" * 3_000_000).encode() + b")"

    assert await broken_out().run(b"answer = 6 * 7") == b"42"
    assert await broken_out().run(big) == b"3000000"


@pytest.mark.parametrize(
    ("source", "limits", "reason"),
    [
        (FOR_EVER, replace(LIMITS, seconds=1.5), "time"),
        (b"while True: pass", replace(LIMITS, seconds=1000, cpu_seconds=1), "time"),
        (b"import os; os.kill(os.getpid(), signal.SIGALRM)", LIMITS, "time"),
        (b"bytearray(1 << 30)", LIMITS, "memory"),
        (b"import os; os.abort()", LIMITS, "memory"),
        (b"answer = 'x' * 100_001", LIMITS, "size"),
        (b"import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)", LIMITS, "size"),
        (b"raise ValueError('no')", LIMITS, "failed"),
        (b"ctypes.string_at(1)", LIMITS, "failed"),
        (b"import os; os._exit(3)", LIMITS, "failed"),
    ],
)
async def test_what_goes_wrong_ends_it_and_nothing_else(source: bytes, limits: Limits, reason: str) -> None:
    confined = broken_out(limits)

    with pytest.raises(Ended) as caught:
        await confined.run(source)

    assert caught.value.reason == reason
    assert children() == []
    assert await confined.run(b"answer = 1") == b"1"


async def test_a_program_that_does_not_listen_is_ended_all_the_same() -> None:
    confined = Confined("json", LIMITS)  # a module that is no program at all, and a payload that nobody reads

    with pytest.raises(Ended, match="failed"):
        await confined.run(b"x" * 5_000_000)


async def test_who_stops_waiting_ends_the_process() -> None:
    task = asyncio.create_task(broken_out().run(FOR_EVER))
    await until_there_are(1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert children() == []


async def test_only_so_many_at_once() -> None:
    confined = broken_out(at_once=1)
    first = asyncio.create_task(confined.run(FOR_EVER))
    await until_there_are(1)
    second = asyncio.create_task(confined.run(b"answer = 2"))
    await asyncio.sleep(0)
    assert len(children()) == 1

    first.cancel()

    assert await second == b"2"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the process ends a little later, by its own clock")
async def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    # given a process that runs one, and is killed where it stands
    busy = b"ctypes.CDLL(None).prctl(15, b'ready')\n" + FOR_EVER  # PR_SET_NAME
    source = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[4])!r})
from tests.support.confined_program import broken_out
asyncio.run(broken_out().run({busy!r}))
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", source, cwd=tmp_path)
    async with asyncio.timeout(20):
        while not (started := named("ready", parent.pid)):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
    # when
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    # then
    _, alive = await asyncio.to_thread(psutil.wait_procs, started, 10)
    assert alive == []


def named(name: str, parent: int) -> list[psutil.Process]:
    return [each for each in psutil.Process(parent).children() if each.name() == name]


def children() -> list[psutil.Process]:
    """Of this test's process, as far as they are confined ones."""
    return [each for each in psutil.Process().children() if _confined(each)]


def _confined(process: psutil.Process) -> bool:
    try:
        return "artel.kit.confined.child" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


async def until_there_are(count: int) -> None:
    async with asyncio.timeout(20):
        while len(children()) < count:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
