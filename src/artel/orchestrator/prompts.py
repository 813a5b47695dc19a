"""What the planner is told, and what it is given to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_ai.tools import ToolDefinition

from artel.agents.config import AgentConfig
from artel.agents.handles import ORCHESTRATOR
from artel.orchestrator.brief import Result, results_text
from artel.orchestrator.config import OrchestratorConfig

PLAN_TOOL: Final = "plan"
ABOUT_CHARS: Final = 400
"""Of an agent's own prompt: enough to tell what it is good at."""


@dataclass(frozen=True, slots=True)
class Member:
    """An active agent of the team."""

    agent_id: str
    handle: str
    config: AgentConfig

    @property
    def is_orchestrator(self) -> bool:
        """It is the orchestrator itself."""
        return self.handle == ORCHESTRATOR


_PLANNER: Final = """\
You are the user's personal orchestrator. You do not answer the user's last message yourself: you plan how your team \
answers it, by calling `{tool}` once, with a list of tasks.

Your team, by handle:
{team}

How to plan:
- When one agent can answer the whole message, plan one task. Use several only where they make the answer better or \
sooner; never more than {max_tasks}.
- Tasks that do not wait for each other run at the same time, up to {max_parallel} at once. Let a task depend on \
another only if it needs its result.
- An agent sees the user's message, its instruction and the results it depends on, and nothing else of this \
conversation: put everything it needs into the instruction, in the language of the message.
- Do not plan a task that only collects or sums up: the final answer is written from all results afterwards.{own}"""

_REPLAN: Final = """\
Your team worked on this, and something failed. This is how it stands:

{results}

Plan only what is still needed, with new task ids; new tasks may depend on the done ones ({done}). Work around what \
failed: give it to another agent, or do it differently. If a good answer can be written from what is done, plan no \
task at all (an empty list)."""

REFUSED: Final = """\
This plan cannot be carried out:
{problems}

Call `{tool}` again with a plan that can."""

NO_PLAN: Final = "There was no plan in the answer. Call `{tool}` with the list of tasks, and write nothing else."


def planner_prompt(settings: OrchestratorConfig, team: Sequence[Member]) -> str:
    """The system prompt of planning."""
    own = f"\n\nThe user's own instructions for planning:\n{settings.instructions}" if settings.instructions else ""
    return _PLANNER.format(
        tool=PLAN_TOOL,
        team="\n".join(_about(member) for member in team),
        max_tasks=settings.max_tasks,
        max_parallel=settings.max_parallel,
        own=own,
    )


def _about(member: Member) -> str:
    if member.is_orchestrator:
        return f"- {ORCHESTRATOR}: yourself, for small talk, questions about the team, and what needs no specialist"
    config = member.config
    about = " ".join(config.system_prompt.split())
    if len(about) > ABOUT_CHARS:
        about = f"{about[:ABOUT_CHARS]}…"
    tools = f" Tools: {', '.join(config.enabled_tools)}." if config.enabled_tools else ""
    return f"- {member.handle} ({config.name}): {about or 'a general assistant'}{tools}"


def replan_prompt(results: Sequence[Result]) -> str:
    """What follows the conversation when the rest of a run is planned anew."""
    done = ", ".join(result.task_id for result in results if result.status == "done") or "none"
    return _REPLAN.format(results=results_text(results), done=done)


def plan_tool(handles: Sequence[str], *, may_be_empty: bool = False) -> ToolDefinition:
    """The form a plan is filled into: `{tasks: [{id, agent, instruction, depends_on}]}`."""
    tasks: dict[str, Any] = {"type": "array"} if may_be_empty else {"type": "array", "minItems": 1}
    task: dict[str, Any] = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "A short name, unique within the plan, such as t1."},
            "agent": {"type": "string", "enum": list(handles), "description": "The handle of the agent who does it."},
            "instruction": {"type": "string", "description": "What to do, complete in itself."},
            "depends_on": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Ids of the tasks whose results it needs.",
            },
        },
        "required": ["id", "agent", "instruction", "depends_on"],
        "additionalProperties": False,
    }
    return ToolDefinition(
        name=PLAN_TOOL,
        description="The plan: who does what, after what.",
        parameters_json_schema={
            "type": "object",
            "properties": {"tasks": {**tasks, "items": task}},
            "required": ["tasks"],
            "additionalProperties": False,
        },
        kind="output",
    )
