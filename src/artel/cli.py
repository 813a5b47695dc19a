"""The commands: `artel serve` starts everything; the others are for administrators and for scaling out."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import orjson
import typer
import uvloop

from artel import __version__
from artel.accounts.users import Role
from artel.app.accounts import open_accounts
from artel.app.databases import Stores, embedded_servers, open_stores, running_endpoints
from artel.app.gateway import openapi_document
from artel.app.house import Part
from artel.app.memory import memory_companions
from artel.app.rebuild import rebuild_memory
from artel.app.server import listen, serve, work
from artel.kit.errors import ArtelError
from artel.settings import Settings, load_settings
from artel.store.embedded import Endpoints, MakeCompanions, no_companions
from artel.telemetry.logs import configure_logging

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
users = typer.Typer(no_args_is_help=True, help="Accounts: add, list, disable, enable.")
cli.add_typer(users, name="user")
memory = typer.Typer(no_args_is_help=True, help="Memory: rebuild its index.")
cli.add_typer(memory, name="memory")

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]


def main() -> None:
    """The program. An error that has words for people is shown in them, without a stack trace."""
    # Also uvicorn raises the signal again after its own shutdown; by default that ends the process on the spot, and the
    # embedded servers would not be stopped in order.
    signal.signal(signal.SIGTERM, _leave)
    try:
        cli()
    except ArtelError as error:
        sys.stderr.write(f"artel: {error.detail}\n")
        raise SystemExit(1) from None


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


@cli.command("serve")
def serve_command() -> None:
    """Starts everything: the API, the page and a worker, on embedded stores unless the environment names others."""
    settings = _settings()
    listener = listen(settings)
    with _servers(settings, memory_companions(settings)) as endpoints:
        alone = not settings.database_urls and not settings.redis_url

        async def run() -> None:
            stores = await open_stores(settings, endpoints, upgrade=True, alone=alone)
            await serve(settings, stores, Part(), listener, _say_ready)

        _run(run())


@cli.command("api")
def api_command() -> None:
    """Answers HTTP and runs direct calls, on stores that run already."""
    settings = _settings()
    listener = listen(settings)

    async def run() -> None:
        stores = await open_stores(settings, running_endpoints(settings), upgrade=False)
        await serve(settings, stores, Part(takes_queue=False), listener, _say_ready)

    _run(run())


@cli.command("worker")
def worker_command() -> None:
    """Takes tasks from the queue, on stores that run already."""
    settings = _settings()

    async def run() -> None:
        stores = await open_stores(settings, running_endpoints(settings), upgrade=False)
        await work(settings, stores, Part(), lambda _: typer.echo(f"worker pid {os.getpid()}"))

    _run(run())


@cli.command("migrate")
def migrate_command() -> None:
    """Makes the database roles and brings every shard's schema up to date; what 'serve' does at its start."""
    settings = _settings()
    with _servers(settings) as endpoints:
        _run(open_stores(settings, endpoints, upgrade=True))
    typer.echo("The schema is up to date.")


@cli.command("openapi")
def openapi_command(
    target: Annotated[Path | None, typer.Argument(help="The file to write; standard output without it.")] = None,
) -> None:
    """Writes the API's schema, from which the page's client is generated."""
    document = orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"
    if target is None:
        typer.echo(document, nl=False)
    else:
        target.write_text(document)


@cli.command("version")
def version_command() -> None:
    """Says which version this is."""
    typer.echo(__version__)


@users.command("add")
def add_user(
    email: Email,
    admin: Annotated[bool, typer.Option(help="May manage the installation.")] = False,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Makes an account, whatever the registration policy."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass("Password: ")
    role: Role = "admin" if admin else "user"

    async def run() -> None:
        async with open_accounts(*await _stores()) as accounts:
            account = await accounts.add(email, password, role)
            typer.echo(f"{account.id}\t{account.email}\t{account.role}")

    _run(run())


@users.command("list")
def list_users() -> None:
    """One line for each account: id, address, role, shard, and whether it is disabled."""

    async def run() -> None:
        async with open_accounts(*await _stores()) as accounts:
            for account in await accounts.all():
                state = "active" if account.is_active else "disabled"
                typer.echo(f"{account.id}\t{account.email}\t{account.role}\t{account.shard}\t{state}")

    _run(run())


@users.command("disable")
def disable_user(email: Email) -> None:
    """Signs an account out everywhere and refuses it from now on; its data stays."""
    _set_active(email, active=False)


@users.command("enable")
def enable_user(email: Email) -> None:
    """Lets a disabled account in again."""
    _set_active(email, active=True)


@memory.command("rebuild")
def rebuild_command(
    user: Annotated[str | None, typer.Option(help="Of this account only, by its e-mail address.")] = None,
) -> None:
    """Makes the index of memory anew from what is stored; searching finds little of it meanwhile. Nothing is lost."""

    async def run() -> None:
        settings, stores = await _stores()
        async with open_accounts(settings, stores) as accounts:
            chosen = [await accounts.named(user)] if user is not None else await accounts.all()
        count = await rebuild_memory(settings, stores, [account.id for account in chosen], _say_progress)
        typer.echo(f"{count} passages of {len(chosen)} accounts are indexed.")

    _run(run())


def _say_progress(done: int, total: int) -> None:
    typer.echo(f"{done} of {total} passages", err=True)


def _set_active(email: str, *, active: bool) -> None:
    async def run() -> None:
        async with open_accounts(*await _stores()) as accounts:
            account = await accounts.set_active(email, active=active)
            typer.echo(f"{account.email} is {'active' if account.is_active else 'disabled'}.")

    _run(run())


async def _stores() -> tuple[Settings, Stores]:
    settings = _settings()
    return settings, await open_stores(settings, running_endpoints(settings), upgrade=False)


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    return settings


def _servers(
    settings: Settings, companions: MakeCompanions = no_companions
) -> AbstractContextManager[Endpoints | None]:
    return embedded_servers(settings, companions) or nullcontext()


def _say_ready(address: str) -> None:
    typer.echo(f"Artel is ready on {address}")


def _run(main: Coroutine[Any, Any, object]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
