"""Users' servers: added, asked what they have, taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg

from artel.kit.errors import Conflict, FieldProblem
from artel.kit.guard import AddressRefused, OutgoingGuard
from artel.kit.ids import IdMaker
from artel.store.tx import UserTx
from artel.tools.mcp import rows
from artel.tools.mcp.access import McpAccess, ProgramsNotAllowed
from artel.tools.mcp.listing import keep
from artel.tools.mcp.model import (
    MAX_SERVERS,
    Fault,
    KnownTool,
    McpFailure,
    Secrets,
    ServerView,
    SignInNeeded,
    Target,
    Transport,
)
from artel.tools.mcp.naming import handle_of

_HANDLE_TRIES: Final = 5

Changed = Callable[[UserTx, Collection[str], Collection[str]], Awaitable[None]]
"""Told, in the transaction that stores it, which tools became other ones and which are gone."""

Also = Callable[[UserTx, ServerView], Awaitable[None]]


class TooManyServers(Conflict):
    """You have as many MCP servers as one may have. Remove one first."""

    slug = "too-many-mcp-servers"


@dataclass(frozen=True, slots=True)
class NewServer:
    """A server as its user describes it."""

    name: str
    transport: Transport
    url: str | None = None
    command: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, slots=True)
class McpServers:
    """Of all users of a process; each call says for whom it is."""

    access: McpAccess
    ids: IdMaker
    changed: Changed

    async def all(self, user_id: int) -> Sequence[ServerView]:
        """The user's, the oldest first."""
        async with self.access.shards.user_tx(user_id) as tx:
            return [row.view for row in await rows.every(tx)]

    async def add(self, user_id: int, new: NewServer, also: Also | None = None) -> ServerView:
        """Asks a server what it has, and stores it whatever comes of that. `also` runs in the same transaction.

        Raises:
            AddressRefused, ProgramsNotAllowed, TooManyServers: nothing was stored.
        """
        role, taken = await self._admitted(user_id, new)
        server_id = self.ids.uuid()
        secrets = Secrets(headers=dict(new.headers), environment=dict(new.environment))
        target = Target(new.transport, new.url, new.command, secrets, may_go_anywhere=role == "admin")
        handle = handle_of(new.name, taken)
        found = await self._ask(user_id, server_id, target, handle)
        for _ in range(_HANDLE_TRIES):
            try:
                async with self.access.shards.user_tx(user_id) as tx:
                    row = await rows.insert(tx, self._new_row(user_id, server_id, handle, new, secrets), found)
                    if also:
                        await also(tx, row.view)
                    return row.view
            except asyncpg.UniqueViolationError:
                # Another request was faster. The tools' ids hold the handle, so they are asked for anew.
                _, taken = await self._admitted(user_id, new)
                handle = handle_of(new.name, taken)
                found = await self._ask(user_id, server_id, target, handle)
        raise Conflict

    async def refresh(self, user_id: int, server_id: UUID) -> ServerView:
        """Asks a server anew what it has. Where that fails, its tools stay as they were.

        Raises:
            NoSuchServer: it is not this user's.
        """
        async with self.access.shards.user_tx(user_id) as tx:
            row = await rows.find(tx, server_id)
            role = tx.entry.role
        try:
            target = self.access.open(user_id, row, role)
        except McpFailure as failure:
            found = rows.Found("failed", failure.fault)
        else:
            # Its version is asked for again: it may have learned another one.
            target = Target(
                target.transport, target.url, target.command, target.secrets, may_go_anywhere=target.may_go_anywhere
            )
            found = await self._ask(user_id, server_id, target, row.view.handle)
        async with self.access.shards.user_tx(user_id) as tx:
            if found.tools is not None:
                before = (await rows.find(tx, server_id)).view.tools
                await self.changed(tx, *_differences(before, found.tools))
            return (await rows.keep(tx, server_id, found)).view

    async def remove(self, user_id: int, server_id: UUID) -> None:
        """Takes a server away, with all that was allowed to its tools.

        Raises:
            NoSuchServer: it is not this user's.
        """
        async with self.access.shards.user_tx(user_id) as tx:
            row = await rows.delete(tx, server_id)
            await self.changed(tx, (), [tool.tool_id for tool in row.view.tools])

    async def _admitted(self, user_id: int, new: NewServer) -> tuple[str, Collection[str]]:
        """The user's role, and the handles that are taken."""
        async with self.access.shards.user_tx(user_id) as tx:
            role = tx.entry.role
            taken = {row.view.handle for row in await rows.every(tx)}
        if not self.access.hub.may_use(new.transport, role):
            raise ProgramsNotAllowed
        if len(taken) >= MAX_SERVERS:
            raise TooManyServers
        if new.url is not None:
            try:
                OutgoingGuard(allow_private=role == "admin").check_url(new.url)
            except AddressRefused as error:
                fields = [FieldProblem("url", error.detail, error.reason)]
                raise AddressRefused(error.detail, reason=error.reason, fields=fields) from error
        return role, taken

    async def _ask(self, user_id: int, server_id: UUID, target: Target, handle: str) -> rows.Found:
        try:
            offer = await self.access.use(user_id, server_id, target, lambda wire, to: wire.list_tools(to))
        except SignInNeeded as failure:
            if any(name.lower() == "authorization" for name in target.secrets.headers):
                return rows.Found("failed", Fault("refused", "The server did not accept the headers (HTTP 401)."))
            return rows.Found("needs_sign_in", failure.fault)
        except McpFailure as failure:
            return rows.Found("failed", failure.fault)
        # Two hundred schemas are some work.
        kept = await asyncio.to_thread(keep, handle, offer)
        return rows.Found("ready", kept.notice, kept.tools, offer.protocol)

    def _new_row(self, user_id: int, server_id: UUID, handle: str, new: NewServer, secrets: Secrets) -> rows.NewRow:
        return rows.NewRow(
            id=server_id,
            handle=handle,
            name=new.name,
            transport=new.transport,
            url=new.url,
            command=list(new.command) if new.transport == "stdio" else None,
            auth="headers" if new.headers else "none",
            header_names=sorted(new.headers),
            sealed=self.access.secrets.seal(user_id, server_id, secrets),
        )


def _differences(before: Sequence[KnownTool], after: Sequence[KnownTool]) -> tuple[Collection[str], Collection[str]]:
    """The ids of tools that are not what they were, and of those that are gone."""
    now = {tool.tool_id: tool for tool in after}
    changed = [tool.tool_id for tool in before if tool.tool_id in now and now[tool.tool_id] != tool]
    return changed, [tool.tool_id for tool in before if tool.tool_id not in now]
