"""The directory of one user's shard, and what may be found in it after a crash.

7/shard     the shard; there is a context if and only if this exists
7/new       a shard being made; never seen by anyone
7/copy      a copy that is being given a new index or rid of what was deleted
7/old       the shard for the moment in which a finished copy takes its place
7/lost      a shard that could not be read; removed when its successor is made, because it holds the user's words
7/crashes   when the engine died or panicked over this shard, a line each
7/lock      held by the worker that has it open
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import Any, Final

import orjson

_FORGIVEN_AFTER_SECONDS: Final = 600.0
_TOO_MANY: Final = 3
_ABOUT: Final = "about.json"


class Home:
    """One user's directory."""

    def __init__(self, root: Path, user_id: int) -> None:
        self.path = root / str(int(user_id))
        self.shard, self.new, self.copy = self.path / "shard", self.path / "new", self.path / "copy"
        self.old, self.lost = self.path / "old", self.path / "lost"
        self._crashes, self._about, self._lock = self.path / "crashes", self.path / _ABOUT, self.path / "lock"

    def lock(self) -> int | None:
        """A descriptor that holds the lock until it is closed; None when another process holds it."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def recover(self) -> None:
        """Brings what a crash left back to a whole state. Only for who holds the lock."""
        if not self.shard.exists() and self.old.exists():
            # Died between two renames. The old one has everything; the copy may lack its last lines.
            self.old.rename(self.shard)
        for leftover in (self.new, self.copy, self.old):
            remove(leftover)

    def exchange(self) -> None:
        """The finished copy takes the shard's place."""
        remove(self.old)
        self.shard.rename(self.old)
        self.copy.rename(self.shard)
        remove(self.old)

    def set_aside(self) -> None:
        """Puts a shard away that cannot be used."""
        remove(self.lost)
        with contextlib.suppress(FileNotFoundError):
            self.shard.rename(self.lost)
        self._crashes.unlink(missing_ok=True)

    @property
    def is_lost(self) -> bool:
        """Whether there was a shard that could not be read, and none has been made since."""
        return self.lost.exists() and not self.shard.exists()

    def note_crash(self, now: float) -> bool:
        """Remembers that something went wrong with the shard, and says whether it did too often to be chance."""
        recent = [moment for moment in self._noted() if now - moment < _FORGIVEN_AFTER_SECONDS]
        recent.append(now)
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._crashes.write_text("".join(f"{moment}\n" for moment in recent))
        return len(recent) >= _TOO_MANY

    def read_about(self) -> dict[str, Any]:
        """What is remembered of the shard beside its points; nothing when that cannot be read."""
        with contextlib.suppress(OSError, orjson.JSONDecodeError):
            return orjson.loads(self._about.read_bytes())
        return {}

    def write_about(self, about: dict[str, Any]) -> None:
        """Replaces it as a whole."""
        draft = self._about.with_suffix(".new")
        draft.write_bytes(orjson.dumps(about))
        draft.replace(self._about)

    def _noted(self) -> list[float]:
        with contextlib.suppress(OSError, ValueError):
            return [float(line) for line in self._crashes.read_text().split()]
        return []


def remove(path: Path) -> None:
    """Removes a directory with everything in it. Harmless when there is none."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


def size_on_disk(path: Path) -> int:
    """Bytes that a directory takes; the engine's files are full of holes, so their length says nothing."""
    return sum(file.stat().st_blocks * 512 for file in path.rglob("*") if file.is_file())
