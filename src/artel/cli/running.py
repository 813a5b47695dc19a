"""The commands that start Artel, whole or in parts, and what prepares its databases."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import orjson
import typer

from artel import __version__
from artel.app.databases import embedded_servers, open_stores, running_endpoints
from artel.app.gateway import openapi_document
from artel.app.house import Part
from artel.app.memory import memory_companions
from artel.app.server import listen, serve, work
from artel.cli.common import read_settings, run_loop
from artel.settings import Settings
from artel.store.embedded import Endpoints, MakeCompanions, borrow_endpoints, no_companions
from artel.store.phases import Phase


def register(cli: typer.Typer) -> None:
    """Adds these commands."""
    cli.command("serve")(serve_command)
    cli.command("api")(api_command)
    cli.command("worker")(worker_command)
    cli.command("migrate")(migrate_command)
    cli.command("openapi")(openapi_command)
    cli.command("version")(version_command)


def serve_command() -> None:
    """Starts everything: the API, the page and a worker, on embedded stores unless the environment names others."""
    settings = read_settings()
    listener = listen(settings)
    with _servers(settings, memory_companions(settings)) as endpoints:
        alone = not settings.database_urls and not settings.redis_url

        async def run() -> None:
            stores = await open_stores(settings, endpoints, upgrade=True, alone=alone)
            await serve(settings, stores, Part(), listener, _say_ready)

        run_loop(run())


def api_command() -> None:
    """Answers HTTP and runs direct calls, on stores that run already."""
    settings = read_settings()
    listener = listen(settings)

    async def run() -> None:
        stores = await open_stores(settings, running_endpoints(settings), upgrade=False)
        await serve(settings, stores, Part(takes_queue=False), listener, _say_ready)

    run_loop(run())


def worker_command() -> None:
    """Takes tasks from the queue, on stores that run already."""
    settings = read_settings()

    async def run() -> None:
        stores = await open_stores(settings, running_endpoints(settings), upgrade=False)
        await work(settings, stores, Part(), lambda _: typer.echo(f"worker pid {os.getpid()}"))

    run_loop(run())


def migrate_command(
    before: Annotated[bool, typer.Option("--before", help="What this version needs; older processes go on.")] = False,
    after: Annotated[bool, typer.Option("--after", help="What only older processes needed.")] = False,
) -> None:
    """Makes the database roles and brings every shard's schema up to date; what 'serve' does at its start."""
    settings = read_settings()
    only: Phase | None = None if before == after else "before" if before else "after"
    with _stores_to_migrate(settings) as endpoints:
        run_loop(open_stores(settings, endpoints, upgrade=True, only=only))
    typer.echo("The schema is up to date." if only is None else f"What may run {only} the deployment has run.")


def openapi_command(
    target: Annotated[Path | None, typer.Argument(help="The file to write; standard output without it.")] = None,
) -> None:
    """Writes the API's schema, from which the page's client is generated."""
    document = orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"
    if target is None:
        typer.echo(document, nl=False)
    else:
        target.write_text(document)


def version_command() -> None:
    """Says which version this is."""
    typer.echo(__version__)


def _stores_to_migrate(settings: Settings) -> AbstractContextManager[Endpoints | None]:
    """Those of whoever runs on the data directory, or else they are started for the while."""
    if not (settings.database_urls and settings.redis_url) and (running := borrow_endpoints(settings.data_dir)):
        return nullcontext(running)
    return _servers(settings)


def _servers(
    settings: Settings, companions: MakeCompanions = no_companions
) -> AbstractContextManager[Endpoints | None]:
    return embedded_servers(settings, companions) or nullcontext()


def _say_ready(address: str) -> None:
    typer.echo(f"Artel is ready on {address}")
