"""The bus's runner for everything a team does: planning goes to the planner, the rest to the agents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic_ai import ModelMessagesTypeAdapter
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, UserPromptPart

from artel.agents.allowance import Allowance
from artel.agents.config import AgentConfig
from artel.agents.conversation import Said, as_model_messages, read_conversation
from artel.agents.reminding import with_profile
from artel.agents.runner import AgentRunner, told_to_user
from artel.agents.turn import Prepared
from artel.bus.finish import checkpoint
from artel.bus.graph import REPLANNING
from artel.bus.model import PLANNING, Fault, Held, ModelUse, Onward, Outcome, TaskFailed
from artel.bus.settle import outlast
from artel.kit.ids import IdMaker
from artel.orchestrator.brief import Result, read_results
from artel.orchestrator.outline import outline_of
from artel.orchestrator.plan import Draft
from artel.orchestrator.planner import NoPlan, Terms, ask_for_plan
from artel.orchestrator.prices import PriceReader
from artel.orchestrator.prompts import planner_prompt, replan_prompt
from artel.orchestrator.proposal import Proposals, RunPlace
from artel.orchestrator.team import Team, read_team
from artel.store.shards import Shards
from artel.store.tx import UserTx

NO_PLAN: Final = "no_plan"
"""The code of a failure: the model gave no plan that can be carried out."""

SKIMMED_CHARS: Final = 2_000
"""Of each file that a plan is made with."""

_NO_PLAN_TEXT: Final = {
    "en": "The orchestrator's model gave no plan that can be carried out, also after two corrections. "
    "Choose a stronger model for the orchestrator, or ask an agent directly. What was wrong: {reasons}",
    "ru": "Модель оркестратора не составила выполнимого плана даже после двух исправлений. "
    "Выберите для оркестратора модель посильнее или обратитесь к агенту напрямую. Что было не так: {reasons}",
}


@dataclass(frozen=True, slots=True)
class PreparedPlanning:
    """What planning reads when it is seated: `base` is the orchestrator's own turn, should it answer itself."""

    base: Prepared
    team: Team
    results: list[Result]
    """Of the run's tasks so far, when its rest is planned anew."""


@dataclass(frozen=True, slots=True)
class TeamRunner:
    """Dispatches by the kind of a task."""

    agents: AgentRunner
    planning: PlanRunner

    async def prepare(self, tx: UserTx, held: Held) -> Any:
        """As the bus's Runner."""
        return await (self.planning if held.kind == PLANNING else self.agents).prepare(tx, held)

    async def run(self, held: Held) -> Outcome:
        """As the bus's Runner."""
        return await (self.planning if held.kind == PLANNING else self.agents).run(held)


@dataclass(frozen=True, slots=True)
class PlanRunner:
    """Plans a run, or its rest anew."""

    agents: AgentRunner
    shards: Shards
    ids: IdMaker
    prices: PriceReader
    proposals: Proposals

    async def prepare(self, tx: UserTx, held: Held) -> PreparedPlanning:
        """Everything of the user's that planning reads."""
        said = await read_conversation(tx, held.session_id, held.message_id)
        base = await self.agents.prepare_turn(tx, held, AgentConfig.model_validate(held.config), said, held.run_id)
        results = await read_results(tx, held) if held.task_id == REPLANNING else []
        return PreparedPlanning(base, await read_team(tx), results)

    async def run(self, held: Held) -> Outcome:
        """A plan as what follows; an answer when there is nobody to plan for.

        Raises:
            TaskFailed: no plan could be had, in words for the user's eyes.
        """
        prepared: PreparedPlanning = held.prepared
        if not prepared.team.has_agents and held.task_id != REPLANNING:
            held.prepared = prepared.base
            # What was kept of planning is no beginning of an answer.
            held.history = None
            return await self.agents.run(held)
        locale = prepared.base.locale
        with told_to_user(held, locale):
            try:
                draft = await self._plan(held, prepared)
            except NoPlan as error:
                text = _NO_PLAN_TEXT["ru" if locale == "ru" else "en"]
                raise TaskFailed(Fault(NO_PLAN, text.format(reasons="; ".join(error.reasons)[:500]))) from error
        return Onward(lambda tx: self._write(tx, held, prepared, draft))

    async def _plan(self, held: Held, prepared: PreparedPlanning) -> Draft:
        model, meter = self.agents.open(held.user_id, prepared.base)
        allowance = prepared.base.allowance
        conversation, kept = await self._conversation(held, prepared)
        done = [result.task_id for result in prepared.results if result.status == "done"]
        taken = [result.task_id for result in prepared.results]
        terms = Terms(prepared.team.by_handle.keys(), prepared.team.settings.max_tasks, done, taken)
        held.use_so_far = lambda: meter.use(ModelResponse([], state="incomplete"), conversation)

        async def keep(messages: list[ModelMessage]) -> None:
            held.use_so_far = None
            last = messages[-1]
            assert isinstance(last, ModelResponse)
            history = _Kept(messages, len(conversation)).as_json()
            await self._keep(held, history, meter.use(last, messages[:-1]), allowance)

        settings = prepared.base.config.model.settings.as_model_settings()
        return await ask_for_plan(model, conversation, settings, terms, allowance.check, keep, kept)

    async def _conversation(
        self, held: Held, prepared: PreparedPlanning
    ) -> tuple[list[ModelMessage], list[ModelMessage]]:
        """What the planner is told, and what followed before an interruption: then it is told the same as it was."""
        if held.history is not None:
            return _Kept.of(held.history)
        messages = _conversation(held, prepared)
        await self.agents.remind(held, prepared.base, messages)
        if held.task_id == REPLANNING:
            messages.append(ModelRequest([UserPromptPart(replan_prompt(prepared.results))]))
        return messages, []

    async def _keep(self, held: Held, history: Any, use: ModelUse, allowance: Allowance) -> None:
        use_id = self.ids.uuid()

        async def write(tx: UserTx) -> None:
            await checkpoint(tx, held, history, use, use_id)
            await allowance.refresh(tx)

        await outlast(self.shards, held.user_id, write)

    async def _write(self, tx: UserTx, held: Held, prepared: PreparedPlanning, draft: Draft) -> Any:
        place = RunPlace(held.session_id, held.run_id)
        if not draft.tasks:
            await self.proposals.sum_up(tx, place)
            return _nothing
        prices = self.prices.with_access(held.user_id, prepared.base.access)
        outline = await outline_of(tx, draft, prepared.team, prices)
        return await self.proposals.write(tx, place, outline, prepared.team.settings)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Planning as it is kept: what the planner was told, and from `own_from` on what followed."""

    messages: list[ModelMessage]
    own_from: int

    @classmethod
    def of(cls, history: Any) -> tuple[list[ModelMessage], list[ModelMessage]]:
        messages = ModelMessagesTypeAdapter.validate_python(history["messages"])
        return messages[: history["own_from"]], messages[history["own_from"] :]

    def as_json(self) -> dict[str, Any]:
        messages = ModelMessagesTypeAdapter.dump_python(self.messages, mode="json")
        return {"own_from": self.own_from, "messages": messages}


def _conversation(held: Held, prepared: PreparedPlanning) -> list[ModelMessage]:
    team = prepared.team
    system = with_profile(planner_prompt(team.settings, team.members), prepared.base.profile)
    return as_model_messages(_skimmed(prepared.base.said), agent_id=held.agent_id, system_prompt=system)


def _skimmed(said: Sequence[Said]) -> list[Said]:
    """To plan, one needs to know what the files are about; who does a task of the plan is given more of them."""
    return [replace(item, files=[file.cut(SKIMMED_CHARS) for file in item.files]) for item in said]


def _nothing() -> None:
    """There is nothing to tell."""
