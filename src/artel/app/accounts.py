"""The accounts alone, for commands that run beside a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from artel.accounts.administration import Administration
from artel.accounts.password_links import PasswordLinks
from artel.accounts.passwords import Passwords
from artel.accounts.revocation import Revocations
from artel.accounts.sign_ins import SignIns
from artel.accounts.users import Users
from artel.app.databases import Stores
from artel.app.limits import limits_of
from artel.events.client import redis_client
from artel.events.control import ControlChannel
from artel.events.subscriber import Subscriber
from artel.kit.ids import IdMaker
from artel.settings import Settings
from artel.store.shards import Shards


@dataclass(frozen=True, slots=True)
class AccountsRoom:
    """What commands do with accounts. `site`: where links lead, as far as the environment says it."""

    users: Users
    administration: Administration
    password_links: PasswordLinks
    site: str


@asynccontextmanager
async def open_accounts(settings: Settings, stores: Stores) -> AsyncGenerator[Users]:
    """The directory of users; what is changed reaches running servers at once, through Redis."""
    async with open_accounts_room(settings, stores) as room:
        yield room.users


@asynccontextmanager
async def open_accounts_room(settings: Settings, stores: Stores) -> AsyncGenerator[AccountsRoom]:
    """The directory with everything an administrator may do there."""
    shards, redis = (
        Shards(stores.shards, other_passwords=stores.other_passwords, limits=limits_of(settings)),
        redis_client(stores.redis_url),
    )
    await shards.start()
    try:
        ids, passwords = IdMaker(), Passwords()
        revocations = Revocations(ControlChannel(redis, Subscriber(redis)))
        yield AccountsRoom(
            Users(shards, passwords, revocations, settings.registration, ids),
            Administration(shards, ids, SignIns(shards, ids, revocations), revocations),
            PasswordLinks(shards, ids, passwords),
            settings.public_url or f"http://{settings.host}:{settings.port}",
        )
    finally:
        await redis.aclose()
        await shards.stop()
