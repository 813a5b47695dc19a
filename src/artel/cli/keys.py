"""`artel keys`: the secret keys that seal what users entrust to the server."""

from __future__ import annotations

import typer

from artel.app.keys import KeyState, begin_new_key, forget_old_keys, key_state, rotate_keys
from artel.cli.common import plain_errors, read_settings, run_loop, stores_at_hand
from artel.kit.errors import ArtelError
from artel.settings import Settings
from artel.store.embedded import Endpoints, borrow_endpoints

keys = typer.Typer(no_args_is_help=True, help="Secret keys: which seal what, and changing them.")


class NoNewKey(ArtelError):
    """There is no new key yet. Set ARTEL_SECRET_KEY to the new one and ARTEL_SECRET_KEY_OLD to the present one, for
    every process, before this. docs/backups.md says in which order."""

    slug = "no-new-key"


class StopFirst(ArtelError):
    """Artel runs on this data directory and would not know a new key. Stop it first: this takes seconds."""

    slug = "stop-first"
    status = 409


@keys.command("status")
def status_command() -> None:
    """Says how much is sealed with the newest key, with older ones, and with unknown ones."""
    settings = read_settings()

    async def run() -> None:
        _show(await key_state(settings, endpoints))

    with plain_errors(), stores_at_hand(settings) as endpoints:
        run_loop(run())


@keys.command("rotate")
def rotate_command() -> None:
    """Seals everything with the newest key. Killed, run it again."""
    settings = read_settings()
    with plain_errors():
        if settings.secret_key is None and not settings.database_urls:
            _rotate_file(settings)
        elif not settings.secret_keys_old:
            raise NoNewKey
        else:
            with stores_at_hand(settings) as endpoints:
                run_loop(_rotate(settings, endpoints))


def _rotate_file(settings: Settings) -> None:
    """The key in the data directory: nobody else may be using it."""
    if borrow_endpoints(settings.data_dir) is not None:
        raise StopFirst
    with stores_at_hand(settings) as endpoints:
        begin_new_key(settings)
        run_loop(_rotate(settings, endpoints))
        forget_old_keys(settings)


async def _rotate(settings: Settings, endpoints: Endpoints | None) -> None:
    state = await rotate_keys(settings, endpoints)
    typer.echo(f"{state.tally.resealed} values are sealed anew.")
    _show(state)


def _show(state: KeyState) -> None:
    newest, *older = state.key_ids
    typer.echo(f"newest key {newest}{''.join(f', older {each}' for each in older)}")
    for place, states in state.tally.by_column().items():
        typer.echo(f"{place}\t" + ", ".join(f"{count} {name}" for name, count in states.items()))
    if state.tally.total("unreadable"):
        typer.echo("What is unreadable was sealed with a key that is not named here.")
    if count := state.tally.total("old"):
        typer.echo(f"{count} values are sealed with an older key: 'artel keys rotate' seals them anew.")
    elif older:
        typer.echo("Nothing is sealed with an older key: ARTEL_SECRET_KEY_OLD can go.")
