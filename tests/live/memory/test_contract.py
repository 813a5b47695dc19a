"""What every vector store must do, whichever it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from artel.memory.context import ContextLost, ContextStore, Question, Where
from artel.memory.vectors import BadVector, Space, SparseVector, as_vector
from tests.support.memory import (
    CALL_TYPES,
    MONDAY,
    SPACE,
    Bank,
    meaning,
    new_user,
    numbered,
    numbers,
    point,
    question,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]

FACTS = {
    1: "Мою собаку зовут Бублик",
    2: "The contract ends in March",
    3: "Ticket LH-1187 is about the memory leak",
    4: "Офис переезжает на проспект Лаврентьева",
}
OTHER = Space("other", 4)


async def test_finds_by_meaning_and_words_together(bank: Bank) -> None:
    context = await bank.new(FACTS)

    hits = await context.search(question("как зовут собаку"))

    assert hits[0].id == numbered(1)
    assert hits[0].text == FACTS[1]
    assert hits[0].words > 0
    assert hits[0].similarity is not None
    assert hits[0].similarity == pytest.approx(max(hit.similarity or -1 for hit in hits))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_a_hit_says_everything_of_its_point(bank: Bank) -> None:
    context = await bank.new()
    moment = MONDAY + timedelta(microseconds=123456)
    stored = point(7, "все про точку", session_id=9, call_type="tool", role="tool", agent_id="a", created_at=moment)
    await context.upsert([stored])

    [hit] = await context.search(question("точку"))

    assert (hit.id, hit.text, hit.session_id, hit.call_type, hit.role, hit.agent_id, hit.created_at) == (
        stored.id,
        stored.text,
        9,
        "tool",
        "tool",
        "a",
        moment,
    )


async def test_finds_by_words_alone_when_no_model_can_be_reached(bank: Bank) -> None:
    context = await bank.new()
    await context.upsert([point(number, text, vectors={}) for number, text in FACTS.items()])

    [hit] = await context.search(question("lh-1187", by_meaning=False))

    assert hit.id == numbered(3)
    assert hit.similarity is None


async def test_finds_by_meaning_alone_when_a_question_has_no_words(bank: Bank) -> None:
    context = await bank.new(FACTS)

    hits = await context.search(question("contract", by_words=False))

    assert hits[0].id == numbered(2)
    assert all(hit.words == 0 for hit in hits)


async def test_a_question_of_nothing_finds_nothing(bank: Bank) -> None:
    context = await bank.new(FACTS)

    assert await context.search(Question(sparse=SparseVector())) == []


async def test_what_only_words_find_is_compared_by_meaning_too(bank: Bank) -> None:
    # Given: more texts nearer in meaning than a search by meaning brings
    context = await bank.new(dict.fromkeys(range(10, 60), "погода погода погода сегодня"))
    await context.upsert([point(1, "код доступа ZX-9", vectors={SPACE.name: meaning("погода")})])
    far = point(2, "запасной ZX-9 лежит в сейфе и больше нигде")
    await context.upsert([far])

    # When
    asked = Question(sparse=question("ZX-9").sparse, space=SPACE.name, vector=meaning("погода сегодня"))
    hits = await context.search(asked, limit=40)

    # Then
    [found] = [hit for hit in hits if hit.id == far.id]
    assert found.similarity is not None
    assert -1 <= found.similarity < 0.9


async def test_rare_words_weigh_more_than_common_ones(bank: Bank) -> None:
    context = await bank.new(
        {number: f"отчёт отдела {'продаж' if number == 5 else 'логистики'}" for number in range(9)}
    )

    hits = await context.search(question("отчёт продаж", by_meaning=False))

    assert hits[0].id == numbered(5)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where(session_ids=[2]), {2, 12}),
        (Where(session_ids=[2, 3]), {2, 3, 12, 13}),
        (Where(call_types=["tool"]), {2, 7, 12, 17}),
        (Where(call_types=["tool", "note"]), {2, 4, 7, 9, 12, 14, 17, 19}),
        (Where(agent_ids=["user1_b"]), {1, 3, 5, 7, 9, 11, 13, 15, 17, 19}),
        (Where(since=MONDAY + timedelta(minutes=18)), {18, 19}),
        (Where(until=MONDAY + timedelta(minutes=2)), {0, 1}),
        (Where(without=[numbered(n) for n in range(2, 20)]), {0, 1}),
        (
            Where(
                session_ids=[2, 7],
                call_types=["tool"],
                agent_ids=["user1_b"],
                since=MONDAY + timedelta(minutes=5),
                until=MONDAY + timedelta(minutes=18),
                without=[numbered(7)],
            ),
            {17},
        ),
        (Where(session_ids=[99]), set[int]()),
    ],
)
async def test_filters(bank: Bank, where: Where, expected: set[int]) -> None:
    context = await bank.new()
    await context.upsert(
        [
            point(
                number,
                f"запись {number}",
                session_id=number % 10,
                call_type=CALL_TYPES[number % 5],
                agent_id="user1_b" if number % 2 else "user1_a",
            )
            for number in range(20)
        ]
    )

    hits = await context.search(question("запись"), where, limit=20)

    assert set(numbers(hits)) == expected
    assert await context.count(where) == len(expected)


async def test_the_best_five_unless_more_are_asked_for(bank: Bank) -> None:
    context = await bank.new({number: f"список {number}" for number in range(30)})

    assert len(await context.search(question("список"))) == 5
    assert len(await context.search(question("список"), limit=2)) == 2
    assert len(await context.search(question("список"), limit=20)) == 20


async def test_storing_again_replaces(bank: Bank) -> None:
    context = await bank.new(FACTS)
    await context.upsert([point(1, "Мою кошку зовут Снежка", session_id=5)])

    assert await context.count() == len(FACTS)
    assert numbers(await context.search(question("собаку бублик", by_meaning=False))) == []
    [hit] = await context.search(question("снежка", by_meaning=False))
    assert (hit.id, hit.session_id) == (numbered(1), 5)


async def test_two_users_have_the_same_ids_and_never_meet(bank: Bank) -> None:
    mine, theirs = await bank.new({1: "мой секрет"}), await bank.new({1: "чужой секрет", 2: "ещё чужое"})

    assert [hit.text for hit in await mine.search(question("чужой секрет"))] == ["мой секрет"]
    assert await mine.count() == 1
    await mine.delete([numbered(1), numbered(2)])
    assert await theirs.count() == 2
    await mine.erase()
    assert await theirs.count() == 2


async def test_deleted_points_are_not_found(bank: Bank) -> None:
    context = await bank.new(FACTS)

    await context.delete([numbered(1), numbered(99)])
    await context.delete([numbered(1)])

    assert await context.count() == 3
    assert numbered(1) not in {hit.id for hit in await context.search(question("собаку зовут бублик"))}


async def test_a_chat_is_deleted_with_all_of_its_points(bank: Bank) -> None:
    context = await bank.new()
    await context.upsert([point(number, f"текст {number}", session_id=number % 3 or None) for number in range(9)])

    await context.delete_session(1)

    assert {id.int for id in await context.ids()} == {0, 2, 3, 5, 6, 8}


async def test_ids_come_page_by_page(bank: Bank) -> None:
    context = await bank.new()
    await context.upsert([point(number, "страница") for number in (5, 300, 1, 70000, 2)])

    first = await context.ids(limit=2)
    second = await context.ids(first[-1], 2)
    third = await context.ids(second[-1], 2)

    assert sorted(id.int for id in (*first, *second, *third)) == [1, 2, 5, 300, 70000]
    assert await context.ids(third[-1], 2) == []


async def test_purging_keeps_what_was_not_deleted(bank: Bank) -> None:
    context = await bank.new(FACTS)
    await context.delete([numbered(2)])

    await context.purge()
    await context.purge()

    assert set(await context.ids()) == {numbered(1), numbered(3), numbered(4)}
    hits = await context.search(question("как зовут собаку"))
    assert hits[0].text == FACTS[1]
    await context.upsert([point(2, FACTS[2])])
    assert await context.count() == 4


async def test_there_is_no_context_until_it_is_made(bank: Bank) -> None:
    context = bank.contexts.of(new_user())
    bank.users.append(context.user_id)

    for ask in every_operation(context):
        with pytest.raises(ContextLost):
            await ask

    made = await context.ensure([SPACE])
    again = await context.ensure([SPACE])
    await context.upsert([point(1, "есть")])
    assert (made.created, made.points, made.spaces) == (True, 0, (SPACE,))
    assert (again.created, again.points) == (False, 0)
    assert (await context.ensure([])).points == 1


async def test_erasing_leaves_no_context(bank: Bank) -> None:
    context = await bank.new(FACTS)

    await context.erase()
    await context.erase()

    with pytest.raises(ContextLost):
        await context.count()
    assert (await context.ensure([SPACE])).created
    assert await context.count() == 0


async def test_vectors_of_a_second_space_are_added_later(bank: Bank) -> None:
    context = bank.contexts.of(new_user())
    bank.users.append(context.user_id)
    await context.ensure([SPACE, OTHER])
    await context.upsert([point(number, text) for number, text in FACTS.items()])
    assert len(await context.ids_without(OTHER.name)) == 4

    await context.set_vectors(OTHER.name, {numbered(n): as_vector([n == 1, n == 2, 1, 0]) for n in (1, 2, 3, 9)})

    assert await context.ids_without(OTHER.name) == [numbered(4)]
    assert await context.ids_without(SPACE.name) == []
    assert await context.count() == 4
    hits = await context.search(
        Question(sparse=SparseVector(), space=OTHER.name, vector=as_vector([1, 0, 0, 0])), limit=1
    )
    assert numbers(hits) == [1]
    assert (await context.search(question("собаку")))[0].id == numbered(1), "the first space is as it was"


@pytest.mark.parametrize(
    "vectors",
    [
        {SPACE.name: as_vector([0.0] * 32)},
        {SPACE.name: as_vector([float("nan")] * 32)},
        {SPACE.name: as_vector([float("inf")] + [1.0] * 31)},
        {SPACE.name: as_vector([1.0] * 31)},
        {"nobody": as_vector([1.0] * 32)},
    ],
    ids=["zero", "not a number", "infinite", "short", "unknown space"],
)
async def test_what_is_no_vector_is_refused_whole(bank: Bank, vectors: Any) -> None:
    context = await bank.new(FACTS)

    with pytest.raises(BadVector):
        await context.upsert([point(50, "хорошая"), point(51, "плохая", vectors=vectors)])
    [(space, vector)] = vectors.items()
    with pytest.raises(BadVector):
        await context.set_vectors(space, {numbered(1): vector})
    with pytest.raises(BadVector):
        await context.search(Question(sparse=SparseVector(), space=space, vector=vector))

    assert await context.count() == len(FACTS)


async def test_a_space_keeps_its_dimension(bank: Bank) -> None:
    context = await bank.new()

    with pytest.raises(ValueError, match="toy has 32 dimensions"):
        await context.ensure([Space("toy", 16)])


async def test_a_healthy_store_has_no_troubles(bank: Bank) -> None:
    await bank.new(FACTS)

    assert await bank.contexts.troubles() == []


def every_operation(context: ContextStore) -> list[Any]:
    """All that need a context, with arguments that mean something."""
    return [
        context.upsert([point(1, "текст")]),
        context.search(question("текст")),
        context.delete([numbered(1)]),
        context.delete_session(1),
        context.purge(),
        context.count(),
        context.ids(),
        context.ids_without(SPACE.name),
        context.set_vectors(SPACE.name, {numbered(1): meaning("текст")}),
        context.drop_space(SPACE.name),
    ]


async def test_it_knows_whether_anything_is_left(bank: Bank) -> None:
    mine, others = await bank.new(FACTS), await bank.new(FACTS)
    assert not await mine.is_gone()
    await mine.purge()
    assert not await mine.is_gone()

    await mine.erase()

    assert await mine.is_gone()
    assert not await others.is_gone()
