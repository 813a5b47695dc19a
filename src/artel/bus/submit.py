"""Stores a message and its task in one step, seated at once when its agent has a free seat."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from artel.bus.model import ANSWER, MAX_ATTEMPTS, PLANNING, Call, Held, NoSuchAgent, NoSuchSession, Submitted
from artel.bus.quota import COUNTED, arguments, check
from artel.kit.clock import utc_now
from artel.kit.errors import Conflict
from artel.kit.ids import IdMaker
from artel.store.limits import Windows
from artel.store.tx import UserTx

_TITLE_CHARS = 60


class AgentInactive(Conflict):
    """This agent is switched off. Switch it on in its settings, or address another one."""

    slug = "agent-inactive"


@dataclass(frozen=True, slots=True)
class Placed:
    """A stored call; `held` when it was seated here, None when it waits for a seat."""

    submitted: Submitted
    held: Held | None


async def submit(tx: UserTx, ids: IdMaker, call: Call, worker: str | None) -> Placed:
    """Locks the agent, then (in the next statement, so in a snapshot that sees every earlier seat) stores and seats.

    worker: this process if it has room for one more task, else None.

    Raises:
        NoSuchAgent, NoSuchSession, AgentInactive, LimitReached: nothing was stored.
    """
    agent = await _lock_agent(tx, call.agent_id)
    if not agent["is_active"]:
        raise AgentInactive
    submitted = Submitted(message_id=ids.uuid(), run_id=ids.uuid(), answer_id=ids.uuid(), mode=call.mode)
    task = ids.uuid()
    kind = PLANNING if call.mode == "auto" else ANSWER
    placed = await tx.fetchrow(
        _SUBMIT,
        tx.user_id,
        call.session_id,
        submitted.message_id,
        submitted.run_id,
        task,
        submitted.answer_id,
        call.agent_id,
        call.content,
        call.target_agent,
        call.mode,
        title_of(call.content, call.agent_id),
        worker,
        agent["concurrency_limit"],
        MAX_ATTEMPTS,
        kind,
    )
    if placed is None:
        raise NoSuchSession
    if worker is None or placed["seat"] is None:
        return Placed(submitted, None)
    held = Held(
        user_id=tx.user_id,
        id=task,
        session_id=call.session_id,
        run_id=submitted.run_id,
        task_id=kind,
        kind=kind,
        agent_id=call.agent_id,
        message_id=submitted.answer_id,
        instruction=None,
        attempt=0,
        max_attempts=MAX_ATTEMPTS,
        epoch=1,
        worker=worker,
        config=agent["config"],
        history=None,
    )
    return Placed(submitted, held)


async def _lock_agent(tx: UserTx, agent_id: str) -> asyncpg.Record:
    """Counts the run too, in the same statement, of a user whose runs are limited."""
    windows = None
    if tx.entry.limits.count_runs:
        windows = Windows.of(utc_now())
        agent = await tx.fetchrow(_COUNT_AND_LOCK_AGENT, tx.user_id, *arguments(tx, windows), agent_id)
    else:
        agent = await tx.fetchrow(_LOCK_AGENT, tx.user_id, agent_id)
    if agent is None:
        raise NoSuchAgent
    if windows is not None:
        check(tx, windows, agent)
    return agent


def title_of(content: str, agent_id: str) -> str:
    """A chat's first title: the beginning of its first message, cut at a word, without the agent it is for."""
    line = " ".join(content.split())
    first, _, rest = line.partition(" ")
    if rest and first.startswith("@") and f"_{agent_id}".endswith(f"_{first[1:].lower()}"):
        line = rest
    if len(line) <= _TITLE_CHARS:
        return line
    cut = line[: _TITLE_CHARS + 1].rsplit(" ", 1)[0]
    return f"{cut[:_TITLE_CHARS]}…"


_LOCK_AGENT = """
select config, concurrency_limit, is_active from user_agents where user_id = $1 and agent_id = $2 for no key update
"""

_COUNT_AND_LOCK_AGENT = f"""
with {COUNTED}
select config, concurrency_limit, is_active, counted.* from user_agents cross join counted
where user_id = $1 and agent_id = $6 for no key update of user_agents
"""

RUN_BUDGET = "(select (config->>'budget_usd')::numeric from user_orchestrators where user_id = $1)"
"""What the user lets an orchestrated run spend, in US dollars; null: no limit."""

# A free seat is taken only when nobody waits in the queue: first come, first served.
_SUBMIT = f"""
with session as (
    update chat_sessions set updated_at = now(), title = case title when '' then $11 else title end
    where user_id = $1 and id = $2 returning id
), free as (
    select min(s) as seat from generate_series(0, $13::bigint - 1) s
    where $12::text is not null
        and not exists (
            select from tasks where user_id = $1 and assigned_agent = $7 and status = 'running' and seat = s
        )
        and not exists (
            select from tasks
            where user_id = $1 and assigned_agent = $7 and status = 'ready' and not_before <= now()
        )
), message as (
    insert into messages (user_id, id, session_id, run_id, role, content, target_agent)
    select $1, $3, $2, $4, 'user', $8, $9 from session
), run as (
    insert into runs (user_id, id, session_id, mode, status, message_id, answer_id, agent_id, budget_usd)
    select $1, $4, $2, $10, case when seat is null then 'queued' else 'running' end, $3, $6, $7,
        case $10 when 'auto' then {RUN_BUDGET} end
    from session, free
)
insert into tasks (
    user_id, id, session_id, run_id, task_id, kind, assigned_agent, message_id, max_attempts,
    status, seat, worker, epoch, started_at
)
select $1, $5, $2, $4, $15, $15, $7, $6, $14,
    case when seat is null then 'ready' else 'running' end, seat,
    case when seat is not null then $12::text end,
    case when seat is null then 0 else 1 end, case when seat is not null then now() end
from session, free
returning seat
"""
