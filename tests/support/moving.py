"""Users with rows of many kinds, all rows of every shard to compare, and a mover that is a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import asyncpg
import orjson

from artel.store.moves.mover import Mover
from artel.store.moves.owned import owned_tables
from artel.store.roles import DatabaseUrls, plain_dsn
from artel.store.shards import Shards
from tests.support.stores import Stores

KILLED: Final = -9


async def fill(stores: Stores, user_id: int, *, messages: int = 40, chunks: int = 6, chunk_bytes: int = 2_000) -> None:
    """Gives a user a running and a waiting task, a conversation, a file, memories (some just deleted) and more."""
    async with stores.shards.user_tx(user_id) as tx:
        names = {"session": user_id * 1000 + 1, "agent": f"user{user_id}_coder", "worker": "a worker"}
        ids = {name: uuid4() for name in ("agent", "run", "running", "waiting", "approval", "file", "ask", "answer")}
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, $2, 'Разговор \x01 \\ \"')",
                         user_id, names["session"])  # fmt: skip
        await tx.execute("insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit)"
                         " values ($1, $2, $3, 'Coder', $4, 3)", user_id, ids["agent"], names["agent"],
                         orjson.dumps({"a": [1.5, None, "ё"], "b": {}}).decode())  # fmt: skip
        await tx.execute("insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, cost)"
                         " values ($1, $2, $3, 'direct', 'running', $4, $5, 0.000410)",
                         user_id, ids["run"], names["session"], ids["ask"], ids["answer"])  # fmt: skip
        for task, status, seat in (("running", "running", 1), ("waiting", "waiting", None)):
            await tx.execute(
                "insert into tasks (user_id, id, session_id, run_id, task_id, kind, assigned_agent, status, message_id,"
                " max_attempts, worker, seat, history)"
                " values ($1, $2, $3, $4, $5, 'task', $6, $7, $8, 3, $9, $10, '[]')",
                user_id, ids[task], names["session"], ids["run"], task, names["agent"], status, ids["answer"],
                names["worker"] if seat else None, seat)  # fmt: skip
        await tx.execute("insert into tool_calls (user_id, task, call_id, tool_id, arguments, message_id, agent_id)"
                         " values ($1, $2, 'call', 'camera', '{}', $3, $4)",
                         user_id, ids["waiting"], ids["answer"], names["agent"])  # fmt: skip
        await tx.execute("insert into approval_requests (user_id, id, session_id, run_id, type, request, task)"
                         " values ($1, $2, $3, $4, 'tool', '{}', $5)",
                         user_id, ids["approval"], names["session"], ids["run"], ids["waiting"])  # fmt: skip
        await tx.execute(
            "insert into messages (user_id, id, session_id, run_id, role, content, cost)"
            " select $1, gen_random_uuid(), $2, $3, 'user', repeat('слово ', n), n * 0.10"
            " from generate_series(1, $4) n",
            user_id, names["session"], ids["run"], messages)  # fmt: skip
        await tx.execute("insert into files (user_id, id, name, media_type, size, sha256, source, text_status)"
                         " values ($1, $2, 'a.bin', 'application/octet-stream', $3, '\\x00', 'upload', 'none')",
                         user_id, ids["file"], chunks * chunk_bytes)  # fmt: skip
        await add_chunks(tx, user_id, ids["file"], 0, chunks, chunk_bytes)
        await tx.execute(
            "insert into memories (user_id, id, kind, session_id, file_id, call_type, role, text)"
            " select $1, gen_random_uuid(), 'note', $2, $3, 'note', 'user', 'passage ' || n"
            " from generate_series(1, 9) n",
            user_id, names["session"], ids["file"])  # fmt: skip
        await tx.execute("delete from memories where user_id = $1 and text = 'passage 9'", user_id)
        await tx.execute("insert into memory_state (user_id, worker, lease_until) values ($1, 'a worker', now())",
                         user_id)  # fmt: skip


async def add_chunks(tx: object, user_id: int, file_id: object, first: int, count: int, size: int) -> None:
    """Bytes of a file, each chunk another."""
    assert hasattr(tx, "execute")
    await tx.execute(  # pyright: ignore
        "insert into file_chunks (user_id, file_id, number, content)"
        " select $1, $2, n, decode(repeat(lpad(to_hex(n % 256), 2, '0'), $5), 'hex')"
        " from generate_series($3::bigint, $3::bigint + $4::bigint - 1) n",
        user_id, file_id, first, count, size)  # fmt: skip


Rows = Mapping[tuple[str, int], Counter[str]]
"""By table and user."""


@dataclass(frozen=True)
class Everything:
    """All users' rows of one shard."""

    rows: Rows

    def of(self, user_id: int) -> dict[str, Counter[str]]:
        """One user's rows by table; without what only says where they are."""
        return {table: rows for (table, user), rows in self.rows.items() if user == user_id}


async def everything(urls: DatabaseUrls) -> Everything:
    """Reads a shard as the role that row-level security does not bind."""
    connection = await asyncpg.connect(plain_dsn(urls.migrator))
    rows: dict[tuple[str, int], Counter[str]] = {}
    try:
        for table in await owned_tables(connection):
            for row in await connection.fetch(f"select user_id, to_jsonb(t)::text as row from {table.name} t"):
                rows.setdefault((table.name, row["user_id"]), Counter())[row["row"]] += 1
    finally:
        await connection.close()
    return Everything(rows)


async def both(stores: Stores) -> tuple[Everything, Everything]:
    """The two shards of `two_shards`."""
    first, second = [await everything(urls) for urls in stores.databases]
    return first, second


async def silence(user_id: int) -> None:
    """No other process remembers anything."""


def a_mover(shards: Shards, **how: object) -> Mover:
    """One over these shards."""
    return Mover(shards, silence, **how)  # pyright: ignore[reportArgumentType]


async def mover_killed_at(stores: Stores, user_id: int, target: str, point: str) -> int:
    """Runs a process that moves the user and is killed at a point; answers its exit status."""
    setup = {
        "databases": [urls.app.render_as_string(hide_password=False) for urls in stores.databases],
        "user_id": user_id,
        "target": target,
        "point": point,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.mover_process", stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(orjson.dumps(setup))
    assert process.returncode is not None
    return process.returncode
