"""What a model call of a user's has to go on: their own access to providers, and the limits of what it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import asyncpg

from artel.accounts.provider_keys import SealedAccess, sealed_by_provider
from artel.accounts.spending import month_start
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be spent in a run or in a month, and what was spent of it, in US dollars."""

    of: Literal["run", "month"]
    usd: Decimal
    spent: Decimal
    """As far as it is written down; calls of unknown price count as nothing."""

    @property
    def left(self) -> Decimal:
        """Negative when more was spent."""
        return self.usd - self.spent


async def read_means(
    tx: UserTx, run_id: UUID | None, now: datetime
) -> tuple[Mapping[str, SealedAccess], tuple[Limit, ...]]:
    """The user's own access by provider, still sealed, and the limits that are set, in one statement: it stands on the
    way of every call. What was spent is added up only for who has a limit."""
    rows = await tx.fetch(_MEANS, tx.user_id, run_id, month_start(now))
    return sealed_by_provider(rows), _limits(rows[0])


async def read_limits(tx: UserTx, run_id: UUID | None, now: datetime) -> tuple[Limit, ...]:
    """The limits again, as the transaction sees them now."""
    row = await tx.fetchrow(_LIMITS, tx.user_id, run_id, month_start(now))
    assert row is not None
    return _limits(row)


def _limits(row: asyncpg.Record) -> tuple[Limit, ...]:
    limits: list[Limit] = []
    if row["budget_usd"] is not None:
        limits.append(Limit("run", row["budget_usd"], row["run_spent"]))
    if row["monthly_usd"] is not None:
        limits.append(Limit("month", row["monthly_usd"], row["month_spent"]))
    return tuple(limits)


_SET = """
    case when budget_usd is not null then (
        select coalesce(sum(cost), 0) from usage where user_id = $1 and run_id = $2
    ) end as run_spent,
    case when monthly_usd is not null then (
        select coalesce(sum(cost), 0) from usage where user_id = $1 and created_at >= $3
    ) end as month_spent
from (select) as always
left join budgets on budgets.user_id = $1
left join runs on runs.user_id = $1 and runs.id = $2
"""
_LIMITS = f"select budget_usd, monthly_usd, {_SET}"
_MEANS = f"""
select provider, sealed_key, hint, base_url, budget_usd, monthly_usd, {_SET}
left join provider_keys on provider_keys.user_id = $1
"""
