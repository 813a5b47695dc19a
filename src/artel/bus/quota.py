"""Counts the runs of users whose runs are limited, in the transaction that begins one: what is undone does not count.

A row for each hour is incremented, so whoever comes at the same time, in any process, waits and then sees the sum. A
deleted chat gives nothing back.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from artel.kit.clock import utc_now
from artel.store.limits import Windows
from artel.store.tx import UserTx


async def count_run(tx: UserTx) -> None:
    """One more run; nothing is done for who has no limits.

    Raises:
        LimitReached: roll back.
    """
    if tx.entry.limits.count_runs:
        windows = Windows.of(utc_now())
        row = await tx.fetchrow(f"with {COUNTED} select * from counted", tx.user_id, *arguments(tx, windows))
        check(tx, windows, row)


def arguments(tx: UserTx, windows: Windows) -> tuple[object, ...]:
    """For `COUNTED`, after the user's id: $2 to $5."""
    return windows.hour, windows.day, windows.month, tx.entry.limits.count_tokens


def check(tx: UserTx, windows: Windows, row: asyncpg.Record | None) -> None:
    """What was counted, this run included, and the tokens of all earlier ones.

    Raises:
        LimitReached: the limit that is free again last.
    """
    assert row is not None
    limits = tx.entry.limits
    if limits.tokens_month is not None and row["month_tokens"] >= limits.tokens_month:
        raise windows.reached("tokens", limits.tokens_month, "month")
    if limits.tokens_day is not None and row["day_tokens"] >= limits.tokens_day:
        raise windows.reached("tokens", limits.tokens_day, "day")
    if limits.runs_day is not None and row["day_runs"] > limits.runs_day:
        raise windows.reached("messages", limits.runs_day, "day")
    if limits.runs_hour is not None and row["hour_runs"] > limits.runs_hour:
        raise windows.reached("messages", limits.runs_hour, "hour")


# $2 the hour, $3 the day, $4 the month, $5 whether tokens are limited. Earlier hours are over: nobody adds to them.
COUNTED: Final = """
one_more as (
    insert into run_counts (user_id, hour, runs) values ($1, $2, 1)
    on conflict (user_id, hour) do update set runs = run_counts.runs + 1 returning runs
), old as (
    delete from run_counts where user_id = $1 and hour < $3::timestamptz - interval '1 day'
), counted as (
    select one_more.runs as hour_runs, one_more.runs + (
            select coalesce(sum(runs), 0) from run_counts where user_id = $1 and hour >= $3 and hour < $2
        ) as day_runs,
        case when $5 then (
            select coalesce(sum(input_tokens + output_tokens), 0) from usage where user_id = $1 and created_at >= $3
        ) end as day_tokens,
        case when $5 then (
            select coalesce(sum(input_tokens + output_tokens), 0) from usage where user_id = $1 and created_at >= $4
        ) end as month_tokens
    from one_more
)
"""
