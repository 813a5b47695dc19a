"""Runs and their tasks, read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import and_, select, union
from sqlalchemy.orm import defer

from artel.bus.model import NoSuchRun, NoSuchTask
from artel.chat.views import UNFINISHED, RunView
from artel.store.shards import Shards
from artel.store.tables import Message, Run, Task
from artel.store.tx import UserTx

WORK_OF_TASKS = (defer(Task.history, raiseload=True),)
"""What only the bus reads; it can be large."""


class Runs:
    """One user's runs."""

    def __init__(self, user_id: int, shards: Shards) -> None:
        self._user_id = user_id
        self._shards = shards

    async def require(self, run_id: UUID) -> None:
        """Passes if the run is this user's.

        Raises:
            NoSuchRun: it is not.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            if await tx.fetchval("select id from runs where user_id = $1 and id = $2", tx.user_id, run_id) is None:
                raise NoSuchRun

    async def get(self, run_id: UUID) -> RunView:
        """A run with its tasks.

        Raises:
            NoSuchRun: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            row = await tx.session.scalar(select(Run).where(Run.user_id == tx.user_id, Run.id == run_id))
            if row is None:
                raise NoSuchRun
            return (await with_tasks(tx, [row]))[0]


async def find_task(tx: UserTx, run_id: UUID, name: str) -> tuple[Task, Message | None]:
    """A task by its name within a run, and what it has said, as of one moment.

    Raises:
        NoSuchTask: there is none of this user.
    """
    query = (
        select(Task, Message)
        .outerjoin(Message, and_(Message.user_id == Task.user_id, Message.id == Task.message_id))
        .where(Task.user_id == tx.user_id, Task.run_id == run_id, Task.task_id == name)
    )
    found = (await tx.session.execute(query.options(*WORK_OF_TASKS))).first()
    if found is None:
        raise NoSuchTask
    return found[0], found[1]


async def runs_of_page(tx: UserTx, session_id: int, run_ids: Collection[UUID], since: UUID | None) -> list[RunView]:
    """These runs of a conversation, and its unfinished ones that are not older than `since`; oldest first."""
    mine = (Run.user_id == tx.user_id, Run.session_id == session_id)
    unfinished = select(Run.id).where(*mine, Run.status.in_(UNFINISHED))
    if since is not None:
        unfinished = unfinished.where(Run.id >= since)
    # A union of two, so that each half can use its own index.
    wanted = union(select(Run.id).where(*mine, Run.id.in_(run_ids)), unfinished)
    rows = await tx.session.scalars(select(Run).where(Run.user_id == tx.user_id, Run.id.in_(wanted)).order_by(Run.id))
    return await with_tasks(tx, rows.all())


async def with_tasks(tx: UserTx, runs: Sequence[Run]) -> list[RunView]:
    """The runs with their tasks, read in one query."""
    if not runs:
        return []
    rows = await tx.session.scalars(
        select(Task)
        .where(Task.user_id == tx.user_id, Task.run_id.in_([run.id for run in runs]))
        .order_by(Task.id)
        .options(*WORK_OF_TASKS)
    )
    by_run = defaultdict[UUID, list[Task]](list)
    for task in rows:
        by_run[task.run_id].append(task)
    return [RunView(run, by_run[run.id]) for run in runs]
