"""A backup brought back into an empty installation; see docs/backups.md for what survives a kill at which step."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from artel.app.backup import variables_set
from artel.app.databases import key_file, prepared_databases, secret_keys
from artel.events.client import redis_client
from artel.kit.errors import ArtelError
from artel.kit.secrets import key_id
from artel.settings import Settings
from artel.store.backup.archive import ArchiveReader
from artel.store.backup.dump import Tell
from artel.store.backup.load import load, look_at_targets, mark_targets
from artel.store.backup.manifest import Head, Manifest
from artel.store.embedded import Endpoints, read_secrets, replace_secrets
from artel.store.migrate import migrate


class AnotherKey(ArtelError):
    """The backup was made with another secret key. Set ARTEL_SECRET_KEY to that one ('artel backup key FILE' prints it,
    when it is inside), or put it into the file secret.key of the data directory. With --without-key what is sealed with
    it, users' own provider keys and the secrets of their MCP servers, must be entered again."""

    slug = "another-key"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. missing: names of variables that were set when the backup was made, and are not now."""

    manifest: Manifest
    missing: tuple[str, ...]
    has_key: bool
    redis_has_events: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """force: throw away what is there. without_key: go on though nothing sealed can be opened."""

    force: bool = False
    without_key: bool = False
    keep_sign_ins: bool = False


async def restore_backup(
    settings: Settings, endpoints: Endpoints | None, archive: ArchiveReader, wishes: Wishes, tell: Tell
) -> Restored:
    """Brings everything back, and the schema up to this version.

    Raises:
        NotEmpty, AtWork, TooFewShards, UnknownRevision, AnotherKey: nothing was changed.
        Damaged, RestoredWrongly: nothing is there that a server would start on; repeat it.
    """
    head = archive.head
    new_key = _key_to_write(settings, head, without_key=wishes.without_key)
    urls = [database.migrator for database in await prepared_databases(settings, endpoints)]
    await look_at_targets(urls, head, force=wishes.force)
    # From here on no server starts, so the key of what was here is not needed any more.
    await mark_targets(urls)
    if new_key is not None:
        _write_key(settings, new_key)
        urls = [database.migrator for database in await prepared_databases(settings, endpoints)]
    manifest = await load(urls, archive, tell, keep_sign_ins=wishes.keep_sign_ins)
    for url in urls:
        await migrate(url)
    if settings.qdrant_url is None:
        # Of whoever had these numbers here before.
        shutil.rmtree(settings.data_dir / "qdrant", ignore_errors=True)
    return Restored(
        manifest,
        missing=tuple(sorted(set(head.variables) - set(variables_set(settings)))),
        has_key=_has(secret_keys(settings), head),
        redis_has_events=await _empty_redis(settings, endpoints),
    )


def check_key(settings: Settings, head: Head, wishes: Wishes) -> None:
    """Whether what is sealed will open, before anything is started.

    Raises:
        AnotherKey: it will not.
    """
    _key_to_write(settings, head, without_key=wishes.without_key)


def _key_to_write(settings: Settings, head: Head, *, without_key: bool) -> str | None:
    """The backup's key, when the key file must get it; None when what we have will do."""
    if settings.secret_key is None:
        path = key_file(settings)
        known = read_secrets(path) if path.exists() else []
        if head.secret_key is not None:
            return None if _has(known, head) else head.secret_key
    else:
        known = secret_keys(settings)
    if not _has(known, head) and not without_key:
        raise AnotherKey
    return None


def _has(keys: Sequence[str], head: Head) -> bool:
    return head.key_id in map(key_id, keys)


def _write_key(settings: Settings, key: str) -> None:
    path = key_file(settings)
    if path.exists():
        replace_secrets(path.with_name(f"{path.name}.before-restore"), read_secrets(path))
    replace_secrets(path, [key])


async def _empty_redis(settings: Settings, endpoints: Endpoints | None) -> bool:
    """Events of another time would be replayed. The embedded store is ours to empty; of another we say so."""
    url = settings.redis_url or (endpoints.redis_url if endpoints else None)
    assert url is not None
    redis = redis_client(url)
    try:
        if settings.redis_url is None:
            await redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
            return False
        return await redis.dbsize() > 0  # pyright: ignore[reportUnknownMemberType]
    finally:
        await redis.aclose()
