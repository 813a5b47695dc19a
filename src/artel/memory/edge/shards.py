"""The shards of one worker: those in use stay open, those that fail are closed, those that cannot be read put away."""

from __future__ import annotations

import os
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog

from artel.memory.edge.home import Home, remove
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.shard import Shard, ShardBroken, ShardBusy, ShardFull, told_apart


class NoShard(Exception):
    """The user has none, or none that can be read."""


@dataclass(slots=True)
class Delta:
    """What changed in a shard since a copy of it was begun."""

    touched: dict[UUID, None] = field(default_factory=dict[UUID, None])
    sessions: dict[int, None] = field(default_factory=dict[int, None])


@dataclass(slots=True)
class OpenShard:
    """A shard in use. changes: points written or deleted since its index was last built; size: its points then."""

    home: Home
    shard: Shard
    lock: int
    changes: int
    size: int
    is_dirty: bool = False


class Shards:
    """Gives out shards by user."""

    def __init__(self, root: Path, options: EdgeOptions, now: Callable[[], float] = time.time) -> None:
        self._root = root
        self._options = options
        self._now = now
        self._open: OrderedDict[int, OpenShard] = OrderedDict()
        self._log = structlog.get_logger(__name__)
        self.deltas: dict[int, Delta] = {}
        """Of users whose shard is being renewed: those stay open, and their changes are written down here."""

    def home(self, user_id: int) -> Home:
        """Where the user's shard is."""
        return Home(self._root, user_id)

    def get(self, user_id: int) -> OpenShard:
        """The user's shard.

        Raises:
            NoShard: there is none.
            ShardBusy, ShardFull: it cannot be opened now.
        """
        if (found := self._open.get(user_id)) is not None:
            self._open.move_to_end(user_id)
            return found
        home = self.home(user_id)
        if not home.path.exists():
            raise NoShard
        lock = self._lock(home)
        try:
            home.recover()
            if not home.shard.exists():
                raise NoShard
            shard = self._load(user_id, home)
        except BaseException:
            os.close(lock)
            raise
        about = home.read_about()
        return self._keep(user_id, OpenShard(home, shard, lock, about.get("changes", 0), about.get("size", 0)))

    def create(self, user_id: int, spaces: Mapping[str, int]) -> OpenShard:
        """A new, empty shard for a user who has none."""
        home = self.home(user_id)
        lock = self._lock(home)
        try:
            home.recover()
            shard = Shard.create(home.new, spaces, self._options.index_from_kilobytes)
            shard.close()
            home.new.rename(home.shard)
            # It held the user's words, and may hold some that were to be forgotten.
            remove(home.lost)
            home.write_about({})
            shard = Shard.open(home.shard)
        except BaseException:
            os.close(lock)
            raise
        return self._keep(user_id, OpenShard(home, shard, lock, 0, 0))

    def erase(self, user_id: int) -> None:
        """Removes everything of the user's."""
        self.deltas.pop(user_id, None)
        if (found := self._open.pop(user_id, None)) is not None:
            _let_go(found)
        remove(self.home(user_id).path)

    def changed(
        self, user_id: int, touched: Iterable[UUID] = (), *, session: int | None = None, count: int = 0
    ) -> OpenShard:
        """Notes a change that was carried out. count: how many points it was."""
        found = self._open[user_id]
        found.is_dirty = True
        found.changes += count
        if (delta := self.deltas.get(user_id)) is not None:
            delta.touched.update(dict.fromkeys(touched))
            if session is not None:
                delta.sessions[session] = None
        return found

    def renewed(self, user_id: int) -> None:
        """Opens the shard that has taken the old one's place."""
        found = self._open[user_id]
        found.shard = Shard.open(found.home.shard)
        found.changes, found.size = 0, found.shard.size()
        self._write_about(found)

    def failed(self, user_id: int, error: BaseException) -> Exception:
        """Draws the consequences of a failure in the engine; answers what to tell the caller."""
        verdict = told_apart(error)
        if isinstance(verdict, ShardBroken):
            self._log.error("memory.shard_failed", user_id=user_id, error=str(error)[:300])
            self._abandon(user_id)
            if self.home(user_id).note_crash(self._now()):
                return self._give_up(user_id, "it failed several times")
        return verdict

    def crashed(self, user_id: int) -> None:
        """The process died over this shard, for whatever reason. A full disk is one that says nothing of the shard."""
        if self.has_room() and self.home(user_id).note_crash(self._now()):
            self._give_up(user_id, "the process died over it several times")

    def has_room(self) -> bool:
        """Whether something may be written."""
        return shutil.disk_usage(self._root).free >= self._options.reserve_bytes

    def lost(self) -> list[int]:
        """Users whose shard could not be read and was not made anew."""
        folders = (path.name for path in self._root.iterdir() if path.name.isdigit())
        return sorted(user_id for user_id in map(int, folders) if self.home(user_id).is_lost)

    def flush_one(self) -> bool:
        """Writes one shard that has changed; answers whether there was one."""
        for user_id, found in self._open.items():
            if found.is_dirty and user_id not in self.deltas:
                found.is_dirty = False
                self._write(user_id, found)
                return True
        return False

    def close(self) -> None:
        """Writes and closes all."""
        for user_id in list(self._open):
            self._close(user_id)

    def _keep(self, user_id: int, found: OpenShard) -> OpenShard:
        self._open[user_id] = found
        idle = [other for other in self._open if other not in self.deltas and other != user_id]
        for other in idle[: max(0, len(self._open) - self._options.max_open)]:
            self._close(other)
        return found

    def _lock(self, home: Home) -> int:
        if (lock := home.lock()) is None:
            raise ShardBusy("another process has it open")
        return lock

    def _load(self, user_id: int, home: Home) -> Shard:
        try:
            return Shard.open(home.shard)
        except BaseException as error:
            verdict = told_apart(error)
            if isinstance(verdict, ShardBroken):
                raise self._give_up(user_id, str(error)[:300]) from error
            raise verdict from error

    def _give_up(self, user_id: int, reason: str) -> NoShard:
        self._log.error("memory.shard_lost", user_id=user_id, reason=reason)
        self._abandon(user_id)
        self.home(user_id).set_aside()
        return NoShard()

    def _close(self, user_id: int) -> None:
        found = self._open.pop(user_id)
        self._write(user_id, found)
        _let_go(found)

    def _abandon(self, user_id: int) -> None:
        self.deltas.pop(user_id, None)
        if (found := self._open.pop(user_id, None)) is not None:
            _let_go(found)

    def _write(self, user_id: int, found: OpenShard) -> None:
        # Without room the log must do; it is replayed when the shard is opened.
        if self.has_room():
            try:
                found.shard.flush()
                self._write_about(found)
            except Exception as error:  # told to nobody: what was acknowledged stands in the log
                self._log.error("memory.flush_failed", user_id=user_id, error=str(error)[:300])

    def _write_about(self, found: OpenShard) -> None:
        found.home.write_about({"changes": found.changes, "size": found.size})


def _let_go(found: OpenShard) -> None:
    try:
        found.shard.abandon()
    finally:
        os.close(found.lock)


__all__ = ["Delta", "NoShard", "OpenShard", "ShardBroken", "ShardBusy", "ShardFull", "Shards"]
