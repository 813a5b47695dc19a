"""A ZIP that is written from front to back and taken out piece by piece: it never stands anywhere as a whole."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final, cast

_OWNER_ONLY: Final = 0o600 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """What was written under a path. size: bytes, unpacked; sha256: of them, in hexadecimal."""

    path: str
    size: int
    sha256: str


class _Pipe:
    """Takes what the ZIP writes. It cannot seek, so sizes and sums follow each entry (data descriptors)."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


class Archive:
    """Not for two threads at once; packing takes a while, so let another thread than the event loop's do it."""

    def __init__(self, now: datetime) -> None:
        self.entries: list[Entry] = []
        self._now = now
        self._pipe = _Pipe()
        # It asks for no more than to write.
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._pipe), "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._open: Any = None
        self._path = ""
        self._size = 0
        self._sum = hashlib.sha256()

    def begin(self, path: str, *, packed: bool = True, endless: bool = False) -> None:
        """Begins an entry. packed: compressed. endless: it may grow above 4 GB."""
        info = zipfile.ZipInfo(path, self._now.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = _OWNER_ONLY
        self._open = self._zip.open(info, "w", force_zip64=endless)
        self._path, self._size, self._sum = path, 0, hashlib.sha256()

    def write(self, data: bytes) -> None:
        """More of the entry."""
        self._open.write(data)
        self._size += len(data)
        self._sum.update(data)

    def end(self) -> Entry:
        """The entry is whole."""
        self._open.close()
        entry = Entry(self._path, self._size, self._sum.hexdigest())
        self.entries.append(entry)
        return entry

    def add(self, path: str, content: bytes) -> Entry:
        """A small entry at once."""
        self.begin(path)
        self.write(content)
        return self.end()

    def close(self) -> None:
        """Writes the directory of the ZIP, its end."""
        self._zip.close()

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._pipe.written)
        self._pipe.written.clear()
        return taken
