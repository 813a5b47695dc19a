"""`artel memory`: the index of memory."""

from __future__ import annotations

from typing import Annotated

import typer

from artel.app.accounts import open_accounts
from artel.app.rebuild import rebuild_memory
from artel.cli.common import run_loop, running_stores

memory = typer.Typer(no_args_is_help=True, help="Memory: rebuild its index.")


@memory.command("rebuild")
def rebuild_command(
    user: Annotated[str | None, typer.Option(help="Of this account only, by its e-mail address.")] = None,
) -> None:
    """Makes the index of memory anew from what is stored; searching finds little of it meanwhile. Nothing is lost."""

    async def run() -> None:
        settings, stores = await running_stores()
        async with open_accounts(settings, stores) as accounts:
            chosen = [await accounts.named(user)] if user is not None else await accounts.all()
        count = await rebuild_memory(settings, stores, [account.id for account in chosen], _say_progress)
        typer.echo(f"{count} passages of {len(chosen)} accounts are indexed.")

    run_loop(run())


def _say_progress(done: int, total: int) -> None:
    typer.echo(f"{done} of {total} passages", err=True)
