"""Who of those that wait sits down now: seats of agents and lanes of runs are dealt, first come first served. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ready task: it needs a seat of its agent and, in a plan, a lane of its run."""

    id: UUID
    agent_id: str
    run_id: UUID | None
    """None: it needs no lane."""


@dataclass(frozen=True, slots=True)
class Dealt:
    """A task and the places it was given."""

    id: UUID
    seat: int
    lane: int | None


class Places:
    """The free places of one kind: those below each holder's limit that nobody has."""

    def __init__(self) -> None:
        self._free: dict[object, list[int]] = {}

    def open(self, holder: object, limit: int, taken: Iterable[int]) -> None:
        """Tells how many places a holder has, and which of them are taken."""
        occupied = set(taken)
        # Reversed, so that the lowest place is the cheap one to take.
        self._free[holder] = [place for place in reversed(range(limit)) if place not in occupied]

    def knows(self, holder: object) -> bool:
        """Whether this holder's places were told of."""
        return holder in self._free

    def has(self, holder: object) -> bool:
        """Whether a place is free."""
        return bool(self._free.get(holder))

    def take(self, holder: object) -> int:
        """The lowest free place."""
        return self._free[holder].pop()


def deal(waiting: Iterable[Waiting], seats: Places, lanes: Places, at_most: int) -> list[Dealt]:
    """Gives places to as many as possible, in the order of arrival.

    One that cannot sit down does not hold up those behind it: its agent's seats are full, or its run's lanes, and
    others may use the rest.
    """
    dealt: list[Dealt] = []
    for task in waiting:
        if len(dealt) == at_most:
            break
        if not seats.has(task.agent_id) or (task.run_id is not None and not lanes.has(task.run_id)):
            continue
        lane = None if task.run_id is None else lanes.take(task.run_id)
        dealt.append(Dealt(task.id, seats.take(task.agent_id), lane))
    return dealt
