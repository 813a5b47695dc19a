"""Memories searched by their user: best first, in one's own only, and a clear word when there is no search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from artel.app.gateway import gateway_for
from artel.app.memory import MemoryHouse
from artel.memory.context import Trouble
from artel.memory.finder import Finder
from tests.support.api import Person, Site
from tests.support.memories import Memories

DOG = "Моего корги зовут Бублик, ему три года."
TRAIN = "Поезд в Казань отходит в 18:45 с пятой платформы."


@dataclass
class _Indexer:
    woken: list[int]

    def wake(self, user_id: int) -> None:
        self.woken.append(user_id)


@pytest.fixture
async def woken(site: Site, remembered: Memories) -> list[int]:
    """The site's own search, over what `remembered` puts there. Answers whom the indexer is woken for."""

    async def troubles() -> Sequence[Trouble]:
        return [Trouble("full", "No room.")]

    indexer = _Indexer([])
    finder: Finder = site.house.recall.finder or pytest.fail("there is no finder")
    memory = MemoryHouse(remembered.contexts, None, cast(Any, indexer), finder, troubles)
    site.app = gateway_for(replace(site.house, memory=memory))
    return indexer.woken


async def again(site: Site, person: Person) -> Person:
    """The same person before the application as it is now."""
    there = replace(person, http=await site.visitor())
    await site.sign_in_again(there, there.http)
    return there


async def found(person: Person, query: str, **more: Any) -> list[tuple[str, str]]:
    """Texts, and what found them."""
    answer = await person.http.get("/my/memory/", params={"q": query, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return [(item["text"], item["why"]) for item in answer.json()["items"]]


async def test_the_nearest_come_first_with_their_reasons(
    site: Site, ann: Person, woken: list[int], remembered: Memories
) -> None:
    ann = await again(site, ann)
    await remembered.add(ann.id, TRAIN)
    dog = await remembered.add(ann.id, DOG, minute=1)

    answer = await ann.http.get("/my/memory/", params={"q": "Как имя моей собаки?"})

    first, second = answer.json()["items"]
    assert (first["id"], first["text"], second["text"]) == (str(dog), DOG, TRAIN)
    assert 1 >= first["score"] > second["score"] >= 0
    assert first["why"] == "meaning"
    assert (await found(ann, "18:45"))[0][0] == TRAIN


async def test_a_search_is_filtered(site: Site, ann: Person, woken: list[int], remembered: Memories) -> None:
    ann = await again(site, ann)
    chat = await ann.chat("Dogs")
    await remembered.add(ann.id, DOG, kind="message", call_type="direct", session_id=chat, agent_id="user1_coder")
    await remembered.add(ann.id, "Собаку зовут Рогалик.", minute=5)

    for filters, expected in (
        ({"session_id": chat}, [DOG]),
        ({"kind": "note"}, ["Собаку зовут Рогалик."]),
        ({"call_type": "direct"}, [DOG]),
        ({"agent_id": "user1_coder"}, [DOG]),
        ({"limit": 1, "kind": "message"}, [DOG]),
        ({"kind": "fact"}, []),
    ):
        assert [text for text, _ in await found(ann, "собака", **filters)] == expected


async def test_the_words_of_another_find_nothing_of_theirs(
    site: Site, ann: Person, bob: Person, woken: list[int], remembered: Memories
) -> None:
    ann, bob = await again(site, ann), await again(site, bob)
    hers = await remembered.add(ann.id, DOG)
    await remembered.add(bob.id, TRAIN)

    assert [text for text, _ in await found(bob, DOG)] == [TRAIN]
    assert str(hers) not in (await bob.http.get("/my/memory/", params={"q": DOG})).text
    assert [text for text, _ in await found(ann, DOG)] == [DOG]


async def test_whoever_keeps_the_index_is_woken_and_its_troubles_are_told(
    site: Site, ann: Person, woken: list[int]
) -> None:
    ann = await again(site, ann)

    made = await ann.http.post("/my/memory/", json={"text": "hello"})
    await ann.http.delete(f"/my/memory/{made.json()['id']}/")
    state = (await ann.http.get("/my/memory/state/")).json()

    assert woken == [ann.id, ann.id]
    assert (state["status"], state["reasons"]) == ("degraded", ["full"])


async def test_in_the_first_second_a_search_finds_nothing_and_the_state_says_why(
    site: Site, ann: Person, woken: list[int]
) -> None:
    ann = await again(site, ann)
    await ann.http.post("/my/memory/", json={"text": DOG})

    assert await found(ann, "Бублик") == []
    assert (await ann.http.get("/my/memory/state/")).json()["waiting"] == 1


async def test_without_an_index_there_is_no_search_and_everything_else(ann: Person) -> None:
    await ann.http.post("/my/memory/", json={"text": "hello"})

    answer = await ann.http.get("/my/memory/?q=hello")

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/memory-unavailable")
    assert len((await ann.http.get("/my/memory/?q=%20")).json()["items"]) == 1
    assert (await ann.http.get("/my/memory/state/")).json()["status"] == "off"
