"""A user's event log in Redis: append, replay after an id, and the text of answers that are being written.

A log is a stream trimmed by count and bytes. Each entry holds the id before it, so reading after an id is exact: either
everything since then, or a `Gap`. Ids are integers (microseconds since 1970 by the clock of Redis, strictly rising), so
they fit a JSON number, a stream's id and a `Last-Event-ID` alike. The keys of a user are built inside one script call
for many users: one Redis server or one primary with replicas, not a Redis Cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from artel.events.codec import Entry, parse_line
from artel.events.record import Record

_DAY_S = 86_400
_SCANNED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class LogLimits:
    """How much of the past a user's log keeps."""

    max_entries: int = 2_000
    """At least this many of the newest are kept, unless they are too large."""
    max_bytes: int = 8 * 2**20
    """Of lines, per user."""
    idle_s: int = _DAY_S
    """A log without a new event for so long is dropped; its position is remembered for `keep_s`."""
    keep_s: int = 30 * _DAY_S


@dataclass(frozen=True, slots=True)
class Gap:
    """The log cannot say what happened since the asked id."""

    last_id: int
    """Where the log stands now: go on from here, after loading the history again."""
    known: bool
    """The id may well have been this log's once (it is not in the future): it was trimmed, or lost."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything after the asked id, oldest first, up to `last_id`."""

    entries: list[Entry]
    last_id: int


@dataclass(frozen=True, slots=True)
class PartialText:
    """What an agent has written of an answer that is not over."""

    text: str
    attempt: int


class EventLog:
    """The Redis side of events. Every method raises `redis.RedisError` when Redis cannot be reached."""

    def __init__(self, redis: Redis, limits: LogLimits | None = None, prefix: str = "ev") -> None:
        """prefix: of all keys and channels; installations that share a Redis database differ in it."""
        self._limits = limits or LogLimits()
        self._prefix = prefix
        self._redis = redis
        self._append = _script(redis, "append")
        self._read = _script(redis, "read")
        self._partials = _script(redis, "partials")

    def channel(self, user_id: int) -> str:
        """The channel on which a user's new lines are published; also the key of the stream."""
        return f"{self._prefix}:{user_id}"

    async def append(self, sender: str, batch_number: int, records: Iterable[Record]) -> int:
        """Appends a batch, each user's events in their order, and publishes it; answers how many events went in.

        A batch whose number is not above the sender's last one changes nothing, so a batch may be sent again when the
        answer to it was lost.
        """
        by_user: dict[int, list[Record]] = {}
        for record in records:
            by_user.setdefault(record.user_id, []).append(record)
        limits = self._limits
        keys = [f"{self._prefix}:sender:{sender}"]
        args: list[bytes | str | int] = [
            batch_number, limits.max_entries, limits.max_bytes, limits.idle_s, limits.keep_s,
        ]  # fmt: skip
        for user_id, theirs in by_user.items():
            keys += self._keys(user_id)
            args += (user_id, len(theirs))
            for record in theirs:
                args += record.arguments
        return int(await _call(self._append, keys, args))

    async def after(self, user_id: int, last_id: int) -> Replay | Gap:
        """Everything that happened since `last_id`, or `Gap` when that is not known exactly."""
        last, unbroken, lines = await _call(self._read, self._keys(user_id)[:2], [self._limits.keep_s, str(last_id)])
        position = int(last)
        if not unbroken:
            return Gap(position, known=last_id < position)
        return Replay([parse_line(line) for line in lines], position)

    async def last_id(self, user_id: int) -> int:
        """The id of the user's last event; a log that does not exist begins here."""
        last, _, _ = await _call(self._read, self._keys(user_id)[:2], [self._limits.keep_s, ""])
        return int(last)

    async def fold_partials(
        self, user_id: int, message_ids: Collection[UUID] | None = None
    ) -> tuple[dict[UUID, PartialText], int]:
        """The text so far of answers that are being written (these, or all of them), and the id it stands at.

        Ask this first and the database afterwards: an answer that is missing here is then either finished in the
        database or begins after the id. The other way round an answer could end between the two looks and be lost.
        """
        if message_ids is not None and not message_ids:
            return {}, await self.last_id(user_id)
        asked = [str(message_id) for message_id in message_ids or ()]
        last, *found = await _call(self._partials, self._keys(user_id), [self._limits.keep_s, *asked])
        partials = {
            UUID(message.decode()): PartialText(text.decode("utf-8", "replace"), int(attempt))
            for message, attempt, text in zip(found[::3], found[1::3], found[2::3], strict=True)
        }
        return partials, int(last)

    async def keys_of(self, user_id: int) -> list[str]:
        """Every key of the user's. Looks through all keys there are: seldom."""
        redis, stream = cast(Any, self._redis), self.channel(user_id)
        found = [key.decode() async for key in redis.scan_iter(f"{stream}:*", count=_SCANNED_AT_ONCE)]
        return found + ([stream] if await redis.exists(stream) else [])

    async def erase(self, user_id: int) -> None:
        """Removes everything of the user's, their position included: for one who does not come back."""
        if keys := await self.keys_of(user_id):
            await cast(Any, self._redis).unlink(*keys)

    def _keys(self, user_id: int) -> list[str]:
        stream = self.channel(user_id)
        return [stream, f"{stream}:head", f"{stream}:open"]


def _script(redis: Redis, name: str) -> AsyncScript:
    lua = files("artel.events") / "lua"
    source = f"{(lua / 'position.lua').read_text()}\n{(lua / f'{name}.lua').read_text()}"
    return redis.register_script(source)


async def _call(script: AsyncScript, keys: list[str], args: list[Any]) -> Any:
    return await cast(Any, script)(keys=keys, args=args)
