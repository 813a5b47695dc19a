"""The slots of a process, and the line of users who wait for them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.bus.line import Line
from artel.bus.room import Room
from artel.bus.submit import title_of

ONE, OTHER = 1, 2


def test_a_user_gets_three_quarters_of_the_slots_at_most() -> None:
    room = Room(8)

    assert (room.reserve(ONE, 100), room.reserve(ONE, 1), room.reserve(OTHER, 100)) == (6, 0, 2)
    assert room.free == 0


def test_of_fewer_than_four_slots_a_user_may_have_all() -> None:
    assert [Room(slots).reserve(ONE, 9) for slots in (0, 1, 3, 4)] == [0, 1, 3, 3]


def test_a_closed_room_has_no_free_slot_and_still_takes_slots_back() -> None:
    room = Room(4)
    room.reserve(ONE, 2)
    room.close()

    assert (room.free, room.reserve(OTHER, 1)) == (0, 0)
    room.release(ONE, 2)
    assert room.free == 0


async def test_who_waits_hears_of_a_free_slot_and_of_the_last_one_given_back() -> None:
    room = Room(1)
    room.reserve(ONE, 1)
    waiting = [asyncio.create_task(room.until_free()), asyncio.create_task(room.until_empty())]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)

    room.release(ONE)

    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5), st.booleans()), max_size=40), st.integers(0, 12))
def test_never_more_are_taken_than_there_are(acts: list[tuple[int, int, bool]], slots: int) -> None:
    room = Room(slots)
    taken: dict[int, int] = dict.fromkeys((1, 2, 3), 0)

    for user_id, count, gives_back in acts:
        if gives_back:
            back = min(count, taken[user_id])
            room.release(user_id, back)
            taken[user_id] -= back
        else:
            taken[user_id] += room.reserve(user_id, count)
        assert room.free == slots - sum(taken.values()) >= 0
        assert max(taken.values()) <= slots - slots // 4


async def test_a_user_stands_in_line_once_and_the_first_is_served_first() -> None:
    line = Line()
    for user_id in (3, 1, 3, 2, 1):
        line.join(user_id)

    served = [await line.first() for _ in range(3)]
    line.join(3)

    assert [*served, await line.first()] == [3, 1, 2, 3]


async def test_an_empty_line_is_waited_at() -> None:
    line = Line()
    waiting = asyncio.create_task(line.first())
    await asyncio.sleep(0)
    assert not waiting.done()

    line.join(7)

    async with asyncio.timeout(1):
        assert await waiting == 7


def test_a_chat_is_named_after_its_first_message_cut_at_a_word() -> None:
    assert title_of("  Привет,\n мир ", "user7_coder") == "Привет, мир"
    assert title_of("word " * 30, "user7_coder") == "word " * 11 + "word…"
    assert title_of("x" * 200, "user7_coder") == "x" * 60 + "…"
    assert title_of("", "user7_coder") == ""


@pytest.mark.parametrize("mention", ["@coder", "@Coder", "@user7_coder"])
def test_a_chats_name_does_not_repeat_whom_it_was_for(mention: str) -> None:
    assert title_of(f"{mention}  sort\nthis", "user7_coder") == "sort this"


@pytest.mark.parametrize("said", ["@coder", "@decorator is new to me", "@er hm", "mail @coder about it"])
def test_what_is_no_mention_of_the_agent_stays_in_the_name(said: str) -> None:
    assert title_of(said, "user7_coder") == said
