"""The tools of users' servers, as tools like any other: always asked about first, and never vouched for.

What a server says of a tool decides nothing: its policy is ours, its schema is the one that was stored when its user
looked at it, and what it answers is data.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from artel.kit.errors import NotFound
from artel.store.tx import UserTx
from artel.tools.mcp import rows
from artel.tools.mcp.access import McpAccess
from artel.tools.mcp.model import JsonObject, KnownTool, McpFailure, Picture, ServerView, SignInNeeded, ToolAnswer
from artel.tools.mcp.naming import handles_in
from artel.tools.mcp.schema import Check
from artel.tools.tool import Caller, Outcome, Tool, ToolFailure

SECONDS: Final = 110.0
"""A conversation of sixty, two waits for a seat, and a goodbye: an end that is not reached."""

KeepPicture = Callable[[int, Picture], Awaitable[UUID | None]]
"""Makes a file of the user's; answers its id, None where there is no room for one."""

_REMOVED: Final = "This tool's server was removed."
_NO_ROOM: Final = "Pictures of this answer could not be kept: the user has no room for them."
_SIGN_IN: Final = "The server wants its user to sign in again, in the settings. Until then this tool cannot be used."


@dataclass(frozen=True, slots=True)
class McpSource:
    """For the toolbox."""

    access: McpAccess
    keep_picture: KeepPicture

    async def read(self, tx: UserTx, only: Collection[str] | None = None) -> Sequence[Tool]:
        """The user's. only: no other ids are asked for, so that nothing is read in vain."""
        if only is None:
            found = await rows.every(tx)
        else:
            handles = handles_in(only)
            found = await rows.of_handles(tx, handles) if handles else ()
        views = [row.view for row in found if self.access.hub.may_use(row.view.transport, tx.entry.role)]
        return [self._tool(view, tool) for view in views for tool in view.tools if only is None or tool.tool_id in only]

    def _tool(self, server: ServerView, known: KnownTool) -> Tool:
        return Tool(
            tool_id=known.tool_id,
            label=known.label,
            description=known.description or known.label,
            policy="ask",
            kind="mcp",
            schema=known.schema,
            check=Check(known.schema),
            run=partial(self._run, server.id, known),
            seconds=SECONDS,
            repeatable=False,
            server=server.handle,
        )

    async def _run(self, server_id: UUID, known: KnownTool, caller: Caller, arguments: JsonObject) -> Outcome:
        try:
            answer = await self._call(server_id, known, caller, arguments)
        except NotFound as error:
            raise ToolFailure(_REMOVED) from error
        except SignInNeeded as failure:
            async with self.access.shards.user_tx(caller.user_id) as tx:
                await rows.keep(tx, server_id, rows.Found("needs_sign_in", failure.fault))
            raise ToolFailure(_SIGN_IN) from failure
        except McpFailure as failure:
            raise ToolFailure(failure.fault.detail) from failure
        files = [await self.keep_picture(caller.user_id, picture) for picture in answer.pictures]
        kept = [file_id for file_id in files if file_id is not None]
        if len(kept) < len(files):
            return Outcome({"answer": answer.value, "note": _NO_ROOM}, kept)
        return Outcome(answer.value, kept)

    async def _call(self, server_id: UUID, known: KnownTool, caller: Caller, arguments: JsonObject) -> ToolAnswer:
        async with self.access.shards.user_tx(caller.user_id) as tx:
            row = await rows.find(tx, server_id)
            role = tx.entry.role
        target = self.access.open(caller.user_id, row, role)
        return await self.access.use(
            caller.user_id,
            server_id,
            target,
            lambda wire, to: wire.call_tool(to, known.name, known.schema, arguments),
        )
