"""What may be spent, as it is read from the stores."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import asyncpg

from artel.accounts.means import read_limits, read_means
from artel.accounts.provider_keys import ProviderKeys
from artel.agents.allowance import Allowance
from artel.agents.runner import AgentRunner
from artel.agents.turn import Prepared
from artel.bus.model import Held
from artel.kit.ids import IdMaker
from artel.kit.secrets import SecretBox
from artel.store.tx import UserTx
from artel.tools.registry import Toolbox
from tests.support.stores import SECRET_KEY, Stores

IDS = IdMaker()
NOW = datetime(2026, 11, 25, tzinfo=UTC)

_USED = """
insert into usage (user_id, id, run_id, provider, model, input_tokens, output_tokens, cost, created_at)
values ($1, $2, $3, 'openai', 'm', 1, 1, $4, $5)
"""


async def _used(tx: UserTx, cost: str | None, run_id: UUID | None = None, at: datetime = NOW) -> None:
    await tx.execute(_USED, tx.user_id, IDS.uuid(), run_id, None if cost is None else Decimal(cost), at)


async def _budget(tx: UserTx, usd: str) -> None:
    await tx.execute("insert into budgets (user_id, monthly_usd) values ($1, $2)", tx.user_id, Decimal(usd))


async def _run(tx: UserTx, budget: str | None) -> UUID:
    run_id, chat = IDS.uuid(), IDS.number()
    await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, $2, '')", tx.user_id, chat)
    await tx.execute(
        "insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, budget_usd)"
        " values ($1, $2, $3, 'auto', 'running', $2, $2, $4)",
        tx.user_id,
        run_id,
        chat,
        None if budget is None else Decimal(budget),
    )
    return run_id


class CountedTx:
    """A transaction that counts how often it asks the database."""

    def __init__(self, tx: UserTx) -> None:
        self._tx = tx
        self.user_id = tx.user_id
        self.entry = tx.entry
        self.trips = 0

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        self.trips += 1
        return await self._tx.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        self.trips += 1
        return await self._tx.fetchrow(sql, *args)


async def test_without_limits_there_is_no_allowance_and_with_keys_there_are_keys(stores: Stores) -> None:
    user = await stores.new_user()
    keys = ProviderKeys(stores.shards, SecretBox(SECRET_KEY))
    await keys.put(user, "openai", api_key="sk-1", base_url=None)
    await keys.put(user, "anthropic", api_key=None, base_url="https://example.org")

    async with stores.shards.user_tx(user) as tx:
        await _used(tx, "5")
        access, limits = await read_means(tx, await _run(tx, None), NOW)

    assert limits == ()
    assert {name: keys.open(user, sealed).api_key for name, sealed in access.items()} == {
        "openai": "sk-1",
        "anthropic": None,
    }


async def test_each_limit_is_compared_with_what_it_limits(stores: Stores) -> None:
    user = await stores.new_user()
    async with stores.shards.user_tx(user) as tx:
        run, other = await _run(tx, "0.5"), await _run(tx, "9")
        await _budget(tx, "10")
        await _used(tx, "0.1", run)
        await _used(tx, "0.0000001", run)
        await _used(tx, None, run)
        await _used(tx, "2", other)
        await _used(tx, "0.2", run, datetime(2026, 11, 1, tzinfo=UTC))
        await _used(tx, "0.01", run, datetime(2026, 10, 31, 23, 59, 59, 999999, UTC))

        access, limits = await read_means(tx, run, NOW)
        again = await read_limits(tx, run, NOW)
        outside = await read_limits(tx, None, NOW)
        next_month = await read_limits(tx, None, datetime(2026, 12, 1, tzinfo=UTC))

    assert access == {}
    assert [(limit.of, str(limit.usd), str(limit.spent), str(limit.left)) for limit in limits] == [
        ("run", "0.5", "0.3100001", "0.1899999"),
        ("month", "10", "2.3000001", "7.6999999"),
    ]
    assert again == limits
    assert outside == limits[1:]
    assert next_month[0].spent == 0


async def test_the_limits_of_two_users_do_not_mix(stores: Stores) -> None:
    rich, poor = [await stores.new_user() for _ in range(2)]
    async with stores.shards.user_tx(poor) as tx:
        run = await _run(tx, "0.01")
        await _budget(tx, "0.02")
        await _used(tx, "1", run)

    async with stores.shards.user_tx(rich) as tx:
        of_rich, _ = await Allowance.read(tx, run, "en")
    async with stores.shards.user_tx(poor) as tx:
        of_poor, _ = await Allowance.read(tx, run, "en")

    assert (of_rich.left, of_poor.left) == (None, Decimal("-0.99"))


async def test_a_charge_is_seen_by_the_transaction_that_wrote_it(stores: Stores) -> None:
    user = await stores.new_user()
    async with stores.shards.user_tx(user) as tx:
        await _budget(tx, "1")
        allowance, _ = await Allowance.read(tx, None, "en")
        before = allowance.left
        await _used(tx, "0.4", at=datetime.now(UTC))
        await allowance.refresh(tx)

    assert (before, allowance.left) == (Decimal(1), Decimal("0.6"))


async def test_who_has_no_budget_pays_no_round_trip_for_it(stores: Stores) -> None:
    # given everything an agent reads before it asks: the conversation, its means, and its user's profile
    user = await stores.new_user()
    nothing = cast(Any, None)
    runner = AgentRunner(nothing, nothing, nothing, nothing, nothing, Toolbox())
    held = cast(Held, cast(Any, _HeldTask(IDS.number(), IDS.uuid(), IDS.uuid())))
    trips: list[int] = []
    left: list[Decimal | None] = []

    # when it is read without a budget and with one
    async with stores.shards.user_tx(user) as tx:
        for usd in (None, "1"):
            if usd:
                await _budget(tx, usd)
            counted = CountedTx(tx)
            prepared: Prepared = await runner.prepare(cast(UserTx, cast(Any, counted)), held)
            trips.append(counted.trips)
            left.append(prepared.allowance.left)

    # then without one it costs what it cost before there were budgets
    assert (trips, left) == ([3, 4], [None, Decimal(1)])


class _HeldTask:
    def __init__(self, session_id: int, run_id: UUID, message_id: UUID) -> None:
        self.session_id = session_id
        self.run_id = run_id
        self.message_id = message_id
        self.is_planned = False
        self.history = None
        self.kind = "agent"
        self.config = {"name": "Coder", "model": {"provider": "openai", "name": "m"}}
