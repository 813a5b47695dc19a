"""Who has a turn when."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from artel.kit.errors import Unauthenticated
from artel.memory.context import ContextFull, ContextUnavailable
from artel.memory.indexer import Backoff, Indexer


@dataclass
class Turns:
    """Takes turns as it is told: answers or errors by user, in their order."""

    taken: list[int] = field(default_factory=list[int])
    answers: dict[int, list[float | Exception | None]] = field(
        default_factory=dict[int, list[float | Exception | None]]
    )
    doubted: list[int] = field(default_factory=list[int])
    during: Callable[[int], Awaitable[None]] | None = None

    async def take(self, user_id: int) -> float | None:
        self.taken.append(user_id)
        if self.during is not None:
            await self.during(user_id)
        answers = self.answers.get(user_id, [])
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def doubt(self, user_id: int) -> None:
        self.doubted.append(user_id)


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
async def indexer(turns: Turns) -> AsyncGenerator[Indexer]:
    indexer = Indexer(turns, at_once=1)
    indexer.start()
    yield indexer
    await indexer.aclose()


async def test_users_take_turns(indexer: Indexer, turns: Turns) -> None:
    turns.answers = {1: [0, 0], 2: [0]}
    indexer.wake(1)
    indexer.wake(2)
    indexer.wake(2)

    await indexer.idle()

    assert turns.taken == [1, 2, 1, 2, 1]


async def test_who_is_woken_during_a_turn_has_another(indexer: Indexer, turns: Turns) -> None:
    async def wake(user_id: int) -> None:
        if len(turns.taken) == 1:
            indexer.wake(user_id)

    turns.during = wake
    indexer.wake(1)
    await indexer.idle()

    assert turns.taken == [1, 1]


async def test_a_failure_holds_up_its_user_only(turns: Turns) -> None:
    indexer = Indexer(turns, at_once=1, first_backoff=0.05)
    turns.answers = {1: [ContextUnavailable(retry_after=0.0), RuntimeError("a bug"), None], 2: [0, 0, 0]}
    indexer.wake(1)
    indexer.wake(2)

    indexer.start()
    await indexer.idle()

    assert turns.taken == [1, 2, 2, 2, 2, 1, 1]
    await indexer.aclose()


def test_the_pause_grows_and_begins_anew_with_a_success() -> None:
    backoff = Backoff()

    assert [backoff.failed(RuntimeError()) for _ in range(10)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    backoff.worked()
    assert backoff.failed(RuntimeError()) == 1


def test_a_full_disk_says_how_long_to_wait() -> None:
    assert Backoff().failed(ContextFull()) == ContextFull.pause


async def test_a_doubted_index_is_looked_at_anew(indexer: Indexer, turns: Turns) -> None:
    indexer.doubt(7)
    await indexer.idle()

    assert (turns.doubted, turns.taken) == ([7], [7])


async def test_a_user_who_is_gone_has_no_more_turns(indexer: Indexer, turns: Turns) -> None:
    turns.answers = {1: [Unauthenticated()]}
    indexer.wake(1)
    await indexer.idle()

    assert turns.taken == [1]
