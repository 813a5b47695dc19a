"""`artel shards`: the databases that users live in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from artel.app.shards import ShardDesk, ShardView, add_shard, open_desk
from artel.cli.common import run_loop, running_stores
from artel.kit.errors import ArtelError
from artel.store.moves.errors import MoveUnderWay
from artel.store.moves.mover import Moved

shards = typer.Typer(no_args_is_help=True, help="Databases that users live in: list, add, open, close, move, remove.")

Name = Annotated[str, typer.Argument(help="The shard's name, as 'artel shards list' shows it.")]
_ADDED = """\
{name} has the newest schema and is listed, closed. Next:
  1. Append its URL to DATABASE_URL{and_migrations} of every process, and restart them.
  2. artel shards open {name}"""
_TAKE_OVER_SECONDS = 2.0
_TAKE_OVER_TRIES = 15


@shards.command("list")
def list_shards() -> None:
    """One line for each shard: name, users, state, users arriving and leaving, schema, size. Then those on the way."""

    async def run() -> None:
        _, stores = await running_stores()
        async with open_desk(stores) as desk:
            views, moving = await desk.all()
        for view in views:
            typer.echo(_line(view))
        for each in moving:
            typer.echo(f"user {each.user_id}\t{each.source} -> {each.target}\t{each.step}")

    run_loop(run())


@shards.command("add")
def add_command(
    url: Annotated[str, typer.Argument(help="An empty database, with a login of the same kind as in DATABASE_URL.")],
    migration_url: Annotated[
        str | None, typer.Option(help="The same as the migrator; only where ARTEL_MIGRATION_URL is set.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A name for it; the next number otherwise.")] = None,
) -> None:
    """Makes a database into a shard. No user is placed there before every process knows it; it says what to do next."""

    async def run() -> None:
        settings, stores = await running_stores()
        given = await add_shard(settings, stores, url, migration_url, name)
        more = " (and the other to ARTEL_MIGRATION_URL)" if migration_url is not None else ""
        typer.echo(_ADDED.format(name=given, and_migrations=more))

    run_loop(run())


@shards.command("open")
def open_command(name: Name) -> None:
    """Lets new users be placed on a shard."""
    _set_open(name, is_open=True)


@shards.command("close")
def close_command(name: Name) -> None:
    """Places no more new users on a shard; who lives there stays."""
    _set_open(name, is_open=False)


@shards.command("remove")
def remove_command(name: Name) -> None:
    """Takes a closed, empty shard off the list. Take it out of DATABASE_URL first."""

    async def run() -> None:
        _, stores = await running_stores()
        async with open_desk(stores) as desk:
            await desk.remove(name)
        typer.echo(f"{name} is not listed any more.")

    run_loop(run())


@shards.command("move")
def move_command(
    to: Annotated[str, typer.Option("--to", help="The shard they move to.")],
    who: Annotated[list[str] | None, typer.Argument(help="Accounts, by e-mail address or id.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="Move those who live on this shard; with --all.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All who live on the shard of --from.")] = False,
) -> None:
    """Moves users to another shard while everybody works. May be interrupted and repeated at any time."""
    if bool(who) == everybody or everybody != (source is not None):
        raise typer.BadParameter("Name accounts, or give --from NAME and --all.")

    async def run() -> None:
        _, stores = await running_stores()
        async with open_desk(stores) as desk:
            await desk.ready_for(to)
            chosen = await desk.living_on(source) if source is not None else await desk.who(who or [])
            failed = [email for user_id, email in chosen if not await _moved(desk, user_id, email, to)]
        typer.echo(f"{len(chosen) - len(failed)} of {len(chosen)} live on {to}.")
        if failed:
            raise typer.Exit(1)

    run_loop(run())


async def _moved(desk: ShardDesk, user_id: int, email: str, to: str) -> bool:
    try:
        moved = await _move(desk, user_id, to)
    except ArtelError as error:
        typer.echo(f"{email}: {error.detail}", err=True)
        return False
    typer.echo(f"{email}: {_story(moved)}" if moved is not None else f"{email}: is there already")
    return True


async def _move(desk: ShardDesk, user_id: int, to: str) -> Moved | None:
    """Waits for a mover that died before us to be taken over."""
    for _ in range(_TAKE_OVER_TRIES):
        await desk.mover.recovery.look()
        try:
            return await desk.mover.move(user_id, to)
        except MoveUnderWay:
            await asyncio.sleep(_TAKE_OVER_SECONDS)
    return await desk.mover.move(user_id, to)


def _set_open(name: str, *, is_open: bool) -> None:
    async def run() -> None:
        _, stores = await running_stores()
        async with open_desk(stores) as desk:
            await desk.set_open(name, is_open=is_open)
        typer.echo(f"{name} is {'open' if is_open else 'closed'}.")

    run_loop(run())


def _line(view: ShardView) -> str:
    cells: Sequence[object] = (
        view.name,
        f"{view.users} users",
        view.state,
        f"+{view.arriving} -{view.leaving}",
        view.revision or "?",
        f"{view.size / 1e6:.1f} MB" if view.size is not None else "?",
    )
    return "\t".join(map(str, cells))


def _story(moved: Moved) -> str:
    return (
        f"{moved.source} -> {moved.target}, {moved.rows} rows, {moved.size / 1e6:.1f} MB"
        f" in {moved.seconds:.2f} s, {moved.fenced:.2f} s of them waiting"
    )
