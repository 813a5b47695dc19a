"""What every command needs: the settings, the stores that run, and a loop."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
import typer
import uvloop

from artel.app.databases import NothingRuns, Stores, embedded_servers, open_stores, running_endpoints
from artel.kit.errors import ArtelError
from artel.settings import Settings, load_settings
from artel.store.embedded import Endpoints, borrow_endpoints
from artel.telemetry.logs import configure_logging

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]

PASSPHRASE: Final = "ARTEL_BACKUP_PASSPHRASE"  # noqa: S105  # the variable's name


class BadPassphrase(ArtelError):
    """The passphrase is empty."""

    slug = "bad-passphrase"


async def running_stores() -> tuple[Settings, Stores]:
    """For a command beside running servers: what the environment says, and how to reach the stores."""
    settings = read_settings()
    return settings, await open_stores(settings, running_endpoints(settings), upgrade=False)


def read_settings() -> Settings:
    """What the environment says; logs are written as it asks from now on."""
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    return settings


def run_loop(main: Coroutine[Any, Any, object]) -> None:
    """Runs it to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


@contextmanager
def stores_at_hand(settings: Settings) -> Generator[Endpoints | None]:
    """The embedded stores: of the server that runs here, or started for as long as this lasts. None when there are only
    stores of the environment's.

    Raises:
        NothingRuns: there never was an installation in the data directory.
    """
    if settings.database_urls and settings.redis_url:
        yield None
        return
    running = borrow_endpoints(settings.data_dir)
    if running is not None:
        yield running
        return
    servers = embedded_servers(settings)
    if servers is None or not settings.data_dir.exists():
        raise NothingRuns
    with servers as endpoints:
        yield endpoints


class Failed(ArtelError):
    """The command failed."""

    slug = "failed"


@contextmanager
def plain_errors() -> Generator[None]:
    """What the system or a database says is said as it is, without a stack trace.

    Raises:
        Failed: with their words.
    """
    try:
        yield
    except (OSError, asyncpg.PostgresError) as error:
        raise Failed(str(error) or type(error).__name__) from error


def read_passphrase(file: Path | None, *, ask: bool, twice: bool = False) -> str | None:
    """The passphrase of a backup: from the file, the environment, or the terminal when `ask`; None when there is none.

    Raises:
        BadPassphrase: it is empty, or the two that were typed differ.
    """
    if file is not None:
        return _not_empty(file.read_text().strip())
    if (given := os.environ.get(PASSPHRASE)) is not None:
        return _not_empty(given)
    if not ask:
        return None
    typed = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Again: ") != typed:
        raise BadPassphrase("The two passphrases differ.")
    return _not_empty(typed)


def _not_empty(passphrase: str) -> str:
    if not passphrase:
        raise BadPassphrase
    return passphrase
