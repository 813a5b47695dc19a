"""The databases: whether they answer, what they are, who may do what, and what is wrong among the rows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import asyncpg

from artel.app.doctor.finding import Finding, Severity
from artel.store.doors import APP_ROLE, open_doors
from artel.store.migrate import head_revision, knows_revision
from artel.store.restoring import is_mark
from artel.store.roles import APP, DatabaseUrls, direct_connection

_LEAST_VERSION: Final = 160_000
_SLOW_SECONDS: Final = 0.25
_SKEW_SECONDS: Final = 2.0
_CONNECT_SECONDS: Final = 5.0


@dataclass(slots=True)
class Seen:
    """What the shards said of where users live."""

    names: list[str] = field(default_factory=list[str])
    homes: Mapping[int, str] = field(default_factory=dict[int, str])
    spaces: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    is_whole: bool = True


async def look_at_databases(databases: Sequence[DatabaseUrls]) -> AsyncIterator[Finding]:
    """Each of them, then what they say together. They are named by their places: URLs hold passwords."""
    seen = Seen()
    for place, urls in enumerate(databases):
        what = f"database {place + 1}" if place else "database 1 (the directory)"
        try:
            async with direct_connection(urls.migrator, _CONNECT_SECONDS) as connection:
                async for finding in _look_at(connection, what, place, seen):
                    yield finding
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            seen.is_whole = False
            yield Finding(
                "postgres_away",
                "error",
                f"{what} does not answer: {type(error).__name__}.",
                "See that it runs, that its URL is right, and that the secret key is the one of before.",
            )
    if seen.is_whole:
        for finding in _compare(seen):
            yield finding


async def _look_at(connection: asyncpg.Connection, what: str, place: int, seen: Seen) -> AsyncIterator[Finding]:
    for finding in await _look_at_server(connection, what):
        yield finding
    names = {row["name"] for row in await connection.fetch(_TABLES)}
    if not {"alembic_version", "shard_info"} <= names:
        seen.is_whole = False
        yield Finding("schema_missing", "error", f"{what} has no schema.", "Run 'artel migrate'.")
        return
    revision: str = await connection.fetchval("select version_num from alembic_version") or ""
    if revision != head_revision():
        is_known = knows_revision(revision)
        yield Finding(
            "schema_behind" if is_known else "schema_ahead",
            "warning",
            f"{what} has the schema {revision}, and this program {head_revision()}.",
            "Run 'artel migrate' with the new version." if is_known else "Run the version that migrated it.",
        )
    info = await connection.fetchrow("select name, is_directory from shard_info")
    if info is None or is_mark(info["name"]):
        seen.is_whole = False
        yield Finding(
            "restore_unfinished", "error", f"{what} was being restored.", "Run 'artel restore' again, with the file."
        )
        return
    if info["is_directory"] != (place == 0) or info["name"] in seen.names:
        seen.is_whole = False
        yield Finding(
            "shards_mixed_up",
            "error",
            f"{what} is {info['name']}, which belongs in another place.",
            "Name the databases in DATABASE_URL once each, the directory first.",
        )
        return
    for finding in await _look_at_rights(connection, what):
        yield finding
    if revision == head_revision():
        for finding in await _look_at_rows(connection, info["name"]):
            yield finding
    seen.names.append(info["name"])
    seen.spaces[info["name"]] = {row["user_id"] for row in await connection.fetch("select user_id from shard_users")}
    if place == 0:
        seen.homes = {row["id"]: row["shard"] for row in await connection.fetch("select id, shard from users")}


async def _look_at_server(connection: asyncpg.Connection, what: str) -> list[Finding]:
    found: list[Finding] = []
    began, before = time.monotonic(), datetime.now(UTC)
    now: datetime = await connection.fetchval("select clock_timestamp()")
    seconds = time.monotonic() - began
    version = int(await connection.fetchval("show server_version_num"))
    if version < _LEAST_VERSION:
        found.append(
            Finding("postgres_old", "error", f"{what} is PostgreSQL {version // 10_000}.", "Artel needs 16 or newer.")
        )
    if seconds > _SLOW_SECONDS:
        found.append(
            Finding(
                "postgres_slow",
                "warning",
                f"{what} took {seconds * 1000:.0f} ms for a question that costs nothing.",
                "Each request asks several times: bring it nearer, or relieve it.",
            )
        )
    if finding := skew(what, (now - before).total_seconds(), seconds):
        found.append(finding)
    return found


def skew(what: str, difference: float, uncertain: float) -> Finding | None:
    """What to say when a store's clock is so many seconds before ours. uncertain: how long asking took."""
    if abs(difference) - uncertain <= _SKEW_SECONDS:
        return None
    return Finding(
        "clock_skew",
        "warning",
        f"The clock of {what} differs by {difference:.1f} seconds from this machine's.",
        "Let both follow a time server: leases and sign-ins end by these clocks.",
    )


async def _look_at_rights(connection: asyncpg.Connection, what: str) -> list[Finding]:
    role = await connection.fetchrow(APP_ROLE, APP)
    found: list[Finding] = []
    if role is None or any(role.values()):
        powers = "is missing" if role is None else "has " + ", ".join(name for name, has in role.items() if has)
        found.append(
            Finding(
                "role_too_strong",
                "error",
                f"{what}: the role {APP} {powers}.",
                "It must own nothing, belong to no role and bypass nothing: undo it (docs/running.md).",
            )
        )
    found += [
        Finding("table_open", "error", f"{what}: {fault}.", "Undo what was done to it by hand, or restore a backup.")
        for fault in await open_doors(connection)
    ]
    return found


async def _look_at_rows(connection: asyncpg.Connection, shard: str) -> list[Finding]:
    row = await connection.fetchrow(_ROWS)
    assert row is not None
    at_work = bool(row["at_work"])
    found = [
        Finding(code, severity, f"{shard}: {row[code]} {says}.", remedy)
        for code, severity, says, remedy in _INVARIANTS
        if row[code] and (at_work or code not in _ONLY_AT_WORK)
    ]
    if not at_work:
        found.append(
            Finding(
                "nobody_at_work",
                "note" if not row["open_tasks"] else "warning",
                f"{shard}: no process takes tasks, and {row['open_tasks']} are open.",
                "Start 'artel serve' or 'artel worker'.",
            )
        )
    return found


def _compare(seen: Seen) -> Iterator[Finding]:
    unknown = [user for user, shard in seen.homes.items() if shard not in seen.spaces]
    if unknown:
        yield Finding(
            "unknown_shard",
            "error",
            f"{len(unknown)} accounts live on shards that DATABASE_URL does not name ({_some(unknown)}).",
            "Name every database of the installation.",
        )
    without = [u for u, shard in seen.homes.items() if shard in seen.spaces and u not in seen.spaces[shard]]
    if without:
        yield Finding(
            "no_space",
            "error",
            f"{len(without)} accounts have no space on their shard ({_some(without)}).",
            "Restore a backup, or remove these accounts: their data is not there.",
        )
    strays = [u for shard, users in seen.spaces.items() for u in users if u in seen.homes and seen.homes[u] != shard]
    if strays:
        yield Finding(
            "stray_space",
            "warning",
            f"{len(strays)} users have rows on a shard where they do not live ({_some(strays)}).",
            "A move was interrupted after its switch: 'artel shards move' finishes it.",
        )


def _some(users: Sequence[int]) -> str:
    shown = ", ".join(map(str, sorted(users)[:5]))
    return f"ids {shown}{', ...' if len(users) > 5 else ''}"


_Invariant = tuple[str, Severity, str, str]
_INVARIANTS: Final[Sequence[_Invariant]] = (
    ("move_unfinished", "warning", "users are being moved", "If this lasts, run 'artel shards move' again."),
    (
        "stuck_tasks",
        "error",
        "tasks are held by processes that are gone",
        "Living workers take them over within seconds; if this lasts, look at their logs.",
    ),
    (
        "waiting_tasks",
        "warning",
        "users have had ready tasks for over five minutes",
        "Add workers, or look whether agents' concurrency limits hold them up.",
    ),
    (
        "lost_approvals",
        "error",
        "questions wait for an answer to which no task waits",
        "Their runs cannot go on: cancel them in the chat, and report it with the logs.",
    ),
    (
        "runs_without_tasks",
        "error",
        "runs are open, but have no open task",
        "Cancel them in the chat, and report it with the logs.",
    ),
    (
        "memory_behind",
        "warning",
        "passages have waited for their index for over an hour",
        "Look at memory in /readyz; 'artel memory rebuild' helps when an index is damaged.",
    ),
)
_ONLY_AT_WORK: Final = ("stuck_tasks", "waiting_tasks", "memory_behind")
"""While everything is stopped, work waits, and that is as it should be."""

_TABLES: Final = """
select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
_ROWS: Final = """
select exists (select from workers where lease_until > now()) as at_work,
    (select count(*) from tasks where status in ('ready', 'running')) as open_tasks,
    (select count(*) from shard_users where state <> 'active') as move_unfinished,
    (select count(*) from tasks where status = 'running' and started_at < now() - interval '1 minute'
        and not exists (select from workers where workers.id = tasks.worker
            and lease_until > now() - interval '1 minute')) as stuck_tasks,
    (select count(*) from users_with_work(300, 10000) where not has_orphans) as waiting_tasks,
    (select count(*) from approval_requests asked where status = 'pending' and task is not null
        and created_at < now() - interval '1 minute' and not exists (
            select from tasks where tasks.user_id = asked.user_id and tasks.id = asked.task
                and tasks.status not in ('done', 'failed', 'skipped', 'cancelled'))) as lost_approvals,
    (select count(*) from runs where status in ('queued', 'running', 'waiting')
        and created_at < now() - interval '1 minute' and not exists (
            select from tasks where tasks.user_id = runs.user_id and tasks.run_id = runs.id
                and tasks.status not in ('done', 'failed', 'skipped', 'cancelled'))) as runs_without_tasks,
    (select count(*) from memories where indexed_revision < revision
        and coalesce(edited_at, created_at) < now() - interval '1 hour') as memory_behind
"""
