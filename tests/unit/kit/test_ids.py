"""Ids: rising, unique, and readable by every client."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from artel.kit.ids import MAX_NUMBER, NUMBER_EPOCH_MS, IdMaker


@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=200))
def test_ids_rise_whatever_the_clock_does(steps: list[int]) -> None:
    now = NUMBER_EPOCH_MS + 10_000_000
    times = iter([now := now + step for step in steps for _ in range(2)])
    ids = IdMaker(lambda: next(times))

    made = [(ids.number(), ids.uuid()) for _ in steps]

    numbers, uuids = [number for number, _ in made], [uuid for _, uuid in made]
    assert numbers == sorted(set(numbers))
    assert uuids == sorted(set(uuids))


def test_more_ids_than_a_millisecond_holds_borrow_from_the_next() -> None:
    ids = IdMaker(lambda: NUMBER_EPOCH_MS + 1, lambda bits: (1 << bits) - 1)

    numbers = [ids.number() for _ in range(10_000)]

    assert numbers == sorted(set(numbers))


def test_a_number_is_an_integer_that_json_clients_read_exactly_until_2095() -> None:
    end = IdMaker(lambda: NUMBER_EPOCH_MS + (1 << 41) - 1, lambda bits: (1 << bits) - 1).number()

    assert 0 < end <= MAX_NUMBER
    assert int(float(end)) == end


def test_a_uuid_is_of_version_7_and_tells_its_millisecond() -> None:
    uuid = IdMaker(lambda: 1_800_000_000_123).uuid()

    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")
    assert uuid.int >> 80 == 1_800_000_000_123


def test_two_makers_do_not_make_the_same_ids() -> None:
    one, other = IdMaker(), IdMaker()

    assert not {one.uuid() for _ in range(2000)} & {other.uuid() for _ in range(2000)}
