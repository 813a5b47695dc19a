"""The log in Redis: ids, chain, trimming, replay after an id, text of open answers."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from artel.events.codec import Entry
from artel.events.log import Gap, LogLimits, PartialText, Replay
from artel.events.record import record_of, tear
from artel.events.types import Event, MessageCompleted, MessageDelta, MessageStarted
from tests.support.events import EventRoom, NewRoom, step, steps

USER = 7
AGENT = "user7_coder"


async def entries_after(room: EventRoom, event_id: int) -> list[Entry]:
    replay = await room.log.after(USER, event_id)
    assert isinstance(replay, Replay)
    return replay.entries


def started(message_id: UUID, attempt: int = 1) -> Event:
    return MessageStarted(message_id=message_id, agent_id=AGENT, attempt=attempt)


def delta(message_id: UUID, text: str, attempt: int = 1) -> Event:
    return MessageDelta(message_id=message_id, agent_id=AGENT, text=text, attempt=attempt)


def completed(message_id: UUID, attempt: int = 1) -> Event:
    return MessageCompleted(message_id=message_id, agent_id=AGENT, content="whole", attempt=attempt)


async def test_ids_rise_and_each_names_the_one_before(room: EventRoom):
    start = await room.log.last_id(USER)
    await room.say(USER, *map(step, range(50)))
    entries = await entries_after(room, start)
    assert steps(entries) == list(range(50))
    assert [each.prev for each in entries] == [start, *(each.id for each in entries[:-1])]
    assert all(each.prev < each.id < 2**53 for each in entries)


async def test_replay_after_each_id_is_exactly_the_rest(room: EventRoom):
    start = await room.log.last_id(USER)
    await room.say(USER, *map(step, range(30)))
    entries = await entries_after(room, start)
    for seen, each in enumerate(entries, start=1):
        assert steps(await entries_after(room, each.id)) == list(range(seen, 30))


async def test_users_have_logs_of_their_own(room: EventRoom):
    mine, theirs = await room.log.last_id(USER), await room.log.last_id(8)
    room.outbox.emit(USER, step(1))
    room.outbox.emit(8, step(2))
    room.outbox.emit(USER, step(3))
    await room.outbox.flush()
    assert steps(await entries_after(room, mine)) == [1, 3]
    replay = await room.log.after(8, theirs)
    assert isinstance(replay, Replay)
    assert steps(replay.entries) == [2]


async def test_an_id_of_the_future_is_a_gap(room: EventRoom):
    await room.say(USER, step(1))
    last = await room.log.last_id(USER)
    assert await room.log.after(USER, last + 1) == Gap(last, known=False)


async def test_an_id_between_two_events_is_a_gap(room: EventRoom):
    await room.say(USER, step(1))
    first = await room.log.last_id(USER)
    await room.say(USER, step(2))
    last = await room.log.last_id(USER)
    assert last > first + 1
    assert await room.log.after(USER, last - 1) == Gap(last, known=True)


async def test_a_wiped_log_does_not_know_its_old_ids(room: EventRoom):
    await room.say(USER, step(1))
    old = await room.log.last_id(USER)
    await room.raw.delete(*[key async for key in room.raw.scan_iter(match=f"{room.prefix}:*")])
    await room.say(USER, step(2))
    assert isinstance(await room.log.after(USER, old), Gap)


async def test_an_idle_log_is_dropped_but_its_position_stays_known(new_room: NewRoom):
    async with new_room() as room:
        await room.say(USER, step(1), step(2))
        last = await room.log.last_id(USER)
        await room.raw.delete(room.log.channel(USER))
        assert await room.log.after(USER, last) == Replay([], last)
        await room.say(USER, step(3))
        assert steps(await entries_after(room, last)) == [3]
        assert isinstance(await room.log.after(USER, last - 1), Gap)


async def test_every_key_expires(room: EventRoom):
    await room.say(USER, step(1), started(uuid4()), started(uuid4()))
    keys = [key async for key in room.raw.scan_iter(match=f"{room.prefix}:*")]
    assert len(keys) == 6  # stream, head, open answers, two texts, the sender's mark
    assert all([await room.raw.ttl(key) > 0 for key in keys])


async def test_trimming_by_count_keeps_the_newest(new_room: NewRoom):
    async with new_room(log_limits=LogLimits(max_entries=100)) as room:
        start = await room.log.last_id(USER)
        await room.say(USER, *map(step, range(1_000)))
        kept = await room.raw.xlen(room.log.channel(USER))
        assert 100 <= kept <= 200  # whole nodes of a stream are dropped
        last = await room.log.last_id(USER)
        assert await room.log.after(USER, start) == Gap(last, known=True)


async def test_trimming_by_bytes_keeps_the_newest_that_fit(new_room: NewRoom):
    message_id = uuid4()
    async with new_room(log_limits=LogLimits(max_bytes=100_000)) as room:
        await room.say(USER, started(message_id), *(delta(message_id, "x" * 1_000) for _ in range(500)))
        lines = [fields[b"e"] for _, fields in await room.raw.xrange(room.log.channel(USER))]
        assert 60_000 < sum(map(len, lines)) <= 101_500
        last = await room.log.last_id(USER)
        await room.say(USER, step(1))
        assert steps(await entries_after(room, last)) == [1]


async def test_an_event_larger_than_the_log_is_still_kept(new_room: NewRoom):
    message_id = uuid4()
    async with new_room(log_limits=LogLimits(max_bytes=1_000)) as room:
        await room.say(USER, step(1))
        last = await room.log.last_id(USER)
        await room.say(USER, started(message_id), delta(message_id, "x" * 5_000))
        assert isinstance(await room.log.after(USER, last), Gap)
        assert await room.raw.xlen(room.log.channel(USER)) == 1
        await room.say(USER, step(2))
        assert isinstance(await room.log.after(USER, await room.log.last_id(USER)), Replay)


async def test_a_batch_that_is_sent_again_changes_nothing(room: EventRoom):
    start = await room.log.last_id(USER)
    batch = [record_of(USER, step(1)), record_of(USER, step(2))]
    assert await room.log.append("me", 1, batch) == 2
    assert await room.log.append("me", 1, batch) == 0
    assert await room.log.append("me", 2, batch[:1]) == 1
    assert steps(await entries_after(room, start)) == [1, 2, 1]


async def test_a_script_that_the_server_forgot_is_sent_again(room: EventRoom):
    await room.say(USER, step(1))
    await room.raw.script_flush()
    last = await room.log.last_id(USER)
    await room.say(USER, step(2))
    assert steps(await entries_after(room, last)) == [2]


async def test_the_text_of_an_open_answer_is_what_was_written_so_far(room: EventRoom):
    first, second = uuid4(), uuid4()
    await room.say(USER, started(first), delta(first, "При"), started(second), delta(first, "вет"))
    assert await room.log.fold_partials(USER) == (
        {first: PartialText("Привет", 1), second: PartialText("", 1)},
        await room.log.last_id(USER),
    )


async def test_only_the_asked_answers_are_folded(room: EventRoom):
    first, second = uuid4(), uuid4()
    await room.say(USER, started(first), started(second))
    partials, last = await room.log.fold_partials(USER, [second, uuid4()])
    assert (set(partials), last) == ({second}, await room.log.last_id(USER))
    assert await room.log.fold_partials(USER, []) == ({}, last)


async def test_a_new_attempt_begins_with_no_text_and_outdoes_the_old_one(room: EventRoom):
    message_id = uuid4()
    await room.say(USER, started(message_id), delta(message_id, "old"), started(message_id, 2))
    last = await room.log.last_id(USER)
    await room.say(USER, delta(message_id, "late", 1), started(message_id, 1), delta(message_id, "new", 2))
    partials, _ = await room.log.fold_partials(USER)
    assert partials == {message_id: PartialText("new", 2)}
    assert [each.event for each in await entries_after(room, last)] == [delta(message_id, "new", 2)]


async def test_a_finished_answer_has_no_open_text_and_takes_no_more(room: EventRoom):
    message_id = uuid4()
    await room.say(USER, started(message_id), delta(message_id, "a"), completed(message_id))
    last = await room.log.last_id(USER)
    await room.say(USER, delta(message_id, "late"))
    assert await room.log.fold_partials(USER) == ({}, last)


async def test_the_end_of_an_old_attempt_leaves_the_new_text(room: EventRoom):
    message_id = uuid4()
    await room.say(USER, started(message_id, 2), delta(message_id, "new", 2), completed(message_id, 1))
    partials, _ = await room.log.fold_partials(USER)
    assert partials == {message_id: PartialText("new", 2)}


async def test_open_text_outlives_the_trimming_of_its_deltas(new_room: NewRoom):
    message_id = uuid4()
    async with new_room(log_limits=LogLimits(max_entries=100)) as room:
        await room.say(USER, started(message_id), *(delta(message_id, "word ") for _ in range(1_000)))
        partials, _ = await room.log.fold_partials(USER)
        assert partials[message_id].text == "word " * 1_000


async def test_a_torn_answer_is_silent_until_it_is_whole(room: EventRoom):
    message_id = uuid4()
    await room.say(USER, started(message_id), delta(message_id, "a"))
    await room.log.append("other", 1, [tear(USER, message_id)])
    last = await room.log.last_id(USER)
    await room.say(USER, delta(message_id, "c"), completed(message_id))
    assert [each.event for each in await entries_after(room, last)] == [completed(message_id)]


@pytest.mark.parametrize("count", [1, 200, 1_999])
async def test_a_log_that_was_never_read_begins_with_its_first_event(room: EventRoom, count: int):
    await room.say(USER, *map(step, range(count)))
    stream = await room.raw.xrange(room.log.channel(USER))
    assert len(stream) == count
