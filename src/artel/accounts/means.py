"""What a model call of a user's has to go on: their own access to providers, and the limits of what it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

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
    """The user's own access by provider, still sealed, and the limits that are set.

    It stands on the way of every call: one statement, and a second one only for who has a limit.
    """
    rows = await tx.fetch(_MEANS, tx.user_id) if run_id is None else await tx.fetch(_MEANS_OF_RUN, tx.user_id, run_id)
    has_limits = any(row["provider"] is None for row in rows)
    return sealed_by_provider(rows), await read_limits(tx, run_id, now) if has_limits else ()


async def read_limits(tx: UserTx, run_id: UUID | None, now: datetime) -> tuple[Limit, ...]:
    """The limits that are set, with what was spent of them as the transaction sees it."""
    row = await tx.fetchrow(_LIMITS, tx.user_id, run_id, month_start(now))
    assert row is not None
    limits: list[Limit] = []
    if row["budget_usd"] is not None:
        limits.append(Limit("run", row["budget_usd"], row["run_spent"]))
    if row["monthly_usd"] is not None:
        limits.append(Limit("month", row["monthly_usd"], row["month_spent"]))
    return tuple(limits)


# A row without a provider says that there is a limit.
_MEANS = """
select provider, sealed_key, hint, base_url from provider_keys where user_id = $1
union all select null, null, null, null from budgets where user_id = $1
"""
_MEANS_OF_RUN = f"""{_MEANS}
union all select null, null, null, null from runs where user_id = $1 and id = $2 and budget_usd is not null
"""

# Sums are made only for the limits that are set.
_LIMITS = """
select budget_usd, monthly_usd,
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
