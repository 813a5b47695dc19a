"""The tables of tools: what was called, what is allowed, who decided, the user's files and MCP servers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import WRITTEN_ONCE, Json, Owned, of_session, of_user


class ToolCall(Owned):
    """One call that a model made: what its policy said, and its result, written once.

    A task that starts again takes the result from here and does not act twice.
    """

    __tablename__ = "tool_calls"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "task"], ["tasks.user_id", "tasks.id"], ondelete="CASCADE"),
        Index("ix_tool_calls_message", "user_id", "message_id"),
        Index("ix_tool_calls_approval", "user_id", "approval_id", postgresql_where=text("approval_id is not null")),
        Index(
            "ix_tool_calls_unremembered",
            "user_id",
            "task",
            "call_id",
            postgresql_where=text("not remembered and finished_at is not null"),
        ),
    )

    task: Mapped[UUID] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(primary_key=True)
    tool_id: Mapped[str]
    arguments: Mapped[Json]
    result: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    message_id: Mapped[UUID]
    agent_id: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    place: Mapped[int] = mapped_column(server_default=text("0"))
    approval_id: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    cost: Mapped[Decimal | None]
    remembered: Mapped[bool] = mapped_column(server_default=text("false"))


class ToolGrant(Owned):
    """What a user allowed for the rest of one chat."""

    __tablename__ = "tool_grants"
    __table_args__ = (
        of_session(),
        ForeignKeyConstraint(
            ["user_id", "agent_id"], ["user_agents.user_id", "user_agents.agent_id"], ondelete="CASCADE"
        ),
    )

    session_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[str] = mapped_column(primary_key=True)
    tool_id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditEntry(Owned):
    """Who decided what, when, by which proof, with which arguments. It outlives what it speaks of."""

    __tablename__ = "audit_log"
    __table_args__ = (of_user(),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    action: Mapped[str]
    actor: Mapped[Json]
    agent_id: Mapped[str | None]
    tool_id: Mapped[str | None]
    session_id: Mapped[int | None]
    run_id: Mapped[UUID | None]
    approval_id: Mapped[UUID | None]
    arguments: Mapped[Json | None]
    detail: Mapped[Json | None]


class StoredFile(Owned):
    """A file of the user's: uploaded, or made by a tool. `text` is what could be read in it, for models and search; it
    can be large, and is loaded only by who asks for it."""

    __tablename__ = "files"
    __table_args__ = (
        of_user(),
        Index("ix_files_unremembered", "user_id", "id", postgresql_where=text("not remembered")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[bytes]
    source: Mapped[str]
    text_status: Mapped[str]
    characters: Mapped[int] = mapped_column(server_default=text("0"))
    """Of the text."""
    remembered: Mapped[bool] = mapped_column(server_default=text("false"))
    text: Mapped[str | None] = mapped_column(deferred=True, deferred_raiseload=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class FileChunk(Owned):
    """A piece of a file's bytes; stored uncompressed, since most files are compressed already."""

    __tablename__ = "file_chunks"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "file_id"], ["files.user_id", "files.id"], ondelete="CASCADE"),
        {"info": WRITTEN_ONCE},
    )

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class MessageFile(Owned):
    """A file that was sent along with a message."""

    __tablename__ = "message_files"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "message_id"], ["messages.user_id", "messages.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id", "file_id"], ["files.user_id", "files.id"], ondelete="CASCADE"),
    )

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int]


class McpServer(Owned):
    """A user's own MCP server. `tools` is what it listed last; headers, environment and tokens are sealed."""

    __tablename__ = "mcp_servers"
    __table_args__ = (of_user(), Index("uq_mcp_servers_handle", "user_id", "handle", unique=True))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    handle: Mapped[str]
    name: Mapped[str]
    transport: Mapped[str]
    url: Mapped[str | None]
    command: Mapped[list[Any] | None]
    auth: Mapped[str]
    header_names: Mapped[list[Any]]
    sealed_secrets: Mapped[bytes | None]
    status: Mapped[str]
    error: Mapped[Json | None]
    tools: Mapped[list[Any]]
    protocol: Mapped[str | None]
    """The version of MCP that it speaks; null while it is not known."""
    renewing_until: Mapped[datetime | None]
    """Somebody exchanges its tokens for new ones, and others wait."""
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class McpSignIn(Owned):
    """An OAuth sign-in at an MCP server that was begun and has not come back yet."""

    __tablename__ = "mcp_sign_ins"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "server_id"], ["mcp_servers.user_id", "mcp_servers.id"], ondelete="CASCADE"),
    )

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    server_id: Mapped[UUID]
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime]
