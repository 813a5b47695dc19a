"""One user's agents: the list with live status, and every change to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from artel.agents.config import AgentConfig
from artel.agents.handles import ORCHESTRATOR, agent_id_of, check_handle, handle_from_name, handle_of
from artel.bus.model import NoSuchAgent
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Conflict, FieldProblem, Invalid
from artel.kit.ids import IdMaker
from artel.store.limits import LimitReached
from artel.store.shards import Shards
from artel.store.tables import Agent, Task
from artel.store.tx import UserTx

MAX_AGENTS = 200

Status = Literal["ready", "busy", "error"]


class HandleTaken(Conflict):
    """You have another agent with this handle. Choose a different one."""

    slug = "handle-taken"


class TooManyAgents(Conflict):
    """You have 200 agents, which is the limit. Delete one you no longer use."""

    slug = "too-many-agents"


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as its user sees it now."""

    agent_id: str
    handle: str
    config: AgentConfig
    running: int
    """Tasks it works on at this moment."""
    last_error: Mapping[str, Any] | None
    created_at: datetime
    updated_at: datetime

    @property
    def status(self) -> Status:
        """Error until an answer succeeds again or the configuration changes; busy while it works."""
        if self.last_error is not None:
            return "error"
        return "busy" if self.running else "ready"


class Roster:
    """The agents of one user. The orchestrator's own row is not among them."""

    def __init__(self, user_id: int, shards: Shards, ids: IdMaker, clock: Clock = utc_now) -> None:
        self._user_id = user_id
        self._shards = shards
        self._ids = ids
        self._clock = clock

    async def all(self) -> Sequence[AgentView]:
        """Every agent, oldest first."""
        async with self._shards.user_tx(self._user_id) as tx:
            return await self.read(tx)

    async def read(self, tx: UserTx) -> Sequence[AgentView]:
        """As `all`, within a transaction."""
        rows = await tx.session.scalars(
            select(Agent).where(Agent.user_id == self._user_id, ~Agent.is_orchestrator).order_by(Agent.id)
        )
        running = await _running(tx)
        return [self._view(row, running) for row in rows]

    async def create(
        self,
        config: AgentConfig,
        handle: str | None = None,
        *,
        also: Callable[[UserTx, AgentView], Awaitable[None]] | None = None,
    ) -> AgentView:
        """A new agent; its handle is made of its name when none is given. `also` runs in the same transaction.

        Raises:
            BadHandle, HandleTaken, TooManyAgents, LimitReached: nothing was stored.
        """
        wanted = check_handle(handle) if handle is not None else None
        try:
            async with self._shards.user_tx(self._user_id) as tx:
                taken = {handle_of(self._user_id, agent_id) for agent_id in await _agent_ids(tx)}
                if len(taken) >= MAX_AGENTS:
                    raise TooManyAgents
                await _check_room(tx)
                view = await self._insert(tx, config, wanted or handle_from_name(config.name, taken))
                if also:
                    await also(tx, view)
                return view
        except IntegrityError as error:
            raise HandleTaken(fields=[FieldProblem("handle", "It is taken.", "handle_taken")]) from error

    async def replace(self, agent_id: str, config: AgentConfig, handle: str | None = None) -> AgentView:
        """Gives an agent another configuration, and with it a new chance after an error. Its handle stays.

        Raises:
            NoSuchAgent: it is not this user's.
            Invalid: another handle was given; messages and tasks refer to the agent by it.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            row = await self._find(tx, agent_id)
            if handle is not None and check_handle(handle) != handle_of(self._user_id, agent_id):
                raise Invalid(
                    "A handle cannot be changed, because past conversations refer to it. Change the name instead.",
                    reason="handle-fixed",
                    fields=[FieldProblem("handle", "It cannot be changed.", "handle_fixed")],
                )
            row.name, row.config = config.name, config.model_dump(mode="json")
            row.concurrency_limit, row.is_active = config.concurrency_limit, config.is_active
            row.last_error, row.updated_at = None, self._clock()
            await tx.session.flush()
            return self._view(row, await _running(tx))

    async def remove(self, tx: UserTx, agent_id: str) -> None:
        """Removes the agent in the transaction that stopped its work (`Bus.cancel_agent`).

        What it wrote stays in the chats.

        Raises:
            NoSuchAgent: it is not this user's, or is the orchestrator.
        """
        gone = await tx.session.execute(
            delete(Agent)
            .where(Agent.user_id == tx.user_id, Agent.agent_id == agent_id, ~Agent.is_orchestrator)
            .returning(Agent.id)
        )
        if gone.first() is None:
            raise NoSuchAgent

    async def put_orchestrator(self, config: AgentConfig) -> str:
        """Makes the orchestrator's own row, or brings it up to date; answers its agent id."""
        agent_id = agent_id_of(self._user_id, ORCHESTRATOR)
        async with self._shards.user_tx(self._user_id) as tx:
            row = {
                "user_id": self._user_id,
                "id": self._ids.uuid(),
                "agent_id": agent_id,
                "is_orchestrator": True,
                "name": config.name,
                "config": config.model_dump(mode="json"),
                "concurrency_limit": config.concurrency_limit,
                "updated_at": self._clock(),
            }
            insertion = insert(Agent).values(row)
            changed = {name: insertion.excluded[name] for name in ("name", "config", "concurrency_limit", "updated_at")}
            await tx.session.execute(
                insertion.on_conflict_do_update(
                    index_elements=[Agent.user_id, Agent.agent_id],
                    set_={**changed, "last_error": None},
                    where=Agent.config != insertion.excluded.config,
                )
            )
        return agent_id

    async def _find(self, tx: UserTx, agent_id: str) -> Agent:
        row = await tx.session.scalar(
            select(Agent)
            .where(Agent.user_id == self._user_id, Agent.agent_id == agent_id, ~Agent.is_orchestrator)
            .with_for_update(key_share=True)
        )
        if row is None:
            raise NoSuchAgent
        return row

    async def _insert(self, tx: UserTx, config: AgentConfig, handle: str) -> AgentView:
        now = self._clock()
        row = Agent(
            user_id=self._user_id,
            id=self._ids.uuid(),
            agent_id=agent_id_of(self._user_id, handle),
            name=config.name,
            config=config.model_dump(mode="json"),
            is_active=config.is_active,
            concurrency_limit=config.concurrency_limit,
            created_at=now,
            updated_at=now,
        )
        tx.session.add(row)
        await tx.session.flush()
        return self._view(row, {})

    def _view(self, row: Agent, running: Mapping[str, int]) -> AgentView:
        return AgentView(
            agent_id=row.agent_id,
            handle=handle_of(self._user_id, row.agent_id),
            config=AgentConfig.model_validate({**row.config, "is_active": row.is_active}),
            running=running.get(row.agent_id, 0),
            last_error=row.last_error,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


async def _check_room(tx: UserTx) -> None:
    """Raises:
    LimitReached: an administrator allows no more. The lock lets several at once not each find the same room.
    """
    at_most = tx.entry.limits.agents
    if at_most is None:
        return
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('agents', $1))", tx.user_id)
    if await tx.fetchval(_COUNT, tx.user_id) >= at_most:
        raise LimitReached(
            f"You have {at_most} agents, which is all that this account may have. Delete one you no longer use, or ask "
            "the administrator for more.",
            reason="agents-used-up",
            figures={"limit": at_most},
            retry_after=3600,
        )


_COUNT = "select count(*) from user_agents where user_id = $1 and not is_orchestrator"


async def _agent_ids(tx: UserTx) -> Sequence[str]:
    return (await tx.session.scalars(select(Agent.agent_id).where(Agent.user_id == tx.user_id))).all()


async def _running(tx: UserTx) -> Mapping[str, int]:
    """Running tasks by agent; the index of seats answers it."""
    rows = await tx.session.execute(
        select(Task.assigned_agent, func.count())
        .where(Task.user_id == tx.user_id, Task.status == "running")
        .group_by(Task.assigned_agent)
    )
    return dict(rows.all())
