"""The tables, as SQLAlchemy maps them. `migrations/` makes them; a test compares the two.

Everything a user owns is `Owned`: its primary key starts with `user_id` and its foreign keys carry it, so a row cannot
point into another user's data. Row-level security stands on every such table (see `rls.py`). Those of tools are in
`tool_tables.py`, those of memory in `memory_tables.py`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables of one shard; the first shard's `users` is the directory."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it off the class
        int: BigInteger(),
        str: Text(),
        bytes: LargeBinary(),
        datetime: TIMESTAMP(timezone=True),
        Decimal: Numeric(),
        UUID: Uuid(),
        Json: JSONB(),
        list[Any]: JSONB(),
    }


class Owned(Base):
    """A row that belongs to a user."""

    __abstract__ = True

    user_id: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)


def of_user() -> ForeignKeyConstraint:
    """The row goes with its user."""
    return ForeignKeyConstraint(["user_id"], ["shard_users.user_id"], ondelete="CASCADE")


def of_session() -> ForeignKeyConstraint:
    """The row goes with its chat."""
    return ForeignKeyConstraint(
        ["user_id", "session_id"], ["chat_sessions.user_id", "chat_sessions.id"], ondelete="CASCADE"
    )


def of_run() -> ForeignKeyConstraint:
    """The row goes with its run."""
    return ForeignKeyConstraint(["user_id", "run_id"], ["runs.user_id", "runs.id"], ondelete="CASCADE")


# ---- of the whole installation


class User(Base):
    """The directory: who exists, on which shard. Only `system_tx` reads it, and each user their own row."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    """None: one signs in through a provider only (`identity_tables.py`)."""
    role: Mapped[str]
    locale: Mapped[str]
    shard: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ShardInfo(Base):
    """One row: this database's own name, so that the order of URLs cannot mix shards up."""

    __tablename__ = "shard_info"

    name: Mapped[str] = mapped_column(primary_key=True)
    is_directory: Mapped[bool]


class Worker(Base):
    """A process that runs tasks. Its lease is the lease of every task it holds."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime]


# ---- of one user


class ShardUser(Owned):
    """The parent of all rows of a user on this shard, and the fence for moving the user."""

    __tablename__ = "shard_users"

    state: Mapped[str] = mapped_column(server_default=text("'active'"))


class SignIn(Owned):
    """A browser that is signed in. The token itself is only in the browser's cookie."""

    __tablename__ = "sign_ins"
    __table_args__ = (of_user(), UniqueConstraint("user_id", "token_hash"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes]
    user_agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class ApiKey(Owned):
    """A key for programs; only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (of_user(), UniqueConstraint("user_id", "token_hash"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    hint: Mapped[str]
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]


class ProviderKey(Owned):
    """A user's own access to a model provider; the key is sealed by `kit.secrets.SecretBox`."""

    __tablename__ = "provider_keys"
    __table_args__ = (of_user(),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    sealed_key: Mapped[bytes | None]
    hint: Mapped[str | None]
    base_url: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Agent(Owned):
    """A personal agent. `agent_id` is its public name, "user7_coder"; `config` is `agents.config.AgentConfig`.

    The orchestrator has a row too, made when it is first needed, so that the bus seats its work like any other.
    """

    __tablename__ = "user_agents"
    __table_args__ = (of_user(), UniqueConstraint("user_id", "agent_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agent_id: Mapped[str]
    name: Mapped[str]
    config: Mapped[Json]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    concurrency_limit: Mapped[int]
    is_orchestrator: Mapped[bool] = mapped_column(server_default=text("false"))
    last_error: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Orchestrator(Owned):
    """A user's personal orchestrator: one row at most, defaults when there is none."""

    __tablename__ = "user_orchestrators"
    __table_args__ = (of_user(),)

    config: Mapped[Json]


class ChatSession(Owned):
    """A conversation.

    `memory`: it is remembered. `unlearned`, `unsummarised`: of how many messages no facts were learned yet, and
    how many are in no summary yet, as far as they were counted. `learned_to`: the last that facts were learned from.
    """

    __tablename__ = "chat_sessions"
    __table_args__ = (
        of_user(),
        Index("ix_chat_sessions_recent", "user_id", "updated_at", "id"),
        Index("ix_chat_sessions_unread", "user_id", "id", postgresql_where=text("unlearned > 0 or unsummarised >= 70")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    memory: Mapped[bool] = mapped_column(server_default=text("true"))
    unlearned: Mapped[int] = mapped_column(server_default=text("0"))
    unsummarised: Mapped[int] = mapped_column(server_default=text("0"))
    learned_to: Mapped[UUID | None]


class Message(Owned):
    """A stored message. Ids rise with time, so they are the order of a conversation.

    With a `task_id` it is what a plan's task has to say: kept for its dependents, not part of the conversation.
    """

    __tablename__ = "messages"
    __table_args__ = (
        of_session(),
        Index("ix_messages_session", "user_id", "session_id", "id", postgresql_where=text("task_id is null")),
        Index("ix_messages_unremembered", "user_id", "id", postgresql_where=text("not remembered")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    run_id: Mapped[UUID]
    role: Mapped[str]
    content: Mapped[str]
    agent_id: Mapped[str | None]
    target_agent: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'complete'"))
    error: Mapped[Json | None]
    usage: Mapped[Json | None]
    cost: Mapped[Decimal | None]
    attempt: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    task_id: Mapped[str | None]
    remembered: Mapped[bool] = mapped_column(server_default=text("false"))
    recalled: Mapped[list[Any] | None]


class Run(Owned):
    """What one message set in motion: a direct call, or a plan."""

    __tablename__ = "runs"
    __table_args__ = (of_session(), Index("ix_runs_session", "user_id", "session_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    mode: Mapped[str]
    status: Mapped[str]
    message_id: Mapped[UUID]
    answer_id: Mapped[UUID]
    agent_id: Mapped[str | None]
    error: Mapped[Json | None]
    cost: Mapped[Decimal | None] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    max_parallel: Mapped[int | None]
    budget_usd: Mapped[Decimal | None]


class Plan(Owned):
    """A graph of tasks as it was approved, or waits to be: `orchestrator.plan.Plan` as JSON. A run's newest counts."""

    __tablename__ = "plans"
    __table_args__ = (of_run(), Index("uq_plans_revision", "user_id", "run_id", "revision", unique=True))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    run_id: Mapped[UUID]
    revision: Mapped[int]
    status: Mapped[str]
    tasks: Mapped[list[Any]]
    estimate: Mapped[Json]
    max_parallel: Mapped[int]
    approval_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Task(Owned):
    """The unit of work and the truth of the bus: see `artel.bus`."""

    __tablename__ = "tasks"
    __table_args__ = (
        of_run(),
        Index(
            "uq_tasks_seat",
            "user_id",
            "assigned_agent",
            "seat",
            unique=True,
            postgresql_where=text("status = 'running'"),
        ),
        Index(
            "uq_tasks_lane",
            "user_id",
            "run_id",
            "lane",
            unique=True,
            postgresql_where=text("status = 'running' and lane is not null"),
        ),
        Index("uq_tasks_name", "user_id", "run_id", "task_id", unique=True),
        Index(
            "uq_tasks_delegated",
            "user_id",
            "parent",
            "parent_call",
            unique=True,
            postgresql_where=text("parent is not null and status not in ('failed', 'cancelled')"),
        ),
        Index("ix_tasks_ready", "user_id", "assigned_agent", "id", postgresql_where=text("status = 'ready'")),
        Index("ix_tasks_due", "not_before", postgresql_where=text("status = 'ready'")),
        Index("ix_tasks_held", "worker", postgresql_where=text("status = 'running'")),
        Index("ix_tasks_record", "user_id", "assigned_agent", "finished_at", postgresql_where=text("status = 'done'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    run_id: Mapped[UUID]
    task_id: Mapped[str]
    kind: Mapped[str]
    assigned_agent: Mapped[str]
    status: Mapped[str]
    dependencies: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    instruction: Mapped[str | None]
    message_id: Mapped[UUID]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    max_attempts: Mapped[int]
    epoch: Mapped[int] = mapped_column(server_default=text("0"))
    interruptions: Mapped[int] = mapped_column(server_default=text("0"))
    worker: Mapped[str | None]
    seat: Mapped[int | None]
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    history: Mapped[Any | None] = mapped_column(JSONB())
    error: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    plan_id: Mapped[UUID | None]
    lane: Mapped[int | None]
    parent: Mapped[UUID | None]
    parent_call: Mapped[str | None]
    depth: Mapped[int] = mapped_column(server_default=text("0"))
    said: Mapped[str | None]


class UsageEntry(Owned):
    """One model call that was paid for (or not: then the cost is 0). `cost` is null when the price is unknown."""

    __tablename__ = "usage"
    __table_args__ = (
        of_user(),
        Index("ix_usage_time", "user_id", "created_at", postgresql_include=["cost"]),
        Index("ix_usage_run", "user_id", "run_id"),
        Index("ix_usage_created", "created_at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID | None]
    agent_id: Mapped[str | None]
    provider: Mapped[str]
    model: Mapped[str]
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cost: Mapped[Decimal | None]
    estimated: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    task_id: Mapped[str | None]


class Budget(Owned):
    """What a user may spend in a calendar month (UTC), in US dollars; no row, no limit."""

    __tablename__ = "budgets"
    __table_args__ = (of_user(),)

    monthly_usd: Mapped[Decimal]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApprovalRequest(Owned):
    """Something that waits for its user: durable, and answered once."""

    __tablename__ = "approval_requests"
    __table_args__ = (
        of_session(),
        Index("ix_approval_requests_status", "user_id", "status", "id"),
        Index("ix_approval_requests_run", "user_id", "run_id"),
        Index("ix_approval_requests_expiry", "expires_at", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    run_id: Mapped[UUID | None]
    type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    request: Mapped[Json]
    result: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
    plan_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    task: Mapped[UUID | None]
    tool_call_id: Mapped[str | None]
    expires_at: Mapped[datetime | None]


class IdempotencyKey(Owned):
    """The answer to a creating request, kept for its repetition; sealed, since it may hold a key."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (of_user(), Index("ix_idempotency_keys_age", "user_id", "created_at"))

    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    sealed_answer: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
