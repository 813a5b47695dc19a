"""Who sits down: never above a limit, and never fewer than could."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from artel.bus.deal import Dealt, Places, Waiting, deal

AGENTS = ("a", "b", "c")
RUNS = (UUID(int=1), UUID(int=2))


@dataclass(frozen=True)
class Table:
    """What is waiting, and each holder's limit with the places that are taken."""

    waiting: list[Waiting]
    seats: dict[str, tuple[int, set[int]]]
    lanes: dict[UUID, tuple[int, set[int]]]

    def places(self) -> tuple[Places, Places]:
        """Seats and lanes as they are told."""
        seats, lanes = Places(), Places()
        for agent, (limit, taken) in self.seats.items():
            seats.open(agent, limit, taken)
        for run, (limit, taken) in self.lanes.items():
            lanes.open(run, limit, taken)
        return seats, lanes


HOLDER = st.tuples(st.integers(0, 4), st.sets(st.integers(0, 6), max_size=4))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Any table; agents and runs may be unknown, and limits lower than what is taken."""
    waits = st.tuples(st.sampled_from(AGENTS), st.sampled_from((None, *RUNS)))
    waiting = [
        Waiting(UUID(int=100 + place), agent, run)
        for place, (agent, run) in enumerate(draw(st.lists(waits, max_size=15)))
    ]
    return Table(
        waiting,
        draw(st.dictionaries(st.sampled_from(AGENTS), HOLDER)),
        draw(st.dictionaries(st.sampled_from(RUNS), HOLDER)),
    )


@given(tables(), st.integers(0, 20))
def test_no_place_is_above_its_limit_or_given_twice(table: Table, at_most: int) -> None:
    dealt = deal(table.waiting, *table.places(), at_most)

    by_id = {each.id: each for each in table.waiting}
    taken: dict[object, set[int]] = defaultdict(set)
    assert len(dealt) <= at_most
    assert len({each.id for each in dealt}) == len(dealt)
    for each in dealt:
        task = by_id[each.id]
        assert (each.lane is None) == (task.run_id is None)
        places: list[tuple[tuple[int, set[int]], int, object]] = [
            (table.seats[task.agent_id], each.seat, task.agent_id)
        ]
        if task.run_id is not None and each.lane is not None:
            places.append((table.lanes[task.run_id], each.lane, task.run_id))
        for (limit, before), place, holder in places:
            assert place < limit
            assert place not in before | taken[holder]
            taken[holder].add(place)


@given(tables(), st.integers(0, 20))
def test_nobody_is_left_who_could_still_sit_down(table: Table, at_most: int) -> None:
    seats, lanes = table.places()

    dealt = deal(table.waiting, seats, lanes, at_most)

    sitting = {each.id for each in dealt}
    left = [task for task in table.waiting if task.id not in sitting]
    could = [task for task in left if seats.has(task.agent_id) and (task.run_id is None or lanes.has(task.run_id))]
    assert len(dealt) == at_most or could == []


@given(tables(), st.integers(0, 20))
def test_of_those_who_want_the_same_the_first_sit(table: Table, at_most: int) -> None:
    sitting = {each.id for each in deal(table.waiting, *table.places(), at_most)}

    groups: dict[tuple[str, UUID | None], list[bool]] = defaultdict(list)
    for task in table.waiting:
        groups[task.agent_id, task.run_id].append(task.id in sitting)
    assert all(group == sorted(group, reverse=True) for group in groups.values())


def test_the_lowest_free_place_is_taken() -> None:
    seats, lanes = Places(), Places()
    seats.open("a", 3, [0])
    lanes.open(RUNS[0], 2, [])

    assert deal([Waiting(UUID(int=9), "a", RUNS[0])], seats, lanes, 1) == [Dealt(UUID(int=9), 1, 0)]


def test_a_full_run_does_not_hold_up_those_behind_it() -> None:
    seats, lanes = Places(), Places()
    seats.open("a", 1, [])
    lanes.open(RUNS[0], 1, [0])

    dealt = deal([Waiting(UUID(int=8), "a", RUNS[0]), Waiting(UUID(int=9), "a", None)], seats, lanes, 5)

    assert [each.id for each in dealt] == [UUID(int=9)]
