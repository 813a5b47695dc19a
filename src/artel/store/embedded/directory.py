"""The data directory: one owner at a time, a short private directory for sockets, and what runs there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from artel.kit.errors import ArtelError
from artel.store.embedded.endpoints import Endpoints
from artel.store.embedded.secret import write_private

_LOCK = "artel.lock"
_RUNTIME = "runtime.path"
_ENDPOINTS = "endpoints.json"
_RUNTIME_PREFIX = "artel-"
_LOCK_TRIES = 5
_LOCK_PAUSE_SECONDS = 0.02
_LONGEST_RUNTIME_PATH = 80
"""Bytes; a unix socket's path may have 107 on Linux and 103 on macOS, and the socket's own name comes on top."""


class DataDirectoryInUse(ArtelError):
    """Artel already runs on this data directory. Stop it first, or set ARTEL_DATA_DIR to another directory."""

    slug = "data-directory-in-use"
    status = 409


class NoRuntimeDirectory(ArtelError):
    """No directory for temporary files has a path short enough for unix sockets. Set TMPDIR to a short path."""

    slug = "no-runtime-directory"


class DataDirectory:
    """A directory that one process owns from `lock` to `release`; the kernel releases it when that process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: int | None = None
        self.runtime: Path | None = None
        """For sockets: short, closed to others; exists while the directory is locked."""

    def lock(self) -> None:
        """Takes the directory, removes what a killed owner left, and makes `runtime`.

        Raises:
            DataDirectoryInUse: another process owns it.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=_open_mode())
        descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        if not _take(descriptor):
            owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DataDirectoryInUse(
                f"Artel already runs on the data directory {self.path} (process {owner}). "
                "Stop it first, or set ARTEL_DATA_DIR to another directory."
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor
        self._remove_leftovers()
        self.runtime = _make_runtime_directory()
        write_private(self.path / _RUNTIME, os.fsencode(self.runtime))

    def release(self) -> None:
        """Gives the directory back. Harmless when it is not held."""
        if self._lock is None:
            return
        self._remove_leftovers()
        self.runtime = None
        os.close(self._lock)
        self._lock = None

    def publish(self, endpoints: Endpoints) -> None:
        """Tells other processes of the same user where the servers listen."""
        draft = self.path / f"{_ENDPOINTS}.new"
        write_private(draft, endpoints.to_json())
        draft.rename(self.path / _ENDPOINTS)

    def published(self) -> Endpoints | None:
        """What the present owner has published; None when nobody owns the directory or its servers are not up yet."""
        try:
            descriptor = os.open(self.path / _LOCK, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(FileNotFoundError):
                return Endpoints.from_json((self.path / _ENDPOINTS).read_bytes())
        finally:
            os.close(descriptor)
        return None

    def _remove_leftovers(self) -> None:
        (self.path / _ENDPOINTS).unlink(missing_ok=True)
        note = self.path / _RUNTIME
        with contextlib.suppress(FileNotFoundError):
            runtime = Path(os.fsdecode(note.read_bytes()))
            # The note could have been copied here with somebody's backup: remove only what looks like ours.
            if runtime.name.startswith(_RUNTIME_PREFIX) and runtime.parent in _runtime_parents():
                shutil.rmtree(runtime, ignore_errors=True)
            note.unlink()


def _take(descriptor: int) -> bool:
    # Several tries, because a process that asks for `published` holds the lock for a moment.
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return True
    return False


def _open_mode() -> int:
    """Root's servers run as another account, which walks through; what lies inside is closed one by one."""
    return 0o711 if os.geteuid() == 0 else 0o700


def _runtime_parents() -> list[Path]:
    # Not XDG_RUNTIME_DIR: it is emptied when the user logs out, while a server started with nohup goes on.
    return [Path(tempfile.gettempdir()).absolute(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108  # a private directory is made inside


def _make_runtime_directory() -> Path:
    for parent in _runtime_parents():
        if len(os.fsencode(parent)) + len(_RUNTIME_PREFIX) + 10 <= _LONGEST_RUNTIME_PATH and os.access(parent, os.W_OK):
            directory = Path(tempfile.mkdtemp(prefix=_RUNTIME_PREFIX, dir=parent))
            directory.chmod(_open_mode())
            return directory
    raise NoRuntimeDirectory
