"""The commands: `artel serve` starts everything; the others are for administrators and for scaling out."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer

from artel.cli import backup, doctor, running
from artel.cli.cluster import cluster_command
from artel.cli.keys import keys
from artel.cli.memory import memory
from artel.cli.shards import shards
from artel.cli.users import users
from artel.kit.errors import ArtelError

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
running.register(cli)
cli.command("cluster")(cluster_command)
backup.register(cli)
doctor.register(cli)
cli.add_typer(users, name="user")
cli.add_typer(memory, name="memory")
cli.add_typer(keys, name="keys")
cli.add_typer(shards, name="shards")


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
