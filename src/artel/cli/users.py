"""`artel user`: accounts."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from artel.accounts.users import Role
from artel.app.accounts import open_accounts
from artel.cli.common import Email, run_loop, running_stores

users = typer.Typer(no_args_is_help=True, help="Accounts: add, list, disable, enable.")


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


def _set_active(email: str, *, active: bool) -> None:
    async def run() -> None:
        async with open_accounts(*await running_stores()) as accounts:
            account = await accounts.set_active(email, active=active)
            typer.echo(f"{account.email} is {'active' if account.is_active else 'disabled'}.")

    run_loop(run())
