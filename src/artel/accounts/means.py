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
from artel.store.limits import Windows
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """How many tokens, in and out, a user may use in a day or a month (UTC), and how many were used of them."""

    of: Literal["day", "month"]
    tokens: int
    used: int
    """As far as it is written down."""
    free_at: datetime
    """When the next day or month begins."""

    @property
    def left(self) -> int:
        """Negative when more were used."""
        return self.tokens - self.used


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


async def read_token_limits(tx: UserTx, now: datetime) -> tuple[TokenLimit, ...]:
    """Those that hold for the user; nothing is asked for who has none."""
    limits = tx.entry.limits
    if not limits.count_tokens:
        return ()
    windows = Windows.of(now)
    row = await tx.fetchrow(_TOKENS, tx.user_id, windows.month, windows.day)
    assert row is not None
    found: list[TokenLimit] = []
    if limits.tokens_day is not None:
        found.append(TokenLimit("day", limits.tokens_day, row["day"], windows.end("day")))
    if limits.tokens_month is not None:
        found.append(TokenLimit("month", limits.tokens_month, row["month"], windows.end("month")))
    return tuple(found)


_TOKENS = """
select coalesce(sum(input_tokens + output_tokens), 0)::bigint as month,
    coalesce(sum(input_tokens + output_tokens) filter (where created_at >= $3), 0)::bigint as day
from usage where user_id = $1 and created_at >= $2
"""

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
