"""Everything one user owns and may set in motion. It knows its user; nobody tells it whose data to touch."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from artel.accounts.my_limits import MyLimits
from artel.accounts.spending import Spending
from artel.agents.config import AgentConfig
from artel.agents.consent import Consent, ResultUnwanted, Yes
from artel.agents.roster import AgentView, Roster
from artel.approvals.audit import Actor
from artel.bus.bus import Bus
from artel.bus.model import Call, Mode, NoSuchAgent, Submitted
from artel.chat.history import History
from artel.chat.runs import Runs
from artel.chat.sessions import Sessions, entitle
from artel.chat.views import MessageView, TaskView
from artel.events.hub import Hub
from artel.events.subscription import Subscription
from artel.events.types import AgentStatus, Event
from artel.events.waiter import Waiter
from artel.files.attachments import attach
from artel.files.library import Files
from artel.kit.errors import Invalid
from artel.kit.faults import problems_of
from artel.kit.mentions import without_mention
from artel.orchestrator.decisions import Decisions
from artel.orchestrator.dry_run import DryRun, Rehearsal
from artel.orchestrator.plan import Draft
from artel.orchestrator.views import ApprovalView
from artel.space.addressing import addressee, not_found
from artel.space.awaited import AwaitedAnswer
from artel.space.mcp import UserMcpServers
from artel.space.memory import UserMemory
from artel.space.models import UserModels
from artel.space.orchestrator import UserOrchestrator
from artel.space.retention import Retention
from artel.space.tools import UserTools
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class UserWorkerSpace:
    """One user's team. Built by `factory.SpaceFactory` alone."""

    user_id: int
    roster: Roster
    sessions: Sessions
    history: History
    runs: Runs
    orchestrator: UserOrchestrator
    plans: Decisions
    consent: Consent
    tools: UserTools
    files: Files
    mcp: UserMcpServers
    memory: UserMemory
    rehearse: DryRun
    models: UserModels
    usage: Spending
    retention: Retention
    limits: MyLimits
    bus: Bus
    hub: Hub
    emit: Callable[[int, Event], None]
    about_to_ask: Callable[[int, str], None]
    """Told what a user says, without its mention, before it is stored; never waits."""
    on_sent: Callable[[Mode], None] = lambda mode: None
    """Told of each message once it is stored."""

    # ---- talking

    async def send(
        self,
        session_id: int,
        content: str,
        target_agent: str | None = None,
        *,
        attachments: Sequence[UUID] = (),
        also: Callable[[UserTx, Submitted], Awaitable[None]] | None = None,
    ) -> Submitted:
        """Stores a message and sets its answer in motion: of the agent it names, or else of the orchestrator.

        Raises:
            NoSuchSession, NoSuchAgent, AgentInactive, UnknownMention, EmptyMessage, NoSuchAttachment: nothing was
                stored.
        """
        named = addressee(self.user_id, content, target_agent, may_be_bare=bool(attachments))
        if named is None:
            call = Call(session_id, await self.orchestrator.agent_id(), content, None, "auto")
        else:
            call = Call(session_id, named.agent_id, content, named.agent_id, "direct")
        self.about_to_ask(self.user_id, content if named is None else without_mention(content))
        try:
            sent = await self.bus.submit(self.user_id, call, also=_with_attachments(session_id, attachments, also))
        except NoSuchAgent as error:
            if named is None:
                raise
            handles = [agent.handle for agent in await self.roster.all() if agent.config.is_active]
            raise not_found(handles, by_mention=named.by_mention) from error
        self.on_sent(call.mode)
        return sent

    @asynccontextmanager
    async def waiting_for(self, answer: AwaitedAnswer) -> AsyncGenerator[Waiter]:
        """Listens for the end of an answer; enter it before the question is sent.

        Raises:
            Unavailable: the event stream is not reachable.
        """
        async with self.hub.waiter(self.user_id, answer.is_over) as waiter:
            yield waiter

    async def answer(self, answer_id: UUID) -> MessageView | None:
        """The answer once it is over, None before."""
        return await self.history.message(answer_id)

    async def cancel_run(self, run_id: UUID) -> None:
        """Stops a run; nothing happens to one that is over.

        Raises:
            NoSuchRun: it is not this user's.
        """
        await self.bus.cancel_run(self.user_id, run_id)

    async def retry_run(self, run_id: UUID) -> None:
        """Tries a run again that failed or was stopped.

        Raises:
            NoSuchRun, NotRetryable: nothing was changed.
        """
        await self.bus.retry_run(self.user_id, run_id)

    async def task(self, run_id: UUID, name: str) -> TaskView:
        """A task of a run, with what it has said so far.

        Raises:
            NoSuchRun, NoSuchTask: it is not this user's.
        """
        await self.runs.require(run_id)
        return await self.history.task(run_id, name)

    async def cancel_task(self, run_id: UUID, name: str) -> None:
        """Stops one task of a run; nothing happens to one that is over.

        Raises:
            NoSuchRun, NoSuchTask: it is not this user's.
        """
        await self.bus.cancel_task(self.user_id, run_id, name)

    async def retry_task(self, run_id: UUID, name: str) -> None:
        """Tries one task of a run again, with what was skipped because of it.

        Raises:
            NoSuchRun, NoSuchTask, NotRetryable, AgentDeleted, AgentInactive: nothing was changed.
        """
        await self.bus.retry_task(self.user_id, run_id, name)

    async def dry_run(self, content: str) -> Rehearsal:
        """The plan the orchestrator would make of a message.

        Raises:
            NobodyToPlanFor, NoPlanMade, OverBudget, ModelError: there is none.
        """
        return await self.rehearse.of(self.user_id, await self.orchestrator.agent_id(), content)

    # ---- being asked

    async def confirm(self, approval_id: UUID, yes: Yes, actor: Actor) -> ApprovalView:
        """Says yes to a plan or to a tool call, as it is or with changes. The first answer holds.

        Raises:
            NoSuchApproval, AlreadyResolved, NotAPlan, ToolGone, BadArguments, BadResult, ResultNeeded, ResultUnwanted:
                an approval that was open stays so.
        """
        if await self.plans.type_of(approval_id) == "tool":
            await self.consent.confirm(approval_id, yes, actor)
            return await self.plans.find(approval_id)
        if yes.result is not None:
            raise ResultUnwanted("A plan has no result to send. It still waits for you.", reason="plan-has-no-result")
        return await self.plans.confirm(approval_id, _as_draft(yes.edited), actor)

    async def reject(self, approval_id: UUID, reason: str | None, actor: Actor) -> ApprovalView:
        """Says no: a plan's run ends, an agent reads the reason and goes on without the tool.

        Raises:
            NoSuchApproval, AlreadyResolved: nothing was changed.
        """
        if await self.plans.type_of(approval_id) == "tool":
            await self.consent.reject(approval_id, reason, actor)
            return await self.plans.find(approval_id)
        return await self.plans.reject(approval_id, reason, actor)

    # ---- listening

    async def subscribe(
        self, principal: object, *, session_id: int | None = None, last_event_id: str | None = None
    ) -> Subscription:
        """This user's events, or those of one session; see `Hub.subscribe`.

        Raises:
            NoSuchSession: it is not this user's.
            Unavailable: the event stream is not reachable.
        """
        if session_id is not None:
            await self.sessions.require(session_id)
        return await self.hub.subscribe(
            self.user_id, session_id=session_id, last_event_id=last_event_id, principal=principal
        )

    # ---- changing the team

    async def replace_agent(self, agent_id: str, config: AgentConfig, handle: str | None) -> AgentView:
        """Gives an agent another configuration, and tells every open page its status.

        Raises:
            NoSuchAgent, BadHandle, Invalid: nothing was changed.
        """
        view = await self.roster.replace(agent_id, config, handle)
        self.emit(self.user_id, AgentStatus(agent_id=view.agent_id, status=view.status))
        # More may run at once than before.
        self.bus.wake(self.user_id)
        return view

    async def delete_agent(self, agent_id: str) -> None:
        """Stops the agent's work and removes it.

        Raises:
            NoSuchAgent: it is not this user's.
        """
        await self.bus.cancel_agent(self.user_id, agent_id, also=lambda tx: self.roster.remove(tx, agent_id))

    async def delete_session(self, session_id: int) -> None:
        """Stops what works in a conversation and removes it with everything in it.

        Raises:
            NoSuchSession: it is not this user's.
        """
        remove = partial(self.sessions.remove, session_id=session_id)
        await self.bus.cancel_session(self.user_id, session_id, also=remove)


def _with_attachments(
    session_id: int, attachments: Sequence[UUID], also: Callable[[UserTx, Submitted], Awaitable[None]] | None
) -> Callable[[UserTx, Submitted], Awaitable[None]] | None:
    if not attachments:
        return also

    async def attach_also(tx: UserTx, submitted: Submitted) -> None:
        name = await attach(tx, submitted.message_id, attachments)
        await entitle(tx, session_id, name)
        if also is not None:
            await also(tx, submitted)

    return attach_also


def _as_draft(edited: dict[str, Any] | None) -> Draft | None:
    if edited is None:
        return None
    try:
        return Draft.model_validate(edited)
    except ValidationError as error:
        raise Invalid(fields=problems_of(error, "edited")) from error
