"""Grafana's role, logged in as Grafana would be, and a user of whom there is something to be summed up."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from artel.kit.clock import utc_now
from artel.kit.ids import IdMaker
from artel.store.embedded import PostgresEndpoint
from artel.store.roles import GRAFANA, plain_dsn, prepare_database
from tests.support.stores import SECRET_KEY, Stores

CANARY = "a-word-of-their-own"
"""In every text of the user's."""

_IDS = IdMaker()


@pytest.fixture
async def grafana(stores: Stores, postgres: PostgresEndpoint) -> AsyncGenerator[asyncpg.Connection]:
    """A connection to the first shard with the password that the administrator chose."""
    url, password = stores.databases[0].app, "it's 'quoted' %I"
    assert url.database is not None
    await prepare_database(postgres.dsn(url.database), SECRET_KEY, password)
    connection = await asyncpg.connect(plain_dsn(url.set(username=GRAFANA, password=password)))
    yield connection
    await connection.close()
    # Roles are the whole server's: other tests find it as it is made.
    superuser = await asyncpg.connect(postgres.dsn())
    await superuser.execute(f"alter role {GRAFANA} nologin password null")
    await superuser.close()


async def lived_in(stores: Stores) -> int:
    """A user with two active agents and one that is switched off, three runs of which one failed, three model calls of
    0.75 US dollars together and one whose price nobody knows, an answered approval (after 30 seconds) and one that
    waits."""
    user = await stores.new_user()
    async with stores.shards.user_tx(user) as tx:
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, 1, $2)", user, CANARY)
        for name, active, orchestrates in (
            ("a", True, False),
            ("b", True, False),
            ("c", False, False),
            ("o", True, True),
        ):
            await tx.execute(_AGENT, user, _IDS.uuid(), f"user{user}_{name}", CANARY, active, orchestrates)
        runs = [_IDS.uuid() for _ in range(3)]
        for run, status in zip(runs, ("completed", "completed", "failed"), strict=True):
            await tx.execute(_RUN, user, run, status, _IDS.uuid(), _IDS.uuid(), f"user{user}_a")
        for run, cost in zip((*runs, runs[0]), (Decimal("0.5"), Decimal("0.25"), Decimal(0), None), strict=True):
            await spend(stores, user, cost, run)
        for status, seconds in (("confirmed", 30.0), ("pending", None)):
            await tx.execute(_APPROVAL, user, _IDS.uuid(), status, f'{{"text": "{CANARY}"}}', seconds)
    return user


async def spend(stores: Stores, user: int, cost: Decimal | None, run: UUID | None = None) -> None:
    """A model call of the user's, made a minute ago."""
    async with stores.shards.user_tx(user) as tx:
        when = utc_now() - timedelta(minutes=1)
        await tx.execute(_USAGE, user, _IDS.uuid(), run, f"user{user}_a", CANARY, cost, when)


_AGENT = """
insert into user_agents (user_id, id, agent_id, name, config, is_active, concurrency_limit, is_orchestrator)
values ($1, $2, $3, $4, '{}', $5, 1, $6)
"""

_RUN = """
insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, agent_id)
values ($1, $2, 1, 'direct', $3, $4, $5, $6)
"""

_USAGE = """
insert into usage (user_id, id, run_id, agent_id, provider, model, input_tokens, output_tokens, cost, created_at)
values ($1, $2, $3, $4, 'openai', $5, 10, 2, $6, $7)
"""

_APPROVAL = """
insert into approval_requests (user_id, id, session_id, type, status, request, created_at, resolved_at)
values ($1, $2, 1, 'tool', $3, $4::jsonb, now() - interval '1 minute',
    now() - interval '1 minute' + $5::double precision * interval '1 second')
"""
