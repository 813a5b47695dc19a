"""A house full of every kind of row is backed up while people are at work, and brought back somewhere else."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import orjson
import pytest

from artel.app.gateway import gateway_for
from artel.app.house import House
from artel.app.restore import Wishes, restore_backup
from artel.events.types import Event, RunCompleted
from tests.support.backups import PASSPHRASE, Rows, Target, back_up, empty_target, not_told, read_back, rows_of
from tests.support.house import house_over
from tests.support.isolation_http import Caller, Wire, http_session, with_cookie
from tests.support.isolation_victim import Victim
from tests.support.isolation_world import ALL_LAYERS, EMAIL, open_world
from tests.support.live_http import live_server
from tests.support.model_server import ModelServer
from tests.support.servers import FreshDatabase
from tests.support.stores import installation, migrated_shard

FILE = "/my/files/"
BYTES = bytes(range(256)) * 3500
CHANGED = {
    "sign_ins": "people sign in again",
    "mcp_sign_ins": "they ended",
    "memories": "the index is built anew",
    "memory_state": "the index is built anew",
    "memory_deletions": "the index is built anew",
}
"""What a restore changes, and why."""


@dataclass(frozen=True)
class Safe:
    """A backup and what its world was like."""

    content: bytes
    rows: Sequence[Rows]
    victim: Victim
    file: str


@pytest.fixture(scope="module")
async def safe(fresh_database: FreshDatabase, redis_url: str) -> Safe:
    """Made while somebody writes."""
    first = await migrated_shard(fresh_database, "shard1", is_directory=True)
    second = await migrated_shard(fresh_database, "shard2", is_directory=False)
    async with open_world(ALL_LAYERS, (first, second), f"{redis_url}?db=8") as world:
        await _upload(world.victim.caller)
        file = await _upload(world.victim.caller)
        writing = asyncio.create_task(_write(world.victim.caller, int(world.victim.named["session_id"]["a chat"])))
        content, rows = await back_up((first, second), PASSPHRASE)
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
    # The world has ended: what follows has the backup alone.
    return Safe(content, rows, world.victim, file)


async def _upload(caller: Caller) -> str:
    head = b'--b0und\r\nContent-Disposition: form-data; name="file"; filename="all.bin"\r\n\r\n'
    body = head + BYTES + b"\r\n--b0und--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b0und"}
    reply = await caller.wire.send("POST", FILE, {**kind, **caller.headers}, body)
    return orjson.loads(reply.body)["id"]


async def _write(caller: Caller, chat: int) -> None:
    number = 0
    while True:
        number += 1
        await caller.ok("POST", "/my/memory/", {"text": f"Note {number}", "session_id": chat})


@pytest.fixture(scope="module")
async def restored(
    safe: Safe, fresh_database: FreshDatabase, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Target:
    """The backup in databases of its own."""
    target = await empty_target(fresh_database, f"{redis_url}?db=9", tmp_path_factory.mktemp("data"), 2)
    archive = read_back(safe.content, PASSPHRASE)
    done = await restore_backup(target.settings, None, archive, Wishes(keep_sign_ins=False), not_told)
    assert done.has_key
    assert not done.redis_has_events
    return target


@dataclass(frozen=True)
class _Reopened:
    house: House
    victim: Caller


@pytest.fixture(scope="module")
async def reopened(safe: Safe, restored: Target) -> AsyncGenerator[_Reopened]:
    """A process over the restored stores, at which the victim has signed in with the old password."""
    async with (
        ModelServer() as model,
        installation(restored.databases, restored.redis_url) as stores,
        house_over(stores, model) as house,
        live_server(gateway_for(house), house.hub.shut) as port,
        http_session() as session,
    ):
        wire = Wire(session, port, model.base_url, "")
        credentials = orjson.dumps({"email": EMAIL, "password": "a password of the victim alone"})
        kind = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"}
        reply = await wire.send("POST", "/auth/login", kind, credentials)
        assert reply.status == 200, reply.body
        token = reply.header("set-cookie").partition("=")[2].partition(";")[0]
        yield _Reopened(house, Caller("the victim", wire, with_cookie(token), safe.victim.id, EMAIL))
        await stores.redis.flushdb()  # pyright: ignore[reportUnknownMemberType]


async def test_every_row_is_what_the_snapshot_saw(safe: Safe, restored: Target) -> None:
    found = [await rows_of(urls) for urls in restored.databases]

    for before, after in zip(safe.rows, found, strict=True):
        assert before.keys() == after.keys()
        differ = {table for table in before if before[table] != after[table]}
        assert differ <= CHANGED.keys()
    full = {table for shard in safe.rows for table, rows in shard.items() if rows}
    assert {"users", "messages", "tasks", "file_chunks", "provider_keys", "mcp_servers", "plans", "tool_calls"} < full


async def test_memories_wait_for_a_new_index_and_are_the_same_otherwise(safe: Safe, restored: Target) -> None:
    index = {"indexed_revision", "indexed_space"}
    before, after = [
        Counter(
            orjson.dumps({key: value for key, value in orjson.loads(row).items() if key not in index})
            for row in rows["memories"].elements()
        )
        for rows in (safe.rows[1], await rows_of(restored.databases[1]))
    ]

    assert before == after
    assert before.total() > 0


async def test_nobody_is_signed_in_with_what_they_had(safe: Safe, reopened: _Reopened) -> None:
    old = await reopened.victim.wire.send("GET", "/auth/me", safe.victim.caller.headers, None)

    assert old.status == 401


async def test_an_old_chat_opens_with_everything_in_it(safe: Safe, reopened: _Reopened) -> None:
    chat = safe.victim.named["session_id"]["a chat"]
    page = await reopened.victim.ok("GET", f"/my/chat/{chat}/")

    said = "\n".join(message["content"] for message in page["items"])
    assert "My secret is" in said


async def test_a_files_bytes_are_the_same(safe: Safe, reopened: _Reopened) -> None:
    content = await reopened.victim.send("GET", f"/my/files/{safe.file}/content/")

    assert content.body == BYTES


async def test_sealed_secrets_open(safe: Safe, reopened: _Reopened) -> None:
    keys = await reopened.house.provider_keys.all(safe.victim.id)

    assert keys.keys() == {"anthropic", "openrouter"}
    assert all(key.api_key and key.api_key.startswith("sk-") for key in keys.values())


async def test_a_waiting_question_is_answered_and_the_run_goes_on(safe: Safe, reopened: _Reopened) -> None:
    approval = safe.victim.named["approval_id"]["a tool call that waits"]
    run = safe.victim.named["run_id"]["a tool call that waits"]

    def is_over(event: Event) -> bool:
        return isinstance(event, RunCompleted) and str(event.run_id) == run

    async with reopened.house.hub.waiter(safe.victim.id, is_over) as waiter:
        await reopened.victim.ok("POST", f"/my/tools/{approval}/confirm/", {"result": {"text": "pasted"}})
        assert await waiter.result(20) is not None


async def test_no_number_is_given_to_a_second_user(safe: Safe, reopened: _Reopened) -> None:
    known = [int(orjson.loads(row)["user_id"]) for rows in safe.rows for row in rows["shard_users"]]

    account = await reopened.house.users.add("later@example.org", "a password of somebody else")

    assert account.id > max(known)
