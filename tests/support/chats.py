"""Chats of any length, made in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from artel.kit.ids import IdMaker
from artel.memory.ids import memory_id
from artel.store.shards import Shards
from tests.support.stores import Stores

FIRST_DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When the first message of every chat was said; the others follow a minute apart."""

_MESSAGES = """
with said as (
    select * from unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[]) with ordinality
        as each (id, role, content, at, n)
), made as (
    insert into runs (user_id, id, session_id, mode, status, message_id, answer_id)
    select $1, id, $2, 'direct', 'completed', id, id from said
)
insert into messages (user_id, id, session_id, run_id, role, content, agent_id, created_at)
select $1, id, $2, id, role, content, case role when 'assistant' then 'user' || $1::bigint || '_coder' end, at from said
"""

_REMEMBERED = """
insert into memories (user_id, id, kind, source_id, session_id, call_type, role, text)
select $1, id, 'message', source, $2, 'direct', 'user', content
from unnest($3::uuid[], $4::text[], $5::text[]) as each (id, source, content)
"""
_COUNTED = "update chat_sessions set unlearned = unlearned + $3 where user_id = $1 and id = $2"
_QUIET = "update chat_sessions set updated_at = now() - interval '11 minutes' where user_id = $1 and id = $2"


@dataclass
class Chat:
    """A chat of one user."""

    shards: Shards
    user_id: int
    id: int
    ids: IdMaker
    said: int = 0

    async def say(self, *contents: str, roles: Sequence[str] = ("user", "assistant")) -> list[UUID]:
        """Stores messages, whose roles take turns; their ids, oldest first."""
        ids = [self.ids.uuid() for _ in contents]
        numbers = range(self.said, self.said + len(contents))
        at = [FIRST_DAY + timedelta(minutes=number) for number in numbers]
        by = [roles[number % len(roles)] for number in numbers]
        await self.do(_MESSAGES, self.id, ids, by, list(contents), at)
        self.said += len(contents)
        return ids

    async def tell(self, *contents: str) -> list[UUID]:
        """The user says something, and it is remembered; what is to be learned from is counted."""
        ids = await self.say(*contents, roles=("user",))
        memories = [memory_id(self.user_id, "message", str(id), 0) for id in ids]
        await self.do(_REMEMBERED, self.id, memories, list(map(str, ids)), list(contents))
        await self.do(_COUNTED, self.id, len(ids))
        return ids

    async def grow_quiet(self) -> None:
        """Nobody has said anything for eleven minutes."""
        await self.do(_QUIET, self.id)

    async def read(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """What the user finds; $1 is the user."""
        async with self.shards.user_tx(self.user_id) as tx:
            return [dict(row) for row in await tx.fetch(sql, self.user_id, *args)]

    async def do(self, sql: str, *args: object) -> None:
        """Changes something of the user's; $1 is the user."""
        async with self.shards.user_tx(self.user_id) as tx:
            await tx.execute(sql, self.user_id, *args)

    async def set(self, **columns: object) -> None:
        """Changes the chat's row."""
        changed = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 3))
        await self.do(f"update chat_sessions set {changed} where user_id = $1 and id = $2", self.id, *columns.values())

    async def row(self) -> dict[str, Any]:
        """The chat's row."""
        [row] = await self.read("select * from chat_sessions where user_id = $1 and id = $2", self.id)
        return row

    async def facts(self) -> list[dict[str, Any]]:
        """What was learned, oldest first."""
        return await self.read("select * from memories where user_id = $1 and kind = 'fact' order by created_at, part")

    async def summaries(self) -> list[dict[str, Any]]:
        """What stands for the older messages, oldest first."""
        found = "select * from chat_summaries where user_id = $1 and session_id = $2 order by first_message, level desc"
        return await self.read(found, self.id)


async def new_chat(stores: Stores, user_id: int, ids: IdMaker | None = None) -> Chat:
    """An empty chat."""
    maker = ids or IdMaker()
    chat = Chat(stores.shards, user_id, maker.number(), maker)
    await chat.do("insert into chat_sessions (user_id, id, title) values ($1, $2, '')", chat.id)
    return chat


@pytest.fixture
async def chat(stores: Stores) -> Chat:
    """An empty chat of somebody."""
    return await new_chat(stores, await stores.new_user())
