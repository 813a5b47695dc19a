"""What every command needs: the settings, the stores that run, and a loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
import uvloop

from artel.app.databases import Stores, open_stores, running_endpoints
from artel.settings import Settings, load_settings
from artel.telemetry.logs import configure_logging

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]


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
