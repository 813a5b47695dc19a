"""A plan with its figures: the draft in the order it can be done, each task with its agent and estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artel.events.types import PlanEdge, PlanGraph, PlanNode
from artel.kit.money import format_usd
from artel.orchestrator.estimate import Estimate, Part, Record, estimate_plan, estimate_task
from artel.orchestrator.plan import Draft, DraftTask, in_order
from artel.orchestrator.prices import Prices
from artel.orchestrator.record import read_records
from artel.orchestrator.team import Team
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One task of a plan as it is proposed."""

    id: str
    agent: str
    agent_id: str
    instruction: str
    depends_on: Sequence[str]
    estimate: Estimate

    def as_json(self) -> dict[str, Any]:
        """As it is stored in `plans.tasks`."""
        return {
            "id": self.id,
            "agent": self.agent,
            "agent_id": self.agent_id,
            "instruction": self.instruction,
            "depends_on": list(self.depends_on),
            "estimate": self.estimate.as_json(),
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> PlannedTask:
        """The opposite of `as_json`."""
        return cls(
            stored["id"],
            stored["agent"],
            stored["agent_id"],
            stored["instruction"],
            tuple(stored["depends_on"]),
            Estimate.of_json(stored["estimate"]),
        )


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole plan; `tasks` stand in an order in which they can be done."""

    tasks: Sequence[PlannedTask]
    estimate: Estimate
    max_parallel: int

    def as_draft(self) -> Draft:
        """The plan without its figures."""
        return Draft(
            tasks=tuple(
                DraftTask(id=task.id, agent=task.agent, instruction=task.instruction, depends_on=tuple(task.depends_on))
                for task in self.tasks
            )
        )

    def graph(self) -> PlanGraph:
        """As events tell it."""
        names = {task.id for task in self.tasks}
        return PlanGraph(
            nodes=tuple(
                PlanNode(
                    task_id=task.id,
                    agent_id=task.agent_id,
                    instruction=task.instruction,
                    estimated_cost=_usd(task.estimate),
                    estimated_seconds=task.estimate.seconds,
                )
                for task in self.tasks
            ),
            edges=tuple(
                PlanEdge(source=name, target=task.id)
                for task in self.tasks
                for name in task.depends_on
                if name in names
            ),
        )

    @property
    def estimated_cost(self) -> str | None:
        """As events tell it: "$1.23"."""
        return _usd(self.estimate)


async def outline_of(tx: UserTx, draft: Draft, team: Team, prices: Prices) -> Outline:
    """The plan with figures from its agents' own records and their models' prices. It must have passed `problems`."""
    orchestrator = next((member for member in team.members if member.is_orchestrator), None)
    members = team.by_handle
    wanted = {members[task.agent].agent_id for task in draft.tasks}
    if orchestrator is not None:
        wanted.add(orchestrator.agent_id)
    records = await read_records(tx, wanted)
    tasks = [_planned(task, team, prices, records) for task in in_order(draft)]
    summing_up = None
    if orchestrator is not None and len(tasks) > 1:
        price = prices.of(orchestrator.config.model.ref)
        # Its record is that of planning and small talk too, so results are counted instead.
        summing_up = estimate_task(len(orchestrator.config.system_prompt), len(tasks), None, price)
    estimate = estimate_plan(
        [Part(task.id, task.agent, _within(task, tasks), task.estimate) for task in tasks],
        max_parallel=team.settings.max_parallel,
        limits=team.limits,
        summing_up=summing_up,
    )
    return Outline(tasks, estimate, team.settings.max_parallel)


def _planned(task: DraftTask, team: Team, prices: Prices, records: Mapping[str, Record]) -> PlannedTask:
    member = team.by_handle[task.agent]
    price = prices.of(member.config.model.ref)
    chars = len(member.config.system_prompt) + len(task.instruction)
    depends_on = tuple(dict.fromkeys(task.depends_on))
    estimate = estimate_task(chars, len(depends_on), records.get(member.agent_id), price)
    return PlannedTask(task.id, member.handle, member.agent_id, task.instruction, depends_on, estimate)


def _within(task: PlannedTask, tasks: Sequence[PlannedTask]) -> list[str]:
    names = {each.id for each in tasks}
    return [name for name in task.depends_on if name in names]


def _usd(estimate: Estimate) -> str | None:
    return None if estimate.cost is None else format_usd(estimate.cost)
