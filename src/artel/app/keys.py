"""New secret keys: what is sealed, and the passwords of the database roles, follow the newest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artel.app.accounts import open_accounts
from artel.app.databases import Stores, admin_urls, key_file, open_stores, secret_keys
from artel.kit.secrets import SecretBox, key_id, new_secret
from artel.settings import Settings
from artel.store.embedded import Endpoints, load_or_create_secret, read_secrets, replace_secrets
from artel.store.roles import prepare_database
from artel.store.sealed import Tally, count_sealed, reseal
from artel.store.shards import Shards


@dataclass(frozen=True, slots=True)
class KeyState:
    """key_ids: of the keys that are known, the newest first; they name a key without giving it away."""

    key_ids: Sequence[str]
    tally: Tally


async def key_state(settings: Settings, endpoints: Endpoints | None) -> KeyState:
    """What is sealed with which key."""
    return await _over_all(settings, endpoints, rotates=False)


async def rotate_keys(settings: Settings, endpoints: Endpoints | None) -> KeyState:
    """Seals everything with the newest key, beside running servers that know it, then changes the roles' passwords.

    Killed, it can be repeated; what is done stays done.
    """
    state = await _over_all(settings, endpoints, rotates=True)
    if not settings.migration_urls:
        for url in admin_urls(settings, endpoints):
            await prepare_database(url, secret_keys(settings)[0])
    return state


def begin_new_key(settings: Settings) -> None:
    """Puts a new key before the one in the data directory, unless that was done before and not finished. Only while no
    server runs there: it would not know the new one."""
    path = key_file(settings)
    load_or_create_secret(path)
    known = read_secrets(path)
    if len(known) == 1:
        replace_secrets(path, [new_secret(), *known])


def forget_old_keys(settings: Settings) -> None:
    """Leaves the newest key alone in the data directory."""
    path = key_file(settings)
    replace_secrets(path, read_secrets(path)[:1])


async def _over_all(settings: Settings, endpoints: Endpoints | None, *, rotates: bool) -> KeyState:
    stores = await open_stores(settings, endpoints, upgrade=False)
    keys = secret_keys(settings)
    box, tally = SecretBox(*keys), Tally()
    async with open_accounts(settings, stores) as accounts:
        users = [account.id for account in await accounts.all()]
    await _each(stores, box, users, tally, rotates=rotates)
    return KeyState([key_id(key) for key in keys], tally)


async def _each(stores: Stores, box: SecretBox, users: Sequence[int], tally: Tally, *, rotates: bool) -> None:
    shards = Shards(stores.shards, other_passwords=stores.other_passwords)
    await shards.start()
    try:
        for user_id in users:
            await (reseal if rotates else count_sealed)(shards, box, user_id, tally)
    finally:
        await shards.stop()
