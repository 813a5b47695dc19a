"""What an agent is told for a task of a plan, and the orchestrator for summing up: the request, and others' results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from artel.agents.attached import read_attached
from artel.agents.conversation import Said, read_conversation
from artel.agents.tokens import fair_shares
from artel.agents.turn import Brief, conversation_brief
from artel.bus.model import DELEGATED, SYNTHESIS, TASK, Held
from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.settings import read_settings
from artel.store.tx import UserTx

RESULTS_CHARS: Final = 48_000
"""Of all results together that one task is given: about 12,000 tokens. What is longer is cut, and says so."""
REQUEST_CHARS: Final = 24_000

_TASK: Final = """\
You are one of a team that works on a user's request. Do your own task and nothing else: others do the rest, and \
somebody sums it up. Answer with the result itself, in the language of the request.

<request>
{request}
</request>
{results}
Your task:
{instruction}"""

_SYNTHESIS: Final = """\
You are the user's personal orchestrator. Your team has worked on the user's last message; its results follow. Write \
the answer to the user from them: complete, to the point, in the language of the message, without telling how the team \
worked unless that matters. Keep facts, numbers, code and sources as the results give them. Where something is missing \
because a task did not succeed, say so plainly.{instructions}"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a task came to."""

    task_id: str
    agent: str
    """Its handle."""
    status: str
    content: str
    instruction: str = ""
    problem: str = ""
    """Why there is no content."""


async def read_brief(tx: UserTx, held: Held) -> Brief:
    """For any kind of task but planning."""
    if held.kind in (TASK, DELEGATED):
        request = await _request(tx, held)
        results = await _results(tx, _NEEDED, held)
        text = task_text(request.content, held.instruction or "", results)
        return Brief([Said(text, None, request.files)])
    if held.kind == SYNTHESIS:
        said = await read_conversation(tx, held.session_id, held.message_id)
        results = await _results(tx, _ALL, held)
        settings = await read_settings(tx)
        return Brief([*said, Said(results_text(results), None)], synthesis_instructions(settings))
    brief = await conversation_brief(tx, held)
    if held.instruction is None:
        return brief
    return Brief([*brief.said, Said(held.instruction, None)])


async def _request(tx: UserTx, held: Held) -> Said:
    row = await tx.fetchrow(_REQUEST, tx.user_id, held.run_id, REQUEST_CHARS)
    if row is None:
        return Said("", None)
    files = await read_attached(tx, [row["id"]] if row["has_files"] else [])
    return Said(row["content"], None, files.get(row["id"], ()))


async def read_results(tx: UserTx, held: Held) -> list[Result]:
    """What the tasks of a run came to so far, in the order they were planned."""
    return await _results(tx, _ALL, held)


def task_text(request: str, instruction: str, results: Sequence[Result]) -> str:
    """What an agent is told."""
    given = f"\n{results_text(results)}\n" if results else ""
    return _TASK.format(request=request.strip(), results=given, instruction=instruction.strip())


def synthesis_instructions(settings: OrchestratorConfig) -> str:
    """The system prompt for summing up."""
    own = f"\n\nThe user's own instructions to you:\n{settings.instructions}" if settings.instructions else ""
    return _SYNTHESIS.format(instructions=own)


def results_text(results: Sequence[Result]) -> str:
    """Results as text, within `RESULTS_CHARS`."""
    limits = fair_shares([len(result.content) for result in results], RESULTS_CHARS)
    return "\n".join(_block(result, limit) for result, limit in zip(results, limits, strict=True))


def _block(result: Result, limit: int) -> str:
    head = f'task="{result.task_id}" by="@{result.agent}"'
    if result.status != "done":
        why = f": {result.problem}" if result.problem else ""
        return f'<missing {head} status="{result.status}">{result.instruction}{why}</missing>'
    content = result.content.strip()
    if len(content) > limit:
        content = f"{content[:limit]}\n[cut: {limit} of {len(content)} characters]"
    return f"<result {head}>\n{content}\n</result>"


async def _results(tx: UserTx, question: str, held: Held) -> list[Result]:
    rows = await tx.fetch(question, tx.user_id, held.run_id, held.task_id)
    return [
        Result(
            task_id=row["task_id"],
            agent=row["assigned_agent"].partition("_")[2],
            status=row["status"],
            content=row["content"] or "",
            instruction=row["instruction"] or "",
            problem=row["error"]["detail"] if row["error"] else "",
        )
        for row in rows
    ]


_REQUEST = """
select messages.id, left(messages.content, $3) as content,
    exists(select from message_files where user_id = $1 and message_id = messages.id) as has_files
from runs
join messages on messages.user_id = $1 and messages.id = runs.message_id
where runs.user_id = $1 and runs.id = $2
"""

_OF_TASKS = f"""
select tasks.task_id, tasks.assigned_agent, tasks.status, tasks.instruction, tasks.error,
    left(messages.content, {RESULTS_CHARS}) as content
from tasks left join messages on messages.user_id = $1 and messages.id = tasks.message_id
where tasks.user_id = $1 and tasks.run_id = $2 and tasks.kind = '{TASK}'
"""

_NEEDED = f"""
{_OF_TASKS} and tasks.task_id in (
    select jsonb_array_elements_text(dependencies) from tasks where user_id = $1 and run_id = $2 and task_id = $3
)
order by tasks.id
"""

# The third argument is not needed here, and is named so that both questions are asked alike.
_ALL = f"{_OF_TASKS} and $3::text is not null order by tasks.id"
"""Tasks are made in the order in which they can be done."""
