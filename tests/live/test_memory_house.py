"""Memory in a whole house: what is said in one chat is remembered, indexed, and told in another, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from artel.app.gateway import gateway_for
from artel.memory.embed.local import EmbedWorkers
from artel.memory.patience import Patience
from artel.tools.builtin.memory import MEMORY_SAVE, MEMORY_SEARCH
from tests.support.api import Person, Site
from tests.support.house import house_over
from tests.support.memory import Edge
from tests.support.model_server import ModelServer
from tests.support.stores import Stores
from tests.support.tool_people import chosen
from tests.support.tool_scripts import calling

TOLD = "[From your memory of this user"


@pytest.fixture
async def living(
    stores: Stores, edge: Edge, embed_workers: EmbedWorkers, model_server: ModelServer
) -> AsyncGenerator[Site]:
    """An installation with the embedded index and the bundled model."""
    companions = {"contexts": [*map(str, edge.sockets)], "embedder": [*map(str, embed_workers.sockets)]}
    async with house_over(stores, model_server, companions=companions) as house, AsyncExitStack() as stack:
        # A busy machine is no fault of what is tested here.
        house.recall.patience = Patience(20, 20)
        yield Site(gateway_for(house), house, stores, stack)
        assert house.memory is not None
        for user in await stores.as_migrator("select user_id from shard_users"):
            await house.memory.contexts.of(user["user_id"]).erase()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110  # indexing tells nobody when it is through
            await asyncio.sleep(0.05)


async def settled(person: Person, site: Site) -> None:
    """Everything that was said is remembered and indexed, and what is gone has left the index."""

    async def is_settled() -> bool:
        async with site.house.shards.user_tx(person.id) as tx:
            return await tx.fetchval(_SETTLED, person.id)

    await until(is_settled)


def told(model_server: ModelServer) -> str:
    messages = model_server.log.requests[-1].body["messages"]
    return next((each["content"] for each in messages if each["role"] == "user" and TOLD in each["content"]), "")


async def remembered(person: Person) -> list[dict[str, Any]]:
    return (await person.http.get("/my/memory/")).json()["items"]


async def test_from_one_chat_to_another(living: Site, model_server: ModelServer) -> None:
    ann, bob = await living.person(), await living.person()
    for person in (ann, bob):
        await person.agent("Coder")
        await person.agent("Writer")
    monday = await ann.chat("Monday")
    await ann.say(monday, "@coder Моего корги зовут Бублик, ему три года.")
    await settled(ann, living)

    await ann.say(await ann.chat(), "@writer Как имя моей собаки?")
    assert "user to @coder: Моего корги зовут Бублик, ему три года." in told(model_server)

    await bob.say(await bob.chat(), "@writer Моего корги зовут Бублик, ему три года.")
    assert told(model_server) == ""

    for memory in await remembered(ann):
        if "Бублик" in memory["text"]:
            await ann.http.patch(f"/my/memory/{memory['id']}/", json={"text": "Моего корги зовут Тост."})
    await ann.say(await ann.chat(), "@writer Как имя моей собаки?")
    assert "Тост" in told(model_server)
    assert "Бублик" not in told(model_server)

    await ann.http.delete(f"/my/chat/{monday}/")
    await ann.say(await ann.chat(), "@writer Сколько лет моему корги?")
    assert "Тост" not in told(model_server)
    assert "Бублик" not in told(model_server)


async def test_what_an_agent_noted_is_known_and_what_it_looked_up_is_not_remembered_again(
    living: Site, model_server: ModelServer
) -> None:
    ann = await living.person()
    await ann.agent("Coder", tools=chosen(MEMORY_SEARCH, **{MEMORY_SAVE: "allow"}))
    note = calling([(MEMORY_SAVE, {"text": "Ann's locker has the number LK-4711."})])
    assert (await ann.say(await ann.chat(), f"@coder {note}")).json()["status"] == "complete"
    await settled(ann, living)

    search = calling([(MEMORY_SEARCH, {"query": "Which locker is mine?"})], "Found.")
    answer = (await ann.say(await ann.chat(), f"@coder {search}")).json()
    await settled(ann, living)

    [call] = answer["tool_calls"]
    assert [found["text"] for found in call["result"]["found"]] == ["Ann's locker has the number LK-4711."]
    assert [each["kind"] for each in await remembered(ann) if each["kind"] in ("tool", "note")] == ["note"]
    await ann.say(await ann.chat(), "@coder Where is LK-4711?")
    assert "noted by @coder: Ann's locker has the number LK-4711." in told(model_server)


_SETTLED = """
select not exists(select from messages where user_id = $1 and not remembered)
    and not exists(select from tool_calls where user_id = $1 and not remembered)
    and not exists(select from memories where user_id = $1 and (indexed_revision < revision or indexed_space is null))
    and not exists(select from memory_deletions where user_id = $1)
"""
