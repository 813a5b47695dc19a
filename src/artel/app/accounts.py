"""The accounts alone, for commands that run beside a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from artel.accounts.passwords import Passwords
from artel.accounts.revocation import Revocations
from artel.accounts.users import Users
from artel.app.databases import Stores
from artel.events.client import redis_client
from artel.events.control import ControlChannel
from artel.events.subscriber import Subscriber
from artel.settings import Settings
from artel.store.shards import Shards


@asynccontextmanager
async def open_accounts(settings: Settings, stores: Stores) -> AsyncGenerator[Users]:
    """The directory of users; what is changed reaches running servers at once, through Redis."""
    shards, redis = Shards(stores.shards, other_passwords=stores.other_passwords), redis_client(stores.redis_url)
    await shards.start()
    try:
        control = ControlChannel(redis, Subscriber(redis))
        yield Users(shards, Passwords(), Revocations(control), settings.registration)
    finally:
        await redis.aclose()
        await shards.stop()
