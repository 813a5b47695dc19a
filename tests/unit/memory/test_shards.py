"""A worker's shards and what it answers, without the process around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.renewals import Renewals
from artel.memory.edge.shapes import StoredPoint
from artel.memory.edge.shard import Shard, ShardBroken, ShardBusy, ShardFull, told_apart
from artel.memory.edge.shards import NoShard, Shards
from artel.memory.edge.worker import EdgeHandler, LastBreath
from artel.memory.engine.host import NotNow, Refused
from tests.support.memory import meaning, numbered, quick_folder

USER = 7


@pytest.fixture
def root() -> Iterator[Path]:
    folder = quick_folder()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()


@pytest.fixture
def make(root: Path) -> Iterator[Callable[..., Shards]]:
    """Shards over one place; all are closed at the end."""
    made: list[Shards] = []

    def shards(**options: Any) -> Shards:
        made.append(Shards(root, EdgeOptions(**options)))
        return made[-1]

    yield shards
    for each in made:
        each.close()


def stored(number: int, text: str) -> StoredPoint:
    payload = {"user_id": str(USER), "text": text, "session_id": 1}
    return StoredPoint(numbered(number), payload, ([1], [1.0]), {"toy": meaning(text)})


def test_a_shard_is_opened_by_one_at_a_time(make: Callable[..., Shards]) -> None:
    first, second = make(), make()
    first.create(USER, {"toy": 32})

    with pytest.raises(ShardBusy):
        second.get(USER)
    with pytest.raises(ShardBusy):
        second.create(USER, {"toy": 32})
    first.close()
    assert second.get(USER).shard.size() == 0


def test_nobody_has_a_shard_until_it_is_made(make: Callable[..., Shards], root: Path) -> None:
    shards = make()

    with pytest.raises(NoShard):
        shards.get(USER)
    assert list(root.iterdir()) == [], "and asking leaves nothing"


def test_a_shard_that_cannot_be_made_leaves_no_lock(make: Callable[..., Shards]) -> None:
    shards = make()

    with pytest.raises(Exception, match="cannot be 0"):
        shards.create(USER, {"toy": 0})
    with pytest.raises(NoShard):
        shards.get(USER)
    assert shards.create(USER, {"toy": 32}).shard.spaces == {"toy": 32}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Service runtime error: No space left on device (os error 28)", ShardFull),
        ("IO Error: Too many open files (os error 24)", ShardBusy),
        ("failed to open WAL: Kind(WouldBlock)", ShardBusy),
        ("Cannot allocate memory (os error 12)", ShardBusy),
        ("index out of bounds: the len is 0 but the index is 0", ShardBroken),
        ("failed to load segment", ShardBroken),
    ],
)
def test_what_a_failure_means_for_the_shard(text: str, kind: type[Exception]) -> None:
    assert type(told_apart(BaseException(text))) is kind


def test_a_shard_that_fails_again_and_again_is_given_up(make: Callable[..., Shards]) -> None:
    shards = make()
    shards.create(USER, {"toy": 32})
    shards.get(USER).shard.upsert([stored(1, "раз")])

    assert isinstance(shards.failed(USER, RuntimeError("no space left")), ShardFull)
    assert isinstance(shards.failed(USER, RuntimeError("panicked")), ShardBroken)
    assert shards.get(USER).shard.size() == 1, "it is opened again"
    assert isinstance(shards.failed(USER, RuntimeError("panicked")), ShardBroken)
    assert isinstance(shards.failed(USER, RuntimeError("panicked")), NoShard)
    with pytest.raises(NoShard):
        shards.get(USER)
    assert shards.lost() == [USER]


def test_a_shard_that_the_machine_cannot_open_now_is_kept(
    make: Callable[..., Shards], monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = make()
    shards.create(USER, {"toy": 32})
    shards.close()

    def fails(path: Path) -> Shard:
        raise RuntimeError("Too many open files (os error 24)")

    with monkeypatch.context() as patched:
        patched.setattr(Shard, "open", fails)
        with pytest.raises(ShardBusy):
            shards.get(USER)
    assert shards.get(USER).shard.size() == 0
    assert shards.lost() == []


def test_without_room_nothing_is_flushed_and_the_log_must_do(make: Callable[..., Shards]) -> None:
    full = make(reserve_bytes=2**60)
    found = full.create(USER, {"toy": 32})
    found.shard.upsert([stored(1, "раз")])
    full.changed(USER, [numbered(1)], count=1)
    assert full.flush_one()
    assert not full.flush_one()
    full.close()

    again = make().get(USER)

    assert (again.shard.size(), again.changes) == (1, 0)


def test_deaths_on_a_full_disk_say_nothing_of_a_shard(make: Callable[..., Shards]) -> None:
    full = make(reserve_bytes=2**60)
    full.create(USER, {"toy": 32})
    full.close()

    for _ in range(5):
        full.crashed(USER)
    assert full.lost() == []

    roomy = make()
    for _ in range(3):
        roomy.crashed(USER)
    assert roomy.lost() == [USER]


def test_a_flush_that_fails_hurts_nobody(make: Callable[..., Shards], monkeypatch: pytest.MonkeyPatch) -> None:
    shards = make()
    found = shards.create(USER, {"toy": 32})
    shards.changed(USER, count=1)

    def fails() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(found.shard, "flush", fails)
    assert shards.flush_one()


def test_what_a_process_died_over_is_known_to_the_next(tmp_path: Path) -> None:
    first = LastBreath(tmp_path / "busy")
    assert first.last() is None
    held = first.over(USER)
    held.__enter__()

    second = LastBreath(tmp_path / "busy")

    assert second.last() == USER
    assert second.last() is None
    with second.over(8):
        pass
    assert LastBreath(tmp_path / "busy").last() is None


@pytest.fixture
def handler(make: Callable[..., Shards], root: Path, tmp_path: Path) -> EdgeHandler:
    shards = make(renew_after=10**9)
    made = EdgeHandler(shards, LastBreath(tmp_path / "busy"))
    made.renewals = Renewals(root, shards, EdgeOptions(), lambda: None)
    made.handle("ensure", {"user": USER, "spaces": [["toy", 32]]}, b"")
    return made


def test_an_unknown_request_is_refused(handler: EdgeHandler) -> None:
    with pytest.raises(Refused) as refusal:
        handler.handle("format_disk", {"user": USER}, b"")

    assert refusal.value.kind == "failed"


def test_a_panic_is_told_as_a_failure_and_the_shard_is_opened_again(
    handler: EdgeHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Panic(BaseException):
        pass

    def panics(*_: object) -> int:
        raise Panic("index out of bounds")

    with monkeypatch.context() as patched:
        patched.setattr(handler.shards.get(USER).shard, "count", panics)
        with pytest.raises(Refused) as refusal:
            handler.handle("count", {"user": USER, "where": {}}, b"")
    assert (refusal.value.kind, refusal.value.detail) == ("failed", "ShardBroken")
    assert handler.handle("count", {"user": USER, "where": {}}, b"").value == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("No space left on device"), "full"),
        (ShardFull("no room"), "full"),
        (ShardBusy("for now"), "failed"),
        (NoShard(), "lost"),
    ],
)
def test_refusals_by_kind(handler: EdgeHandler, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str) -> None:
    def fails(*_: object) -> int:
        raise error

    monkeypatch.setattr(handler.shards.get(USER).shard, "count", fails)
    with pytest.raises(Refused) as refusal:
        handler.handle("count", {"user": USER, "where": {}}, b"")
    assert refusal.value.kind == kind


def test_what_ends_the_process_is_let_through(handler: EdgeHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(handler.shards.get(USER).shard, "count", ends)
    with pytest.raises(KeyboardInterrupt):
        handler.handle("count", {"user": USER, "where": {}}, b"")


class Waiter:
    """Renewals whose ends can be waited for."""

    def __init__(self, root: Path, shards: Shards, options: EdgeOptions) -> None:
        self._moved = asyncio.Event()
        self.renewals = Renewals(root, shards, options, self._moved.set)

    async def until_idle(self) -> None:
        while not self.renewals.is_idle:
            self._moved.clear()
            await self._moved.wait()


async def test_a_renewal_needs_room_for_copies(make: Callable[..., Shards], root: Path) -> None:
    shards = make()
    shards.create(USER, {"toy": 32})
    waiter = Waiter(root, shards, EdgeOptions(reserve_bytes=2**60))

    waiter.renewals.start(USER, "rewrite", "token")
    await waiter.until_idle()

    assert waiter.renewals.outcome("token") is False
    assert waiter.renewals.outcome("token") is None


async def test_a_cancelled_renewal_leaves_no_process_and_no_copy(make: Callable[..., Shards], root: Path) -> None:
    shards = make()
    home = shards.create(USER, {"toy": 32}).home
    waiter = Waiter(root, shards, EdgeOptions(reserve_bytes=0))
    waiter.renewals.start(USER, "rewrite", "token")
    while not waiter.renewals.is_copying(USER):  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)

    await waiter.renewals.cancel()
    await waiter.renewals.cancel()

    assert waiter.renewals.is_idle
    assert waiter.renewals.outcome("token") is False
    assert not home.copy.exists()
    assert shards.get(USER).shard.size() == 0


async def test_a_renewal_that_breaks_leaves_the_shard_as_it_was(
    make: Callable[..., Shards], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = make()
    shards.create(USER, {"toy": 32}).shard.upsert([stored(1, "раз")])
    waiter = Waiter(root, shards, EdgeOptions(reserve_bytes=0))

    def fails(self: Shard, points: object) -> None:
        raise RuntimeError("the copy is no good")

    with monkeypatch.context() as patched:
        patched.setattr(Shard, "put", fails)
        waiter.renewals.start(USER, "rewrite", "token")
        while USER not in shards.deltas:  # noqa: ASYNC110
            await asyncio.sleep(0)
        shards.changed(USER, [numbered(1)], count=1)
        await waiter.until_idle()

    assert waiter.renewals.outcome("token") is False
    assert shards.deltas == {}
    assert shards.get(USER).shard.size() == 1


async def test_a_shard_keeps_its_form_when_renewed(handler: EdgeHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    assert handler.renewals is not None
    monkeypatch.setattr(handler.renewals, "is_renewing", lambda user_id: user_id == USER)  # pyright: ignore

    for op in ("ensure", "drop_space", "erase"):
        with pytest.raises(NotNow):
            handler.handle(op, {"user": USER, "spaces": [], "space": "toy"}, b"")
    monkeypatch.setattr(handler.renewals, "is_copying", lambda user_id: user_id == USER)  # pyright: ignore
    with pytest.raises(NotNow):
        handler.handle("delete", {"user": USER, "ids": []}, b"")
    assert handler.handle("count", {"user": USER, "where": {}}, b"").value == 0
