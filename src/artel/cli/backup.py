"""`artel backup`: everything in one file. `artel restore`: the way back."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from typer.core import TyperGroup

from artel.app.backup import make_backup, verify_backup
from artel.app.databases import embedded_servers
from artel.app.restore import Wishes, check_key, restore_backup
from artel.cli.common import plain_errors, read_passphrase, read_settings, run_loop, stores_at_hand
from artel.kit.errors import ArtelError
from artel.store.backup.archive import ArchiveReader
from artel.store.backup.manifest import Head, Manifest

_PIPE = "-"
_NOT_TOLD = "The secret key is not in this backup. Keep it elsewhere: without it users' own provider keys are lost."

PassphraseFile = Annotated[
    Path | None, typer.Option(help="A file with the passphrase; ARTEL_BACKUP_PASSPHRASE is the other way.")
]
BackupFile = Annotated[str, typer.Argument(metavar="FILE", help="The backup; '-' reads standard input.")]


class FileExists(ArtelError):
    """There is a file of this name already. A backup overwrites nothing."""

    slug = "file-exists"
    status = 409


class NoSecretKey(ArtelError):
    """The backup has no secret key in it: it was made without a passphrase."""

    slug = "no-secret-key"


class _Group(TyperGroup):
    """`artel backup FILE` is `artel backup create FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["create", *args]
        return super().parse_args(ctx, args)


backup = typer.Typer(cls=_Group, help="Everything in one file, while running. 'artel backup [FILE]' makes one.")


@backup.command("create")
def create_command(
    file: Annotated[Path | None, typer.Argument(help="Where to; 'artel-<time>.backup' without.")] = None,
    to: Annotated[str | None, typer.Option(help="The same; '-' writes to standard output.")] = None,
    encrypt: Annotated[bool, typer.Option(help="Ask for a passphrase. Then the secret key is inside, too.")] = False,
    passphrase_file: PassphraseFile = None,
    incomplete: Annotated[bool, typer.Option(help="Go on where an account's data cannot be found.")] = False,
) -> None:
    """Makes a backup, beside running servers or without any. What is finished has its name; until then it is .part."""
    settings = read_settings()
    passphrase = read_passphrase(passphrase_file, ask=encrypt, twice=True)
    if not passphrase:
        _say(_NOT_TOLD)
    place = to or str(file or f"artel-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup")

    async def run() -> None:
        head, manifest = await make_backup(settings, endpoints, sink, passphrase, _progress, incomplete=incomplete)
        _say(f"{_summary(head, manifest)}: {'standard output' if place == _PIPE else place}")

    with plain_errors(), stores_at_hand(settings) as endpoints, _target(place) as sink:
        run_loop(run())


@backup.command("verify")
def verify_command(file: BackupFile, passphrase_file: PassphraseFile = None) -> None:
    """Reads a backup to its end, compares every sum, and says what is in it. Needs no server."""
    with plain_errors(), _source(file) as source:
        head, manifest = verify_backup(source, lambda: read_passphrase(passphrase_file, ask=True))
    typer.echo(f"{_summary(head, manifest)}. Made {head.made_at} by Artel {head.version}, schema {head.revision}.")
    typer.echo("The secret key is inside." if head.secret_key else _NOT_TOLD)


@backup.command("key")
def key_command(file: BackupFile, passphrase_file: PassphraseFile = None) -> None:
    """Prints the secret key of an encrypted backup, for ARTEL_SECRET_KEY."""
    with plain_errors(), _source(file) as source:
        head = ArchiveReader(source, lambda: read_passphrase(passphrase_file, ask=True)).head
    if head.secret_key is None:
        raise NoSecretKey
    typer.echo(head.secret_key)


def restore_command(
    file: BackupFile,
    passphrase_file: PassphraseFile = None,
    force: Annotated[bool, typer.Option(help="Throw away what is in these databases.")] = False,
    without_key: Annotated[bool, typer.Option(help="Go on without the secret key of then.")] = False,
    keep_sign_ins: Annotated[bool, typer.Option(help="Leave signed in who was, when the backup was made.")] = False,
) -> None:
    """Brings a backup back into an empty installation. Stop Artel first; killed, run it again."""
    settings = read_settings()
    wishes = Wishes(force=force, without_key=without_key, keep_sign_ins=keep_sign_ins)
    with plain_errors(), _source(file) as source:
        archive = ArchiveReader(source, lambda: read_passphrase(passphrase_file, ask=True))
        check_key(settings, archive.head, wishes)
        servers = embedded_servers(settings)
        endpoints = servers.start() if servers else None

        async def run() -> None:
            done = await restore_backup(settings, endpoints, archive, wishes, _progress)
            if done.missing:
                _say(f"These were set when the backup was made, and are not now: {', '.join(done.missing)}.")
            if not done.has_key:
                _say("What was sealed with the secret key of then must be entered again.")
            if done.redis_has_events:
                _say("REDIS_URL leads to a database that is not empty. Empty it before you start Artel.")
            if settings.qdrant_url:
                _say("If this Qdrant held an index before, run 'artel memory rebuild' once Artel runs.")
            typer.echo(f"Restored: {_summary(archive.head, done.manifest)}.")

        try:
            run_loop(run())
        finally:
            if servers:
                servers.stop()


def register(cli: typer.Typer) -> None:
    """Adds these commands."""
    cli.add_typer(backup, name="backup")
    cli.command("restore")(restore_command)


@contextmanager
def _target(place: str) -> Generator[BinaryIO]:
    """A file that gets its name when everything is in it and on the disk."""
    if place == _PIPE:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(place)
    if path.exists():
        raise FileExists(f"{path}: {FileExists.__doc__}")
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def _source(file: str) -> Generator[BinaryIO]:
    if file == _PIPE:
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as source:
        yield source


def _summary(head: Head, manifest: Manifest) -> str:
    users = manifest.sums[head.shards[0].name]["users"].rows
    return f"{users} accounts and {manifest.rows} rows of {len(head.shards)} shards"


def _progress(shard: str, table: str, here: int, done: int) -> None:
    _say(f"{shard}, {table}: {here // 1_000_000} MB, {done // 1_000_000} MB in all")


def _say(text: str) -> None:
    typer.echo(text, err=True)
