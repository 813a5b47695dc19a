"""What a user says about a tool call: yes, yes with changes, no, or nothing until it is too late.

An answer writes rows and wakes the workers; it carries nothing out itself. The task is locked first, as by whoever
parks it, so that none of the two can miss the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from artel.agents.places import RunPlace
from artel.approvals import manager as approvals
from artel.approvals.audit import TIME, Actor, Decided, record
from artel.approvals.policy import grant_always, grant_for_session
from artel.bus.park import go_on, lock_parked
from artel.events.types import ApprovalResolved, Event, ToolFinished
from artel.files.store import Limits, NewFile, missing, put
from artel.kit.errors import Conflict, FieldProblem, Invalid
from artel.kit.ids import IdMaker
from artel.kit.stored import stored_json
from artel.store.shards import Shards
from artel.store.tables import ApprovalRequest
from artel.store.tx import UserTx
from artel.tools.registry import Toolbox
from artel.tools.tool import BadResult, Blob, PageResult, Tool

Remember = Literal["once", "session", "always"]

_DECLINED: Final = "The user declined this call{reason}. Do without it, or ask what they would rather have."
_EXPIRED: Final = "The user did not answer in time, so this call was not carried out. Go on without it."


class ResultNeeded(Invalid):
    """This tool is carried out by your page: send what it got as `result`. The approval still waits."""

    slug = "result-needed"


class ResultUnwanted(Invalid):
    """This tool is carried out by the server: leave `result` out. The approval still waits."""

    slug = "result-unwanted"


class ToolGone(Conflict):
    """This tool is no longer there, so the call cannot be carried out. Reject it; the agent then goes on without."""

    slug = "tool-gone"


@dataclass(frozen=True, slots=True)
class Yes:
    """A confirmation. `edited`: the arguments as they should be; `result`: what the page got."""

    edited: dict[str, Any] | None = None
    result: Any = None
    remember: Remember = "once"


@dataclass(frozen=True, slots=True)
class Consent:
    """One user's."""

    user_id: int
    shards: Shards
    ids: IdMaker
    toolbox: Toolbox
    file_limits: Limits
    emit: Callable[[int, Event], None]
    wake: Callable[[int], None]
    """Tells the workers that this user has work."""
    on_answer: approvals.OnAnswer = approvals.unheard

    async def confirm(self, approval_id: UUID, yes: Yes, actor: Actor) -> None:
        """Lets a call be carried out, or takes what the page made of it. Again: nothing more.

        Raises:
            NoSuchApproval, AlreadyResolved, ToolGone: nothing was changed.
            BadArguments, BadResult, ResultNeeded, ResultUnwanted, StorageFull: the approval stays open.
        """
        async with self.shards.user_tx(self.user_id) as tx:
            row = await approvals.find(tx, approval_id)
            if row.status != "pending":
                await approvals.resolve(tx, approval_id, "confirmed")
                return
            tool = await self._tool(tx, row)
            arguments: dict[str, Any] = row.request["arguments"] if yes.edited is None else yes.edited
            tool.check(arguments)
            made = _made(tool, arguments, yes.result)
            if not await self._resolve(tx, row, "confirmed", lock_agent=yes.remember == "always"):
                return
            value = await self._keep(tx, made) if made else None
            await self._remember(tx, row, yes.remember)
            status, stored = ("ok", value) if made else ("open", None)
            await self._settle(tx, row, status, stored, arguments)
            changed = {"edited": arguments} if yes.edited is not None else {}
            detail = {**changed, "remember": yes.remember, **({"result": value} if made else {})}
            await tx.execute(_RESULT, self.user_id, approval_id, stored_json(detail))
            await self._record(tx, row, "confirmed", actor, arguments, detail)
        self.on_answer(row.type, approvals.waited(row))
        self._told(row, "confirmed", "ok" if made else None)

    async def reject(self, approval_id: UUID, reason: str | None, actor: Actor) -> None:
        """Refuses a call; its agent reads the reason and goes on. Again: nothing more.

        Raises:
            NoSuchApproval, AlreadyResolved: nothing was changed.
        """
        async with self.shards.user_tx(self.user_id) as tx:
            row = await approvals.find(tx, approval_id)
            if not await self._resolve(tx, row, "rejected", reason=reason):
                return
            text = _DECLINED.format(reason=f": {reason}" if reason else "")
            await self._settle(tx, row, "rejected", {"value": {"error": text}})
            await self._record(tx, row, "rejected", actor, row.request["arguments"], {"reason": reason})
        self.on_answer(row.type, approvals.waited(row))
        self._told(row, "rejected", "rejected")

    async def expire(self) -> int:
        """Ends what waited too long; answers how much that was."""
        async with self.shards.user_tx(self.user_id) as tx:
            due: Sequence[UUID] = [row["id"] for row in await tx.fetch(_DUE, self.user_id)]
        for approval_id in due:
            async with self.shards.user_tx(self.user_id) as tx:
                row = await approvals.find(tx, approval_id)
                # Somebody may have answered meanwhile.
                if row.status != "pending" or not await self._resolve(tx, row, "expired"):
                    continue
                await self._settle(tx, row, "expired", {"value": {"error": _EXPIRED}})
                await self._record(tx, row, "expired", TIME, row.request["arguments"], None)
            self._told(row, "expired", "rejected")
        return len(due)

    async def _tool(self, tx: UserTx, row: ApprovalRequest) -> Tool:
        found = await self.toolbox.chosen(tx, [row.request["tool_id"]])
        if not found:
            raise ToolGone
        return found[0]

    async def _resolve(
        self,
        tx: UserTx,
        row: ApprovalRequest,
        resolution: approvals.Resolution,
        *,
        reason: str | None = None,
        lock_agent: bool = False,
    ) -> bool:
        assert row.task is not None
        if lock_agent:
            await tx.execute(_LOCK_AGENT, self.user_id, row.request["agent_id"])
        await lock_parked(tx, row.task)
        return await approvals.resolve(tx, row.id, resolution, reason=reason)

    async def _keep(self, tx: UserTx, made: PageResult) -> dict[str, Any]:
        absent = await missing(tx, made.files)
        if absent:
            raise BadResult(
                fields=[
                    FieldProblem("result.files", f"There is no file {file}.", "no_such_file", {"file": str(file)})
                    for file in absent
                ]
            )
        kept = [await self._put(tx, blob) for blob in made.blobs]
        files = [str(file) for file in (*kept, *made.files)]
        return {"value": {**made.value, **({"file_ids": files} if files else {})}, "files": files}

    async def _put(self, tx: UserTx, blob: Blob) -> UUID:
        file_id = self.ids.uuid()
        await put(tx, NewFile(file_id, blob.name, blob.media_type, blob.content, "tool"), self.file_limits)
        return file_id

    async def _remember(self, tx: UserTx, row: ApprovalRequest, remember: Remember) -> None:
        agent_id, tool_id = row.request["agent_id"], row.request["tool_id"]
        if remember == "session":
            await grant_for_session(tx, agent_id, row.session_id, tool_id)
        elif remember == "always":
            await grant_always(tx, agent_id, tool_id)

    async def _settle(
        self,
        tx: UserTx,
        row: ApprovalRequest,
        status: str,
        result: dict[str, Any] | None,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        assert row.task is not None
        changed = None if arguments is None else stored_json(arguments)
        stored = None if result is None else stored_json(result)
        await tx.execute(_SETTLE, self.user_id, row.task, row.tool_call_id, status, stored, changed)
        await go_on(tx, row.task)

    async def _record(
        self,
        tx: UserTx,
        row: ApprovalRequest,
        action: Literal["confirmed", "rejected", "expired"],
        actor: Actor,
        arguments: Any,
        detail: Any,
    ) -> None:
        request = row.request
        decided = Decided(
            action=action,
            actor=actor,
            session_id=row.session_id,
            run_id=row.run_id,
            agent_id=request["agent_id"],
            tool_id=request["tool_id"],
            approval_id=row.id,
            arguments=arguments,
            detail=detail,
        )
        await record(tx, self.ids.uuid(), decided)

    def _told(
        self, row: ApprovalRequest, status: approvals.Resolution, ended: Literal["ok", "rejected"] | None
    ) -> None:
        assert row.run_id is not None
        place: RunPlace = {"session_id": row.session_id, "run_id": row.run_id}
        self.emit(self.user_id, ApprovalResolved(**place, approval_id=row.id, status=status))
        if ended is not None:
            request = row.request
            self.emit(
                self.user_id,
                ToolFinished(
                    **place,
                    tool_call_id=row.tool_call_id or "",
                    tool_id=request["tool_id"],
                    agent_id=request["agent_id"],
                    status=ended,
                    duration_ms=0,
                    message_id=UUID(request["message_id"]),
                    task_id=request["task_id"],
                ),
            )
        self.wake(self.user_id)


def _made(tool: Tool, arguments: dict[str, Any], result: Any) -> PageResult | None:
    """What the page made of the call; None where the server is to carry it out."""
    if tool.run is not None:
        if result is not None:
            raise ResultUnwanted
        return None
    if result is None:
        raise ResultNeeded
    assert tool.read_result is not None, "a tool of the page knows what the page answers"
    return tool.read_result(arguments, result)


_DUE = """
select id from approval_requests
where user_id = $1 and status = 'pending' and type = 'tool' and expires_at <= now() order by id limit 100
"""

_LOCK_AGENT = "select from user_agents where user_id = $1 and agent_id = $2 for no key update"

_RESULT = "update approval_requests set result = $3::jsonb where user_id = $1 and id = $2"

_SETTLE = """
update tool_calls set status = $4, result = $5::jsonb, arguments = coalesce($6::jsonb, arguments),
    finished_at = case when $4 <> 'open' then now() end
where user_id = $1 and task = $2 and call_id = $3 and status = 'waiting'
"""
