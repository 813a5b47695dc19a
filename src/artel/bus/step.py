"""A step of a plan: what waits for lost tasks is skipped, what waits for nothing more is ready, or sits down at once.

It is a function of the database, whose text is in the migrations. Each statement of such a function sees what is
committed when it begins, and what the statement that calls it has written: so one statement may lock, write, and take a
step. Whoever takes one has locked the run, and the agents whose tasks may sit down.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from artel.bus.model import Held, Skipped
from artel.bus.seated import held_of
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Step:
    """What came of it, and how many of the plan's tasks there are, are over in any way, and are done."""

    total: int
    over: int
    done: int
    skipped: Sequence[Skipped]
    busy: Set[str]
    """Those agents of whom a task was running, in whatever run, before anybody sat down."""
    seated: Sequence[Held]
    more_waits: bool
    """There is ready work that was not looked at here."""


async def step(tx: UserTx, run_id: UUID, lost: Sequence[str]) -> Step:
    """Takes one in which nobody sits down. lost: the tasks that failed or were stopped just now."""
    return step_of(tx.user_id, "", 0, await tx.fetch(_STEP, tx.user_id, run_id, lost))


def step_of(user_id: int, worker: str, at_most: int, rows: Sequence[asyncpg.Record]) -> Step:
    """The step that `step_plan` took; up to `at_most` tasks sat down in this process.

    The function answers a row for each of them, or a single one without a task. Nobody is overtaken: where other work
    waits for the same agents, all seats are left to `claim`.
    """
    seated = [held_of(user_id, worker, row) for row in rows if row["id"] is not None]
    plan = rows[0]
    return Step(
        plan["total"],
        plan["over"],
        plan["done"],
        [Skipped(task_id, agent_id) for task_id, agent_id in plan["skipped"]],
        frozenset(plan["busy"]),
        seated,
        plan["others_wait"] or len(seated) == at_most,
    )


# Where nothing is named that was done just now, everything that waits is looked at.
_STEP = "select * from step_plan($1, $2, '{}', $3, false, '{}', '', 0)"
