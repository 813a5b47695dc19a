"""The plan an orchestrator would make: asked for and checked, but nothing is stored and nothing runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from pydantic_ai.messages import ModelMessage, ModelResponse

from artel.agents.allowance import BudgetExceeded
from artel.agents.conversation import Said, as_model_messages
from artel.agents.runner import AgentRunner
from artel.bus.model import ModelUse
from artel.kit.errors import ArtelError, Conflict, Invalid
from artel.llm.errors import ModelError
from artel.orchestrator.outline import Outline, outline_of
from artel.orchestrator.planner import NoPlan, Terms, ask_for_plan
from artel.orchestrator.prices import PriceReader
from artel.orchestrator.prompts import planner_prompt
from artel.orchestrator.team import read_team
from artel.store.shards import Shards
from artel.store.tx import UserTx


class NobodyToPlanFor(Invalid):
    """You have no active agents to plan for. Make one, or switch one on."""

    slug = "no-agents"


class NoPlanMade(ArtelError):
    """The orchestrator's model gave no plan that can be carried out. Choose a stronger one in its settings."""

    status = 502
    slug = "no-plan"


class OverBudget(Conflict):
    """The budget for this month is spent. Raise it, or wait for the next month."""

    slug = "budget-exceeded"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A plan that was only tried. `cost`: US dollars for asking; None when the price is unknown."""

    outline: Outline
    cost: Decimal | None


Charge = Callable[[UserTx, str, ModelUse], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DryRun:
    """Rehearses for any user."""

    agents: AgentRunner
    shards: Shards
    prices: PriceReader
    charge: Charge
    """Writes down what a model call of an agent cost."""

    async def of(self, user_id: int, orchestrator_id: str, content: str) -> Rehearsal:
        """What would be planned for this message, in an empty chat.

        Raises:
            NobodyToPlanFor, NoPlanMade, OverBudget, ModelError: there is no plan.
        """
        async with self.shards.user_tx(user_id) as tx:
            team = await read_team(tx)
            if not team.has_agents:
                raise NobodyToPlanFor
            planner = next(member for member in team.members if member.agent_id == orchestrator_id)
            base = await self.agents.prepare_to_say(tx, planner.config, [Said(content, None)])
        model, meter = self.agents.open(user_id, base)
        messages = as_model_messages(
            base.said, agent_id=orchestrator_id, system_prompt=planner_prompt(team.settings, team.members)
        )
        costs: list[Decimal | None] = []

        async def keep(messages: list[ModelMessage]) -> None:
            last = messages[-1]
            assert isinstance(last, ModelResponse)
            use = meter.use(last, messages[:-1])
            costs.append(use.cost)
            async with self.shards.user_tx(user_id) as tx:
                await self.charge(tx, orchestrator_id, use)
                await base.allowance.refresh(tx)

        terms = Terms(team.by_handle.keys(), team.settings.max_tasks)
        try:
            settings = planner.config.model.settings.as_model_settings()
            draft = await ask_for_plan(model, messages, settings, terms, base.allowance.check, keep)
        except ModelError as error:
            error.detail = error.message(base.allowance.locale)
            raise
        except BudgetExceeded as error:
            raise OverBudget(error.fault.detail) from error
        except NoPlan as error:
            reasons = "; ".join(error.reasons)[:500]
            raise NoPlanMade(f"The orchestrator's model gave no plan that can be carried out: {reasons}") from error
        async with self.shards.user_tx(user_id) as tx:
            outline = await outline_of(tx, draft, team, self.prices.with_access(user_id, base.access))
        known = [cost for cost in costs if cost is not None]
        return Rehearsal(outline, sum(known, Decimal(0)) if len(known) == len(costs) else None)
