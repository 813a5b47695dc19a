"""The file: a tar, compressed, perhaps encrypted, written and read from front to back."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, cast

from artel.kit.errors import ArtelError
from artel.kit.sealed_stream import MAGIC, Damaged, OpeningSource, SealingSink, Sink, Source, read_fully
from artel.store.backup.manifest import Head, Manifest

HEAD: Final = "backup.json"
MANIFEST: Final = "manifest.json"
_PART: Final = 1 << 20
_LEVEL: Final = 3
"""Of compression: most bytes are of files, which are compressed already."""
_LARGEST_MEMBER: Final = 64 << 20
"""Of a manifest; whatever says that it is larger is none of ours."""


class NeedsPassphrase(ArtelError):
    """The backup is encrypted: its passphrase is needed. Use --passphrase-file or ARTEL_BACKUP_PASSPHRASE."""

    slug = "needs-passphrase"


class ArchiveWriter:
    """Writes members one after the other; `close` ends the file, which is damaged without."""

    def __init__(self, sink: Sink, passphrase: str | None) -> None:
        self._sealing = SealingSink(sink, passphrase) if passphrase else None
        # gzip and tarfile want files; they do no more to them than write.
        below = cast("IO[bytes]", self._sealing or sink)
        self._gzip = gzip.GzipFile("", "wb", _LEVEL, below, mtime=0)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w|")  # noqa: SIM115  # `close` closes it

    def member(self, name: str, content: bytes) -> None:
        """One file of the archive."""
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(content), 0o600, int(time.time())
        self._tar.addfile(info, io.BytesIO(content))

    def close(self) -> None:
        """The end of the archive, of the compression and of the encryption."""
        self._tar.close()
        self._gzip.close()
        if self._sealing is not None:
            self._sealing.close()


class Parts:
    """A long member in numbered parts, since a tar must say how long a member is before it begins."""

    def __init__(self, archive: ArchiveWriter, name: str) -> None:
        self._archive = archive
        self._name = name
        self._number = 0
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        """Takes all of it."""
        self._waiting += data
        while len(self._waiting) >= _PART:
            self._send()

    def close(self) -> None:
        """Writes what waits."""
        if self._waiting:
            self._send()

    def _send(self) -> None:
        self._number += 1
        self._archive.member(f"{self._name}/{self._number:06}", bytes(self._waiting[:_PART]))
        del self._waiting[:_PART]


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the bytes of a table."""

    shard: str
    table: str
    content: bytes


class ArchiveReader:
    """Reads the members in their order: the head at once, then parts, then `manifest`."""

    def __init__(self, source: Source, ask: Callable[[], str | None]) -> None:
        """ask: for the passphrase; called only if there is one.

        Raises:
            NeedsPassphrase, NotOpened, Damaged, NewerFormat: nothing can be read.
        """
        begin = read_fully(source, len(MAGIC))
        whole: Source = _Joined(begin, source)
        self.is_encrypted = begin == MAGIC
        if self.is_encrypted:
            passphrase = ask()
            if not passphrase:
                raise NeedsPassphrase
            whole = OpeningSource(whole, passphrase)
        self._whole = whole
        self._members = self._read(cast(Any, whole))
        name, content = next(self._members, ("", b""))
        if name != HEAD:
            raise Damaged
        self.head = Head.from_json(content)
        self.manifest: Manifest | None = None
        """Once every part was read."""

    def parts(self) -> Iterator[Part]:
        """All parts, in the order in which they were written; the file is read to its end.

        Raises:
            Damaged: the file ends before the manifest, or is not what was written.
        """
        for name, content in self._members:
            if name == MANIFEST:
                self.manifest = Manifest.from_json(content)
                continue
            shard, _, rest = name.partition("/")
            table, _, _ = rest.partition("/")
            yield Part(shard, table, content)
        # Encryption must be read to its last piece to know that there was one.
        self._whole.read(1)
        if self.manifest is None:
            raise Damaged

    @staticmethod
    def _read(whole: IO[bytes]) -> Iterator[tuple[str, bytes]]:
        try:
            with gzip.GzipFile("", "rb", fileobj=whole) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                for info in tar:
                    file = tar.extractfile(info)
                    if file is None or info.size > _LARGEST_MEMBER:
                        raise Damaged
                    yield info.name, file.read()
                # Behind the end of the tar stands the sum of the compression.
                while plain.read(_PART):
                    pass
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Damaged from error


class _Joined:
    """What was read already, and the rest."""

    def __init__(self, begin: bytes, rest: Source) -> None:
        self._begin = begin
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._begin:
            taken, self._begin = self._begin[:size], self._begin[size:]
            return taken
        return self._rest.read(size)
