"""The tables of memory: passages of what was said, what is to be forgotten, the profile, summaries of long chats."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import Owned, of_session, of_user


class Memory(Owned):
    """A passage that can be recalled: the truth of which the vector store holds an index.

    It is indexed as it stands when `indexed_revision` is `revision`; without `indexed_space` it has words in the index
    but no vector yet. `recipe`: in which way it was indexed, see `memory.recipe`. `source_id` names what it was made
    of, by the kind: a message, a task's message, "task:call" of a tool, a file, the message that a fact is from.
    `created_at` is when it was said. Whoever supersedes one raises its `revision` too, as who edits it does: then it
    leaves the index.
    """

    __tablename__ = "memories"
    __table_args__ = (
        of_user(),
        of_session(),
        ForeignKeyConstraint(["user_id", "file_id"], ["files.user_id", "files.id"], ondelete="CASCADE"),
        Index("ix_memories_recent", "user_id", "created_at", "id"),
        Index("ix_memories_session", "user_id", "session_id"),
        Index("ix_memories_file", "user_id", "file_id", postgresql_where=text("file_id is not null")),
        Index(
            "ix_memories_facts",
            "user_id",
            "created_at",
            postgresql_where=text("kind = 'fact' and superseded_by is null"),
        ),
        Index("ix_memories_run", "user_id", "run_id", postgresql_where=text("kind = 'message'")),
        Index(
            "ix_memories_recipe",
            "user_id",
            "created_at",
            postgresql_where=text("recipe < 1 and kind = 'message' and role = 'assistant'"),
        ),
        Index("ix_memories_waiting", "user_id", "created_at", postgresql_where=text("indexed_revision < revision")),
        Index(
            "ix_memories_without_vector",
            "user_id",
            "created_at",
            postgresql_where=text("indexed_space is null and superseded_by is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source_id: Mapped[str | None]
    part: Mapped[int] = mapped_column(server_default=text("0"))
    session_id: Mapped[int | None]
    file_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    agent_id: Mapped[str | None]
    call_type: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    edited_at: Mapped[datetime | None]
    superseded_by: Mapped[UUID | None]
    superseded_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    indexed_revision: Mapped[int] = mapped_column(server_default=text("0"))
    indexed_space: Mapped[str | None]
    recipe: Mapped[int] = mapped_column(server_default=text("0"))
    text: Mapped[str]


class MemoryDeletion(Owned):
    """A memory that is gone from `memories`, and not yet from the vector store. A trigger writes it."""

    __tablename__ = "memory_deletions"
    __table_args__ = (of_user(),)

    id: Mapped[UUID] = mapped_column(primary_key=True)


class MemoryState(Owned):
    """Which process writes a user's index, in which space its vectors are, and what else is to be done to it.

    `reader`: who reads the user's chats in the background; nobody else does before `read_after`.
    """

    __tablename__ = "memory_state"
    __table_args__ = (of_user(),)

    space: Mapped[str | None]
    next_space: Mapped[str | None]
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    reader: Mapped[str | None]
    read_after: Mapped[datetime | None]
    purge_wanted_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]
    drop_spaces_at: Mapped[datetime | None]


class Profile(Owned):
    """What a user wants every agent to know, and whether facts are learned from chats."""

    __tablename__ = "profiles"
    __table_args__ = (of_user(),)

    learn: Mapped[bool] = mapped_column(server_default=text("true"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    text: Mapped[str] = mapped_column(server_default=text("''"))


class ChatSummary(Owned):
    """What a block of a chat's older messages said, both ends included."""

    __tablename__ = "chat_summaries"
    __table_args__ = (
        of_session(),
        Index("uq_chat_summaries_block", "user_id", "session_id", "level", "first_message", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    level: Mapped[int]
    first_message: Mapped[UUID]
    last_message: Mapped[UUID]
    text: Mapped[str]
    tokens: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
