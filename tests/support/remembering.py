"""What somebody said and did, put into the tables by hand, and whoever indexes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson

from artel.kit.ids import IdMaker
from artel.memory.context import Contexts
from artel.memory.index import Tools
from artel.memory.remember import remember
from artel.memory.sparse import SparseEncoder
from artel.memory.turn import Turns
from artel.memory.vectors import SparseVector
from artel.memory.words import WordReader
from artel.store.shards import Shards
from tests.support.embedders import ToyEmbedder
from tests.support.stores import Stores

T = TypeVar("T")

IDS = IdMaker()
READER = WordReader()
_ENCODER = SparseEncoder(READER)


async def at_once(work: Callable[[], T]) -> T:
    """Does it here: what tests read is short."""
    return work()


async def encode(texts: Sequence[str]) -> list[SparseVector]:
    """The words of texts."""
    return [_ENCODER.passage(text) for text in texts]


@dataclass
class Diary:
    """A user, with everything that was said."""

    stores: Stores
    user_id: int
    run_id: UUID = field(default_factory=IDS.uuid)

    @classmethod
    async def of(cls, stores: Stores) -> Diary:
        """Of a new user."""
        return cls(stores, await stores.new_user())

    async def chat(self, title: str = "", *, memory: bool = True) -> int:
        """A new chat."""
        chat = IDS.number()
        await self.run(
            "insert into chat_sessions (user_id, id, title, memory) values ($1, $2, $3, $4)", chat, title, memory
        )
        return chat

    async def agent(self, handle: str, *, save: bool = True) -> str:
        """A new agent; answers its id."""
        agent_id = f"user{self.user_id}_{handle}"
        config = orjson.dumps({"name": handle, "memory": {"recall": True, "save": save}}).decode()
        await self.run(_AGENT, IDS.uuid(), agent_id, handle, config)
        return agent_id

    async def say(self, chat: int, text: str, *, agent: str | None = None, mode: str = "direct") -> UUID:
        """The user's message; answers its id."""
        message, run = IDS.uuid(), IDS.uuid()
        await self.run(_RUN, run, chat, mode, message, IDS.uuid(), agent)
        await self.run(_MESSAGE, message, chat, run, "user", text, None, "complete", None)
        return message

    async def answer(
        self,
        chat: int,
        text: str,
        *,
        agent: str = "coder",
        status: str = "complete",
        task: str | None = None,
        to: UUID | None = None,
    ) -> UUID:
        """What an agent answers; answers its id. to: the user's message that it answers."""
        message, run = IDS.uuid(), self.run_id
        if to is not None:
            [[run]] = await self.rows("select run_id from messages where user_id = $1 and id = $2", to)
        await self.run(_RUN, run, chat, "auto" if task else "direct", IDS.uuid(), message, agent)
        await self.run(_MESSAGE, message, chat, run, "assistant", text, agent, status, task)
        return message

    async def call(self, chat: int, tool: str, value: Any, *, status: str = "ok", agent: str = "coder") -> str:
        """A tool's finished call; answers its source id."""
        task = IDS.uuid()
        await self.run(_RUN, self.run_id, chat, "direct", IDS.uuid(), IDS.uuid(), agent)
        await self.run(_TASK, task, chat, self.run_id, str(task), agent, IDS.uuid())
        result = orjson.dumps({"value": value, "files": []}).decode()
        await self.run(_CALL, task, "call1", tool, '{"q": "x"}', result, IDS.uuid(), agent, status)
        return f"{task}:call1"

    async def file(self, name: str, text: str, *, minutes_ago: int = 60) -> UUID:
        """A file with this text, uploaded so long ago."""
        file = IDS.uuid()
        uploaded = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        await self.run(_FILE, file, name, len(text), text, uploaded)
        return file

    async def attach(self, message: UUID, file: UUID) -> None:
        """Sends a file along with a message."""
        await self.run(
            "insert into message_files (user_id, message_id, file_id, place) values ($1, $2, $3, 0)", message, file
        )

    async def run(self, sql: str, *values: object) -> None:
        """Runs a statement; $1 is the user."""
        async with self.shards.user_tx(self.user_id) as tx:
            await tx.execute(sql, self.user_id, *values)

    async def rows(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """The rows of a query; $1 is the user."""
        async with self.shards.user_tx(self.user_id) as tx:
            return await tx.fetch(sql, self.user_id, *values)

    async def memories(self) -> list[asyncpg.Record]:
        """Everything that is remembered, in the order in which it was said."""
        return await self.rows("select * from memories where user_id = $1 order by created_at, source_id, part")

    async def texts(self) -> list[str]:
        """Of these."""
        return [row["text"] for row in await self.memories()]

    async def remember(self) -> int:
        """Remembers all there is; answers how many sources that were."""
        looked = 0
        while some := await remember(self.shards, self.user_id, READER, at_once):
            looked += some
        return looked

    @property
    def shards(self) -> Shards:
        """Where it is."""
        return self.stores.shards


def turns_over(stores: Stores, contexts: Contexts, embedder: ToyEmbedder | None, worker: str = "me") -> Turns:
    """A process's turns."""
    tools = Tools(stores.shards, embedder, encode)
    return Turns(tools, contexts, worker, READER, at_once, on_indexed=lambda count: None)


async def all_turns(turns: Turns, user_id: int) -> int:
    """Takes turns until nothing is left; answers how many it took."""
    taken = 1
    while await turns.take(user_id) is not None:
        taken += 1
    return taken


_AGENT = """
insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit) values ($1, $2, $3, $4, $5::jsonb, 3)
"""
_RUN = """
insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, agent_id)
values ($1, $2, $3, $4, 'completed', $5, $6, $7) on conflict do nothing
"""
_MESSAGE = """
insert into messages (user_id, id, session_id, run_id, role, content, agent_id, status, task_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_TASK = """
insert into tasks (user_id, id, session_id, run_id, task_id, kind, assigned_agent, message_id, max_attempts, status)
values ($1, $2, $3, $4, $5, 'answer', $6, $7, 3, 'done')
"""
_CALL = """
insert into tool_calls (
    user_id, task, call_id, tool_id, arguments, result, message_id, agent_id, status, finished_at
) values ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, now())
"""
_FILE = """
insert into files (
    user_id, id, name, media_type, size, sha256, source, text_status, characters, text, created_at
) values ($1, $2, $3, 'text/plain', $4, ''::bytea, 'upload', 'ready', $4, $5, $6)
"""
