"""A user's word on plans: the inbox, yes with or without changes, and no. The first answer holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from artel.approvals import manager as approvals
from artel.approvals.audit import Actor, Decided, record
from artel.bus.graph import close_run, lock_run
from artel.events.types import ApprovalResolved, RunCancelled
from artel.kit.errors import FieldProblem, Invalid
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.outline import Outline, PlannedTask, outline_of
from artel.orchestrator.plan import Draft, Flaw, problems, without
from artel.orchestrator.prices import PriceReader
from artel.orchestrator.proposal import Proposals, RunPlace, rewrite
from artel.orchestrator.team import read_team
from artel.orchestrator.views import ApprovalView, PlanView, approvals_of_runs, plans_of_runs, with_plans
from artel.store.shards import Shards
from artel.store.tables import ApprovalRequest, Plan
from artel.store.tx import UserTx


class NotAPlan(Invalid):
    """The plan cannot be carried out as it is now. It still waits for you: correct it and confirm again."""

    slug = "not-a-plan"


_MAX_PROBLEMS = 50
"""Told at once; more would not help."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """One user's."""

    user_id: int
    shards: Shards
    prices: PriceReader
    proposals: Proposals
    wake: Callable[[int], None]
    """Tells the workers that this user has work."""
    on_answer: approvals.OnAnswer = approvals.unheard

    async def approvals(
        self, status: str | None, limit: int, before: UUID | None
    ) -> tuple[Sequence[ApprovalView], bool]:
        """The inbox, the newest first; and whether there are more."""
        async with self.shards.user_tx(self.user_id) as tx:
            rows, more = await approvals.page(tx, status, limit, before)
            return await with_plans(tx, rows), more

    async def of_runs(self, run_ids: Collection[UUID]) -> tuple[list[PlanView], list[ApprovalView]]:
        """What a page of history shows of these runs."""
        if not run_ids:
            return [], []
        async with self.shards.user_tx(self.user_id) as tx:
            plans = await plans_of_runs(tx, run_ids)
            return plans, await approvals_of_runs(tx, run_ids, plans)

    async def type_of(self, approval_id: UUID) -> str:
        """Whether an approval is about a "plan" or a "tool", which never changes.

        Raises:
            NoSuchApproval: it is not this user's.
        """
        async with self.shards.user_tx(self.user_id) as tx:
            return await approvals.type_of(tx, approval_id)

    async def find(self, approval_id: UUID) -> ApprovalView:
        """One approval.

        Raises:
            NoSuchApproval: it is not this user's.
        """
        async with self.shards.user_tx(self.user_id) as tx:
            return await self._view(tx, approval_id)

    async def confirm(self, approval_id: UUID, edited: Draft | None, actor: Actor) -> ApprovalView:
        """Sets a plan going, as it was proposed or as its user has changed it. Again: nothing more.

        Raises:
            NoSuchApproval: it is not this user's.
            AlreadyResolved: it was answered otherwise.
            NotAPlan: the approval stays open.
        """
        tell: Callable[[], None] | None = None
        async with self.shards.user_tx(self.user_id) as tx:
            row = await approvals.find(tx, approval_id)
            place = _place(row)
            await lock_run(tx, place.run_id)
            result = edited.model_dump(mode="json") if edited else None
            if await approvals.resolve(tx, approval_id, "confirmed", result=result):
                tell = await self._set_going(tx, row, place, edited)
                await self._record(tx, row, "confirmed", actor, result)
            view = await self._view(tx, approval_id)
        if tell is not None:
            self.on_answer(row.type, approvals.waited(row))
            self._resolved(place, approval_id, "confirmed")
            tell()
            self.wake(self.user_id)
        return view

    async def reject(self, approval_id: UUID, reason: str | None, actor: Actor) -> ApprovalView:
        """Ends the run that a plan was for. Again: nothing more.

        Raises:
            NoSuchApproval: it is not this user's.
            AlreadyResolved: it was answered otherwise.
        """
        async with self.shards.user_tx(self.user_id) as tx:
            row = await approvals.find(tx, approval_id)
            place = _place(row)
            await lock_run(tx, place.run_id)
            now = await approvals.resolve(tx, approval_id, "rejected", reason=reason)
            if now:
                await tx.execute(_REFUSE, self.user_id, approval_id)
                await close_run(tx, place.run_id, "cancelled", None)
                await self._record(tx, row, "rejected", actor, {"reason": reason})
            view = await self._view(tx, approval_id)
        if now:
            self.on_answer(row.type, approvals.waited(row))
            self._resolved(place, approval_id, "rejected")
            self.proposals.emit(self.user_id, RunCancelled(session_id=place.session_id, run_id=place.run_id))
        return view

    async def _set_going(
        self, tx: UserTx, row: ApprovalRequest, place: RunPlace, edited: Draft | None
    ) -> Callable[[], None]:
        plan = await tx.session.get(Plan, (tx.user_id, row.plan_id))
        assert plan is not None
        tasks = [PlannedTask.of_json(task) for task in plan.tasks]
        proposed = Outline(tasks, Estimate.of_json(plan.estimate), plan.max_parallel)
        before = await tx.fetch(_BEFORE, tx.user_id, place.run_id)
        finished = {task["task_id"] for task in before if task["status"] == "done"}
        team = await read_team(tx)
        draft = edited or proposed.as_draft()
        # Whoever leaves a task out does not want to wait for it.
        left_out = {task.id for task in tasks} - {task.id for task in draft.tasks}
        draft = without(draft, {*finished, *_foreign(draft, left_out)})
        taken = {task["task_id"] for task in before}
        _check(draft, problems(draft, team.by_handle.keys(), team.settings.max_tasks, finished, taken))
        if edited is None:
            await self.proposals.release(tx, place, plan.id, proposed)
            return _nothing
        outline = await outline_of(tx, draft, team, await self.prices.read(tx))
        await rewrite(tx, plan.id, outline)
        await self.proposals.release(tx, place, plan.id, outline)
        revision, plan_id = plan.revision, plan.id
        return lambda: self.proposals.created_again(self.user_id, place, plan_id, outline, revision)

    async def _view(self, tx: UserTx, approval_id: UUID) -> ApprovalView:
        tx.session.expire_all()
        return (await with_plans(tx, [await approvals.find(tx, approval_id)]))[0]

    async def _record(
        self, tx: UserTx, row: ApprovalRequest, action: approvals.Resolution, actor: Actor, detail: Any
    ) -> None:
        decided = Decided(action, actor, row.session_id, row.run_id, approval_id=row.id, detail=detail)
        await record(tx, self.proposals.ids.uuid(), decided)

    def _resolved(self, place: RunPlace, approval_id: UUID, status: approvals.Resolution) -> None:
        self.proposals.emit(
            self.user_id,
            ApprovalResolved(session_id=place.session_id, run_id=place.run_id, approval_id=approval_id, status=status),
        )


def _check(draft: Draft, found: list[Flaw]) -> None:
    if not draft.tasks:
        found = [Flaw("The plan has no tasks left. Reject it, or stop the run.", "plan_emptied", {})]
    if found:
        told = " ".join(flaw.text for flaw in found[:5])
        raise NotAPlan(
            f"The plan cannot be carried out: {told} It still waits for you.",
            fields=[
                FieldProblem("edited.tasks", flaw.text, flaw.reason, flaw.figures) for flaw in found[:_MAX_PROBLEMS]
            ],
        )


def _foreign(draft: Draft, left_out: Collection[str]) -> set[str]:
    """Names that a client made up: they are not forgiven as those of tasks that were left out are."""
    return {name for task in draft.tasks for name in task.depends_on} - set(left_out)


def _place(row: ApprovalRequest) -> RunPlace:
    assert row.run_id is not None, "a plan belongs to a run"
    return RunPlace(row.session_id, row.run_id)


def _nothing() -> None:
    """The plan is known as it is."""


_REFUSE = "update plans set status = 'rejected' where user_id = $1 and approval_id = $2 and status = 'proposed'"

_BEFORE = "select task_id, status from tasks where user_id = $1 and run_id = $2 and kind = 'task'"
