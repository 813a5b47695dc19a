"""`artel user`: accounts."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from artel.accounts.administration import Change
from artel.accounts.invitations import MAX_DAYS, USUAL_DAYS
from artel.accounts.users import Role
from artel.app.accounts import open_accounts, open_accounts_room
from artel.cli.common import Email, run_loop, running_stores
from artel.store.limits import NAMES, UNLIMITED, Value

users = typer.Typer(no_args_is_help=True, help="Accounts: add, invite, list, limit, disable, enable.")


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
        async with open_accounts(*await running_stores()) as accounts:
            account = await accounts.add(email, password, role)
            typer.echo(f"{account.id}\t{account.email}\t{account.role}")

    run_loop(run())


@users.command("list")
def list_users() -> None:
    """One line for each account: id, address, role, shard, and whether it is disabled."""

    async def run() -> None:
        async with open_accounts(*await running_stores()) as accounts:
            for account in await accounts.all():
                state = "active" if account.is_active else "disabled"
                typer.echo(f"{account.id}\t{account.email}\t{account.role}\t{account.shard}\t{state}")

    run_loop(run())


@users.command("disable")
def disable_user(email: Email) -> None:
    """Signs an account out everywhere and refuses it from now on; its data stays."""
    _set_active(email, active=False)


@users.command("enable")
def enable_user(email: Email) -> None:
    """Lets a disabled account in again."""
    _set_active(email, active=True)


@users.command("invite")
def invite_user(
    email: Email,
    admin: Annotated[bool, typer.Option(help="May manage the installation.")] = False,
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="How long the link holds.")] = USUAL_DAYS,
) -> None:
    """Prints a link by which this address may make an account, once, whatever the registration policy."""

    async def run() -> None:
        async with open_accounts_room(*await running_stores()) as room:
            role: Role = "admin" if admin else "user"
            made = await room.users.invitations.make(None, email=email, role=role, days=days)
            typer.echo(f"{room.site}/invite#{made.token}")

    run_loop(run())


@users.command("reset-password")
def reset_password(email: Email) -> None:
    """Prints a link to choose a new password, once; it holds for a day."""

    async def run() -> None:
        async with open_accounts_room(*await running_stores()) as room:
            account = await room.users.named(email)
            made = await room.password_links.make(None, account.id)
            typer.echo(f"{room.site}/reset#{made.token}")

    run_loop(run())


@users.command("limits")
def limit_user(
    email: Email,
    changes: Annotated[
        list[str] | None,
        typer.Argument(help=f"NAME=VALUE: a number, unlimited, or nothing for everybody's. Names: {', '.join(NAMES)}."),
    ] = None,
) -> None:
    """Shows an account's own limits, after changing those that are named."""
    limits = _limits(changes or [])

    async def run() -> None:
        async with open_accounts_room(*await running_stores()) as room:
            account = await room.users.named(email)
            person = await room.administration.change(None, account.id, Change(limits=limits))
            for name in NAMES:
                typer.echo(f"{name}\t{person.limits.get(name, '')}")

    run_loop(run())


def _limits(changes: list[str]) -> dict[str, Value | None]:
    found: dict[str, Value | None] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in NAMES or not (value in ("", UNLIMITED) or (value.isascii() and value.isdigit())):
            raise typer.BadParameter(f"{change} is not NAME=VALUE. Names: {', '.join(NAMES)}.")
        found[name] = None if not value else UNLIMITED if value == UNLIMITED else int(value)
    return found


def _set_active(email: str, *, active: bool) -> None:
    async def run() -> None:
        async with open_accounts(*await running_stores()) as accounts:
            account = await accounts.set_active(email, active=active)
            typer.echo(f"{account.email} is {'active' if account.is_active else 'disabled'}.")

    run_loop(run())
