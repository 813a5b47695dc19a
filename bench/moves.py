"""How long a user's move between two PostgreSQL servers takes, and how long the user waits for it.

python -m bench.moves [--quick]      # prints a table; docs/shards.md has one
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL

from artel.store.embedded import EmbeddedServers, ensure_database
from artel.store.migrate import migrate, name_shard
from artel.store.moves.mover import Moved, Mover
from artel.store.roles import prepare_database
from artel.store.shards import Shards

_KEY = "a secret key of the benchmark"


@dataclass(frozen=True, slots=True)
class Load:
    """What a user has: messages of about 700 bytes, and files in chunks of 256 KiB."""

    name: str
    messages: int
    chunks: int


_LOADS = (
    Load("a new user", 10, 0),
    Load("2,000 messages", 2_000, 0),
    Load("100,000 messages (70 MB)", 100_000, 0),
    Load("100 MB of files, 2,000 messages", 2_000, 400),
)


async def _open(servers: EmbeddedServers) -> Shards:
    urls: list[URL] = []
    for number, server in enumerate(servers.__enter__().postgres, start=1):
        await ensure_database(server, "artel")
        pair = await prepare_database(server.dsn("artel"), _KEY)
        await migrate(pair.migrator)
        await name_shard(pair.migrator, f"shard{number}", is_directory=number == 1)
        urls.append(pair.app)
    shards = Shards(urls)
    await shards.start()
    return shards


async def _user(shards: Shards, load: Load) -> int:
    async with shards.system_tx() as session:
        user_id = await session.scalar(
            text(
                "insert into users (email, password_hash, role, locale, shard)"
                " values (:email, '!', 'user', 'en', 'shard1') returning id"
            ),
            {"email": f"{load.name}@example.org"},
        )
    await shards.open_space(user_id, "shard1")
    async with shards.user_tx(user_id) as tx:
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, 1, '')", user_id)
        await tx.execute(
            "insert into messages (user_id, id, session_id, run_id, role, content)"
            " select $1, gen_random_uuid(), 1, gen_random_uuid(), 'user', repeat(md5(n::text), 20)"
            " from generate_series(1, $2::bigint) n",
            user_id,
            load.messages,
        )
        file = await tx.fetchval(
            "insert into files (user_id, id, name, media_type, size, sha256, source, text_status)"
            " values ($1, gen_random_uuid(), 'a', 'b', 1, '', 'upload', 'none') returning id",
            user_id,
        )
        for number in range(load.chunks):
            await tx.execute(
                "insert into file_chunks (user_id, file_id, number, content)"
                " select $1, $2, $3::bigint, string_agg(decode(md5(($3::bigint * n)::text), 'hex'), '')"
                " from generate_series(1, 16384) n",
                user_id,
                file,
                number,
            )
    return user_id


async def _longest_wait(shards: Shards, user_id: int, moving: asyncio.Task[Moved | None]) -> float:
    longest = 0.0
    while not moving.done():
        begun = time.monotonic()
        async with shards.user_tx(user_id) as tx:
            await tx.execute("update chat_sessions set updated_at = now() where user_id = $1", user_id)
        longest = max(longest, time.monotonic() - begun)
        await asyncio.sleep(0.005)
    return longest


async def _tell(user_id: int) -> None:
    """Nobody else is there."""


async def _main(quick: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        servers = EmbeddedServers(Path(directory), postgres_servers=2, valkey=False)
        try:
            shards = await _open(servers)
            for load in _LOADS[:2] if quick else _LOADS:
                user_id = await _user(shards, load)
                moving = asyncio.create_task(Mover(shards, _tell).move(user_id, "shard2"))
                longest = await _longest_wait(shards, user_id, moving)
                moved = await moving
                assert moved is not None
                print(
                    f"{load.name}: {moved.rows} rows, {moved.size / 1e6:.1f} MB, {moved.seconds:.2f} s in all,"
                    f" {moved.fenced:.2f} s fenced; longest call {longest:.2f} s",
                    flush=True,
                )
            await shards.stop()
        finally:
            servers.__exit__(None, None, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    asyncio.run(_main(parser.parse_args().quick))
