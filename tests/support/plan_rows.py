"""A plan's rows put together by hand, in whatever state, for tests of single transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from artel.bus.model import TASK
from artel.kit.ids import IdMaker
from tests.support.bus import Team

IDS = IdMaker()


@dataclass
class PlanRows:
    """A run of a plan, and the tasks that were put into it."""

    team: Team
    run_id: UUID
    ids: dict[str, UUID] = field(default_factory=dict[str, UUID])
    """By the tasks' names."""

    async def task(
        self,
        name: str,
        status: str,
        *,
        agent: str = "coder",
        after: Sequence[str] = (),
        seat: int | None = None,
        lane: int | None = None,
        kind: str = TASK,
    ) -> UUID:
        """Puts one into it. A running one has a seat, and in a plan a lane."""
        self.ids[name] = task = IDS.uuid()
        async with self.team.stores.shards.user_tx(self.team.user_id) as tx:
            await tx.execute(
                _TASK,
                tx.user_id,
                task,
                self.team.session_id,
                self.run_id,
                name,
                kind,
                self.team.agent_id(agent),
                IDS.uuid(),
                status,
                orjson.dumps(list(after)).decode(),
                seat,
                lane,
            )
        return task

    async def states(self) -> dict[str, tuple[str, int | None, int | None]]:
        """Status, seat and lane of its tasks by name."""
        rows = await self.team.rows("select * from tasks where run_id = $1", self.run_id)
        return {row["task_id"]: (row["status"], row["seat"], row["lane"]) for row in rows}


async def new_plan(team: Team, max_parallel: int) -> PlanRows:
    """A run whose plan goes on, without tasks."""
    run = IDS.uuid()
    async with team.stores.shards.user_tx(team.user_id) as tx:
        await tx.execute(_RUN, tx.user_id, run, team.session_id, IDS.uuid(), max_parallel)
        await tx.execute(_PLAN, tx.user_id, IDS.uuid(), team.session_id, run, max_parallel)
    return PlanRows(team, run)


_RUN = """
insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, max_parallel)
values ($1, $2, $3, 'auto', 'running', $4, $4, $5)
"""

_PLAN = """
insert into plans (user_id, id, session_id, run_id, revision, status, tasks, estimate, max_parallel)
values ($1, $2, $3, $4, 1, 'running', '[]', '{}', $5)
"""

_TASK = """
insert into tasks (
    user_id, id, session_id, run_id, task_id, kind, assigned_agent, message_id, max_attempts, status, dependencies,
    seat, lane, plan_id
)
values (
    $1, $2, $3, $4, $5, $6, $7, $8, 3, $9, $10::jsonb, $11, $12,
    (select id from plans where user_id = $1 and run_id = $4)
)
"""
