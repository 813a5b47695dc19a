"""A backup of an installation, made beside running servers or without any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from artel import __version__
from artel.app.databases import secret_keys, working_databases
from artel.kit.sealed_stream import Damaged, Sink, Source
from artel.kit.secrets import key_id
from artel.settings import Settings
from artel.store.backup.archive import ArchiveReader, ArchiveWriter
from artel.store.backup.dump import Tell, dump, shard_heads
from artel.store.backup.manifest import Head, Manifest
from artel.store.backup.snapshot import open_snapshots
from artel.store.embedded import Endpoints


async def make_backup(
    settings: Settings,
    endpoints: Endpoints | None,
    sink: Sink,
    passphrase: str | None,
    tell: Tell,
    *,
    incomplete: bool = False,
) -> tuple[Head, Manifest]:
    """Writes the backup into the sink; what it answers is already written.

    passphrase: without it nothing is encrypted, and the secret key is left out. incomplete: accounts whose data cannot
    be found do not matter.

    Raises:
        Disagreement, WrongRevisions, RestoreUnfinished: there is nothing to back up like this.
        OSError: the sink is full, or a store does not answer.
    """
    key = secret_keys(settings)[0]
    databases = await working_databases(settings, endpoints)
    async with open_snapshots([urls.migrator for urls in databases], incomplete=incomplete) as snapshots:
        head = Head(
            version=__version__,
            revision=snapshots[0].revision,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            shards=shard_heads(snapshots),
            key_id=key_id(key),
            variables=variables_set(settings),
            secret_key=key if passphrase else None,
        )
        return head, await dump(snapshots, head, ArchiveWriter(sink, passphrase), tell)


def variables_set(settings: Settings) -> tuple[str, ...]:
    """The names of the environment's variables that say something."""
    fields = type(settings).model_fields
    return tuple(sorted(str(fields[name].validation_alias) for name in settings.model_fields_set))


def verify_backup(source: Source, ask: Callable[[], str | None]) -> tuple[Head, Manifest]:
    """Reads a backup to its end and compares every sum; needs no store.

    Raises:
        NeedsPassphrase, NotOpened, Damaged, NewerFormat: it is of no use as it is.
    """
    archive = ArchiveReader(source, ask)
    digests = {(shard.name, table): sha256() for shard in archive.head.shards for table in shard.tables}
    for part in archive.parts():
        if (part.shard, part.table) not in digests:
            raise Damaged
        digests[part.shard, part.table].update(part.content)
    assert archive.manifest is not None
    found = {place: digest.hexdigest() for place, digest in digests.items()}
    if found != _sums(archive.manifest, [shard.name for shard in archive.head.shards]):
        raise Damaged
    return archive.head, archive.manifest


def _sums(manifest: Manifest, shards: Sequence[str]) -> dict[tuple[str, str], str]:
    return {(shard, table): each.sha256 for shard in shards for table, each in manifest.sums.get(shard, {}).items()}
