"""The rows of a user's servers: read, written, never connected to from here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from artel.kit.errors import NotFound
from artel.kit.stored import stored_json
from artel.store.tx import UserTx
from artel.tools.mcp.model import Auth, Fault, KnownTool, ServerView, Status, Transport


class NoSuchServer(NotFound):
    """You have no MCP server under this id."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A server that is about to be stored."""

    id: UUID
    handle: str
    name: str
    transport: Transport
    url: str | None
    command: Sequence[str] | None
    auth: Auth
    header_names: Sequence[str]
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking a server for its tools. tools: None leaves those that are stored."""

    status: Status
    error: Fault | None
    tools: Sequence[KnownTool] | None = None
    protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A server with its secrets still sealed."""

    view: ServerView
    command: Sequence[str]
    sealed: bytes | None
    protocol: str | None


async def every(tx: UserTx) -> Sequence[Row]:
    """All of the user's, the oldest first."""
    return [_row(record) for record in await tx.fetch(_ALL, tx.user_id)]


async def of_handles(tx: UserTx, handles: Collection[str]) -> Sequence[Row]:
    """Those of the handles that exist, the oldest first."""
    return [_row(record) for record in await tx.fetch(_OF_HANDLES, tx.user_id, list(handles))]


async def find(tx: UserTx, server_id: UUID) -> Row:
    """One of the user's.

    Raises:
        NoSuchServer: it is not this user's.
    """
    record = await tx.fetchrow(_ONE, tx.user_id, server_id)
    if record is None:
        raise NoSuchServer
    return _row(record)


async def insert(tx: UserTx, new: NewRow, found: Found) -> Row:
    """Stores a new one.

    Raises:
        asyncpg.UniqueViolationError: the handle is taken.
    """
    command = None if new.command is None else stored_json(list(new.command))
    fields = (new.id, new.handle, new.name, new.transport, new.url, command, new.auth)
    await tx.execute(_INSERT, tx.user_id, *fields, stored_json(list(new.header_names)), new.sealed, *_found(found))
    return await find(tx, new.id)


async def keep(tx: UserTx, server_id: UUID, found: Found) -> Row:
    """Writes down what came of asking it.

    Raises:
        NoSuchServer: it is gone.
    """
    await tx.execute(_KEEP, tx.user_id, server_id, *_found(found))
    return await find(tx, server_id)


async def sign_in(tx: UserTx, server_id: UUID, sealed: bytes | None) -> None:
    """Keeps what a sign-in gave."""
    await tx.execute(_SIGN_IN, tx.user_id, server_id, sealed)


async def renew(tx: UserTx, server_id: UUID, *, was: bytes | None, sealed: bytes | None) -> None:
    """Exchanges what is sealed, unless somebody else did, and ends the claim."""
    await tx.execute(_RENEW, tx.user_id, server_id, was, sealed)


async def claim_renewal(tx: UserTx, server_id: UUID, seconds: float) -> bool:
    """Whether the caller is the one who renews the tokens now; nobody else may for some seconds."""
    return await tx.fetchval(_CLAIM, tx.user_id, server_id, seconds) is not None


async def delete(tx: UserTx, server_id: UUID) -> Row:
    """Takes it away; answers what it was.

    Raises:
        NoSuchServer: it is not this user's.
    """
    row = await find(tx, server_id)
    await tx.execute(_DELETE, tx.user_id, server_id)
    return row


def _found(found: Found) -> tuple[Any, ...]:
    error = None if found.error is None else stored_json({"code": found.error.code, "detail": found.error.detail})
    tools = None if found.tools is None else stored_json([tool.as_json() for tool in found.tools])
    return (found.status, error, tools, found.protocol)


def _row(record: asyncpg.Record) -> Row:
    error = record["error"]
    view = ServerView(
        id=record["id"],
        handle=record["handle"],
        name=record["name"],
        transport=record["transport"],
        url=record["url"],
        auth=record["auth"],
        header_names=record["header_names"],
        status=record["status"],
        error=Fault(error["code"], error["detail"]) if error else None,
        tools=[KnownTool(**tool) for tool in record["tools"]],
        checked_at=record["checked_at"],
        created_at=record["created_at"],
    )
    return Row(view, record["command"] or (), record["sealed_secrets"], record["protocol"])


_COLUMNS: Final = """id, handle, name, transport, url, command, auth, header_names, sealed_secrets, status, error,
    tools, protocol, checked_at, created_at"""

_ALL = f"select {_COLUMNS} from mcp_servers where user_id = $1 order by created_at, id"

_OF_HANDLES = f"select {_COLUMNS} from mcp_servers where user_id = $1 and handle = any($2) order by created_at, id"

_ONE = f"select {_COLUMNS} from mcp_servers where user_id = $1 and id = $2"

_INSERT = """
insert into mcp_servers (
    user_id, id, handle, name, transport, url, command, auth, header_names, sealed_secrets, status, error, tools,
    protocol, checked_at
)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb, $10, $11, $12::jsonb, coalesce($13::jsonb, '[]'), $14, now())
"""

_KEEP = """
update mcp_servers set status = $3, error = $4::jsonb, tools = coalesce($5::jsonb, tools),
    protocol = coalesce($6, protocol), checked_at = now()
where user_id = $1 and id = $2
"""

_SIGN_IN = """
update mcp_servers set sealed_secrets = $3, auth = 'oauth', renewing_until = null where user_id = $1 and id = $2
"""

_RENEW = """
update mcp_servers set sealed_secrets = $4, renewing_until = null
where user_id = $1 and id = $2 and sealed_secrets is not distinct from $3
"""

_CLAIM = """
update mcp_servers set renewing_until = now() + make_interval(secs => $3)
where user_id = $1 and id = $2 and (renewing_until is null or renewing_until <= now())
returning id
"""

_DELETE = "delete from mcp_servers where user_id = $1 and id = $2"
