"""From the shards into the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from artel.store.backup.archive import HEAD, MANIFEST, ArchiveWriter, Parts
from artel.store.backup.catalogue import Table
from artel.store.backup.manifest import Head, Manifest, ShardHead, TableSum
from artel.store.backup.snapshot import Snapshot

Tell = Callable[[str, str, int, int], None]
"""Told the shard, the table, how many bytes of it are done, and how many of all."""
_TELL_BYTES: Final = 16 << 20


def shard_heads(snapshots: Sequence[Snapshot]) -> tuple[ShardHead, ...]:
    """What the file's head says of the shards."""
    return tuple(
        ShardHead(each.name, each.is_directory, {table.name: table.columns for table in each.tables})
        for each in snapshots
    )


async def dump(snapshots: Sequence[Snapshot], head: Head, archive: ArchiveWriter, tell: Tell) -> Manifest:
    """Writes everything, and ends the archive. The file needs about as much memory as one part of it."""
    archive.member(HEAD, head.to_json())
    sums: dict[str, dict[str, TableSum]] = {}
    progress = _Progress(tell)
    for snapshot in snapshots:
        for table in snapshot.tables:
            progress.begin(snapshot.name, table.name)
            parts = Parts(archive, f"{snapshot.name}/{table.name}")
            found = await read_table(snapshot, table, parts.write, progress.add)
            parts.close()
            sums.setdefault(snapshot.name, {})[table.name] = found
    # Last, and past every snapshot: a number given out twice would hand one user's remains to another.
    rows = await snapshots[0].connection.fetch(_SEQUENCES)
    manifest = Manifest(sums, {row["name"]: row["last"] for row in rows})
    archive.member(MANIFEST, manifest.to_json())
    archive.close()
    return manifest


async def read_table(
    snapshot: Snapshot, table: Table, write: Callable[[bytes], object], tell: Callable[[int], object] = lambda _: None
) -> TableSum:
    """Gives out the table as PostgreSQL's binary COPY in the order of its key; answers its sum."""
    digest, size = hashlib.sha256(), 0

    async def take(data: bytes) -> None:
        nonlocal size
        digest.update(data)
        size += len(data)
        write(data)
        tell(len(data))

    tag = await snapshot.connection.copy_from_query(table.rows(snapshot.strays), output=take, format="binary")
    return TableSum(int(tag.split()[-1]), size, digest.hexdigest())


class _Progress:
    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._place = ("", "")
        self._all = self._here = self._told = 0

    def begin(self, shard: str, table: str) -> None:
        self._place, self._here, self._told = (shard, table), 0, 0

    def add(self, size: int) -> None:
        self._here += size
        self._all += size
        if self._here - self._told >= _TELL_BYTES:
            self._told = self._here
            self._tell(*self._place, self._here, self._all)


_SEQUENCES: Final = """
select sequencename::text as name, coalesce(last_value, 0) as last from pg_sequences where schemaname = 'public'
"""
