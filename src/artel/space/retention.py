"""How long one user's things are kept, and the removal of what is older."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Literal

import structlog

from artel.bus.bus import Bus
from artel.bus.model import NoSuchSession
from artel.kit.errors import ArtelError, FieldProblem, Invalid
from artel.store.idempotency import KEPT_HOURS
from artel.store.shards import Shards
from artel.store.tx import UserTx

Kind = Literal["chats", "files", "memories", "decisions", "usage"]

KINDS: Final[tuple[Kind, ...]] = ("chats", "files", "memories", "decisions", "usage")
LONGEST_DAYS: Final = 36_500
SHORTEST_DAYS: Final[dict[Kind, int]] = {"chats": 1, "files": 1, "memories": 1, "decisions": 1, "usage": 62}
"""Usage: the month's budget is added up from it."""
_AT_ONCE: Final = 200
_CHATS_AT_ONCE: Final = 20

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """Days after which things go; None: never."""

    chats: int | None = None
    files: int | None = None
    memories: int | None = None
    decisions: int | None = None
    usage: int | None = None

    def of(self, kind: Kind) -> int | None:
        """For one kind."""
        days: int | None = getattr(self, kind)
        return days

    def within(self, bounds: Terms) -> Terms:
        """The shorter of either, kind by kind."""
        found: dict[str, int | None] = {}
        for kind in KINDS:
            given = [days for days in (self.of(kind), bounds.of(kind)) if days is not None]
            found[kind] = min(given, default=None)
        return Terms(**found)


@dataclass(frozen=True, slots=True)
class Old:
    """How much is older than some terms say."""

    chats: int = 0
    files: int = 0
    memories: int = 0
    decisions: int = 0
    usage: int = 0


class Retention:
    """One user's."""

    def __init__(self, user_id: int, shards: Shards, bounds: Terms) -> None:
        """bounds: of the installation; nobody keeps anything longer."""
        self._user_id = user_id
        self._shards = shards
        self.bounds = bounds

    async def get(self) -> Terms:
        """What the user chose; the bounds hold besides."""
        async with self._shards.user_tx(self._user_id) as tx:
            return await _read(tx)

    async def put(self, terms: Terms) -> Terms:
        """Chooses anew; it is carried out within a day.

        Raises:
            Invalid: something would be kept longer than the installation allows, or is too short.
        """
        check(terms, self.bounds)
        async with self._shards.user_tx(self._user_id) as tx:
            await tx.execute(_PUT, tx.user_id, *(terms.of(kind) for kind in KINDS))
        return terms

    async def old(self, terms: Terms) -> Old:
        """What would go now under these terms, and the installation's."""
        held = terms.within(self.bounds)
        counts: dict[str, int] = {}
        async with self._shards.user_tx(self._user_id) as tx:
            for kind in KINDS:
                if (days := held.of(kind)) is not None:
                    sql = f"select count(*) from ({_OLD[kind]}) old"  # of our own
                    counts[kind] = await tx.fetchval(sql, tx.user_id, timedelta(days=days))
        return Old(**counts)


class Tidying:
    """Removes what is too old, for any user; by one process a day for each."""

    def __init__(self, shards: Shards, bounds: Terms, bus: Bus, wake: Callable[[int], None]) -> None:
        """wake: whoever keeps a user's index has something to do."""
        self._shards = shards
        self._bounds = bounds
        self._bus = bus
        self._wake = wake

    async def tidy(self, user_id: int) -> None:
        """Does it now, unless somebody did today. What fails is done tomorrow."""
        async with self._shards.user_tx(user_id) as tx:
            if await tx.fetchval(_CLAIM, tx.user_id) is None:
                return
            for sql in _EXPIRED:
                await tx.execute(sql, tx.user_id)
            held = (await _read(tx)).within(self._bounds)
        removed = {kind: await self._remove(user_id, kind, days) for kind in KINDS if (days := held.of(kind))}
        if any(removed.values()):
            self._wake(user_id)
            _log.info("too_old_removed", user_id=user_id, **removed)

    async def _remove(self, user_id: int, kind: Kind, days: int) -> int:
        if kind == "chats":
            return await self._remove_chats(user_id, timedelta(days=days))
        removed, batch = 0, _AT_ONCE
        while batch == _AT_ONCE:
            async with self._shards.user_tx(user_id) as tx:
                done = await tx.execute(_REMOVE[kind], tx.user_id, timedelta(days=days), _AT_ONCE)
            batch = int(done.rpartition(" ")[2])
            removed += batch
        return removed

    async def _remove_chats(self, user_id: int, age: timedelta) -> int:
        removed = 0
        while True:
            async with self._shards.user_tx(user_id) as tx:
                chats = await tx.fetch(f"{_OLD['chats']} limit {_CHATS_AT_ONCE}", tx.user_id, age)
            if not chats:
                return removed
            for chat in chats:
                with suppress(NoSuchSession, _SpokenIn):
                    await self._bus.cancel_session(user_id, chat["id"], also=partial(_remove_if_old, chat["id"], age))
                    removed += 1


class _SpokenIn(ArtelError):
    """Somebody spoke in this chat meanwhile."""


async def _remove_if_old(session_id: int, age: timedelta, tx: UserTx) -> None:
    """As its user would; its work was stopped, and goes on when somebody has spoken."""
    gone = await tx.execute(_REMOVE_CHAT, tx.user_id, session_id, age)
    if gone == "DELETE 0":
        raise _SpokenIn


def check(terms: Terms, bounds: Terms) -> None:
    """Passes when the terms may be chosen.

    Raises:
        Invalid: naming every field that is wrong.
    """
    faults: list[FieldProblem] = []
    for kind in KINDS:
        days, bound = terms.of(kind), bounds.of(kind)
        longest = min(LONGEST_DAYS, bound or LONGEST_DAYS)
        shortest = min(SHORTEST_DAYS[kind], longest)
        if days is not None and not shortest <= days <= longest:
            message = f"Between {shortest} and {longest} days, please."
            figures = {"shortest": shortest, "longest": longest}
            faults.append(FieldProblem(f"{kind}_days", message, "days_between", figures))
    if faults:
        raise Invalid(fields=faults)


async def _read(tx: UserTx) -> Terms:
    row = await tx.fetchrow(_GET, tx.user_id)
    return Terms(*row.values()) if row is not None else Terms()


_GET: Final = """
select chats_days, files_days, memories_days, decisions_days, usage_days from retention where user_id = $1
"""
_PUT: Final = """
insert into retention (user_id, chats_days, files_days, memories_days, decisions_days, usage_days)
values ($1, $2, $3, $4, $5, $6)
on conflict (user_id) do update set chats_days = $2, files_days = $3, memories_days = $4, decisions_days = $5,
    usage_days = $6, updated_at = now(), swept_at = null
"""
_CLAIM: Final = """
insert into retention (user_id, swept_at) values ($1, now())
on conflict (user_id) do update set swept_at = now()
where retention.swept_at is null or retention.swept_at < now() - interval '1 day'
returning user_id
"""
_EXPIRED: Final = (
    "delete from sign_ins where user_id = $1 and expires_at <= now()",
    f"delete from idempotency_keys where user_id = $1 and created_at <= now() - interval '{KEPT_HOURS} hours'",
    "delete from mcp_sign_ins where user_id = $1 and expires_at <= now()",
)

# What is under way, or waits for a word, is not old.
_OLD: Final[dict[Kind, str]] = {
    "chats": """
select id from chat_sessions where user_id = $1 and updated_at < now() - $2::interval and not exists (
    select from runs where runs.user_id = $1 and runs.session_id = chat_sessions.id
        and runs.status in ('queued', 'running', 'waiting')
)""",
    "files": """
select id from files where user_id = $1 and created_at < now() - $2::interval and not exists (
    select from message_files join messages on messages.user_id = $1 and messages.id = message_id
    where message_files.user_id = $1 and file_id = files.id and messages.created_at >= now() - $2::interval
)""",
    "memories": """
select id from memories where user_id = $1 and kind <> 'note'
    and coalesce(edited_at, created_at) < now() - $2::interval""",
    "decisions": "select id from audit_log where user_id = $1 and at < now() - $2::interval",
    "usage": "select id from usage where user_id = $1 and created_at < now() - $2::interval",
}
_REMOVE_CHAT: Final = "delete from chat_sessions where user_id = $1 and id = $2 and updated_at < now() - $3::interval"
_TABLES: Final[dict[Kind, str]] = {
    "files": "files", "memories": "memories", "decisions": "audit_log", "usage": "usage",
}  # fmt: skip
_REMOVE: Final = {
    kind: f"delete from {table} where user_id = $1 and id in ({_OLD[kind]} limit $3)"  # of our own
    for kind, table in _TABLES.items()
}
