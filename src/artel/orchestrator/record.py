"""What an agent's finished tasks were like: the ground of estimates."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import asyncpg

from artel.orchestrator.estimate import Record, Spread
from artel.store.tx import UserTx

_TASKS = 50
"""The newest of an agent: what it was like lately, not what it was like with another prompt long ago."""


async def read_records(tx: UserTx, agent_ids: Collection[str]) -> Mapping[str, Record]:
    """By agent id; agents that have finished nothing are missing."""
    rows = await tx.fetch(_RECORDS, tx.user_id, list(agent_ids), _TASKS)
    return {
        row["agent_id"]: Record(row["tasks"], _spread(row, "input"), _spread(row, "output"), _spread(row, "seconds"))
        for row in rows
    }


def _spread(row: asyncpg.Record, what: str) -> Spread:
    low, middle, high = row[what]
    return Spread(middle, low, high)


_RECORDS = """
select agent.agent_id, count(*) as tasks,
    percentile_cont(array[0.2, 0.5, 0.8]) within group (order by input_tokens) as input,
    percentile_cont(array[0.2, 0.5, 0.8]) within group (order by output_tokens) as output,
    percentile_cont(array[0.2, 0.5, 0.8]) within group (order by seconds) as seconds
from unnest($2::text[]) agent (agent_id)
cross join lateral (
    select coalesce((messages.usage->>'input_tokens')::double precision, 0) as input_tokens,
        coalesce((messages.usage->>'output_tokens')::double precision, 0) as output_tokens,
        extract(epoch from tasks.finished_at - tasks.started_at)::double precision as seconds
    from tasks join messages on messages.user_id = $1 and messages.id = tasks.message_id
    where tasks.user_id = $1 and tasks.assigned_agent = agent.agent_id and tasks.status = 'done'
        and messages.usage is not null
    order by tasks.finished_at desc limit $3
) finished
group by agent.agent_id
"""
