"""What administrators see and send: accounts, sums, invitations, settings; never content."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path
from pydantic import Field

from artel.accounts.administration import Person
from artel.accounts.invitations import MAX_DAYS, USUAL_DAYS, InvitationView
from artel.accounts.server_settings import Chosen
from artel.gateway.shapes.accounts import Email, Locale
from artel.gateway.shapes.common import Body, Money, Shape, usd
from artel.gateway.shapes.limits import LimitsIn, LimitsOut, limits_out
from artel.kit.ids import MAX_NUMBER
from artel.store.health import ShardState
from artel.store.limits import Limits
from artel.store.limits_tables import AdminEntry

Role = Literal["admin", "user"]
Registration = Literal["first", "open", "closed"]
AccountId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="An account's id.")]
InvitationId = Annotated[UUID, Path(description="An invitation's id.")]


class AccountSums(Shape):
    """What an account has and used this month (UTC)."""

    agents: int
    runs: int
    tokens: int
    cost: Money
    unpriced_calls: int = Field(description="Calls whose price is not known; `cost` lacks them.")
    storage_bytes: int
    last_seen: datetime | None


class AdminAccount(Shape):
    """An account as an administrator sees it."""

    id: int
    email: str
    role: Role
    locale: Locale
    created_at: datetime
    is_active: bool
    shard: str
    limits: LimitsOut = Field(description="The account's own; null: everybody's.")
    sums: AccountSums | None = Field(description="Null: its shard does not answer.")


class AdminAccountList(Shape):
    """A page, by ids."""

    items: list[AdminAccount]
    next_cursor: str | None


class AccountPatch(Body):
    """What is to be different."""

    role: Role | None = None
    is_active: bool | None = None
    limits: LimitsIn | None = None


class Link(Shape):
    """A link that opens something once. No other answer holds it."""

    link: str = Field(examples=["https://artel.example.org/reset#4Vn…"])
    expires_at: datetime


class InvitationIn(Body):
    """Whom to invite."""

    email: Email | None = Field(default=None, description="Null: whoever has the link.")
    role: Role = "user"
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = USUAL_DAYS


class AdminInvitation(Shape):
    """One that is open."""

    id: UUID
    email: str | None
    role: Role
    created_by: int | None = Field(description="Null: a command on the server.")
    created_at: datetime
    expires_at: datetime


class NewAdminInvitation(AdminInvitation):
    """The only answer that holds the link."""

    link: str = Field(examples=["https://artel.example.org/invite#4Vn…"])


class AdminInvitationList(Shape):
    """All that are open, the newest first."""

    items: list[AdminInvitation]
    next_cursor: None = None


class SettingsIn(Body):
    """Replaces what was chosen; null: what the environment says."""

    registration: Registration | None = None
    limits: LimitsIn = LimitsIn()


class AdminSettings(Shape):
    """What was chosen, and what holds where nothing was."""

    registration: Registration | None = Field(description="Null: the environment's.")
    limits: LimitsOut
    effective_registration: Registration
    environment_limits: LimitsOut


class AdminDeed(Shape):
    """What an administrator did."""

    id: UUID
    actor: int | None = Field(description="Null: a command on the server.")
    action: str = Field(examples=["change"])
    account_id: int | None
    details: dict[str, Any]
    created_at: datetime


class AdminLogPage(Shape):
    """The newest first."""

    items: list[AdminDeed]
    next_cursor: str | None


class StoreState(Shape):
    """Whether a store answers."""

    name: str
    ok: bool
    ms: float
    error: str | None = None


class WorkerHealth(Shape):
    """A process that takes tasks."""

    id: str
    shard: str
    started_at: datetime
    is_alive: bool


class ShardHealth(Shape):
    """A database with the users that live there; the figures are null when it does not answer."""

    name: str
    ok: bool
    accounts: int | None = None
    postgres: str | None = None
    revision: str | None = None
    ready: int | None = None
    running: int | None = None
    oldest_ready_seconds: float | None = None


class Health(Shape):
    """The installation at a glance."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    python: str
    streams: int = Field(description="Open in the process that answers.")
    stores: list[StoreState]
    memory_troubles: list[str]
    shards: list[ShardHealth]
    workers: list[WorkerHealth]


def account(person: Person) -> AdminAccount:
    """One row of the table."""
    mine, sums = person.account, person.sums
    return AdminAccount(
        id=mine.id,
        email=mine.email,
        role=mine.role,
        locale=mine.locale,
        created_at=mine.created_at,
        is_active=mine.is_active,
        shard=mine.shard,
        limits=limits_out(person.limits),
        sums=None
        if sums is None
        else AccountSums(
            agents=sums.agents,
            runs=sums.runs,
            tokens=sums.tokens,
            cost=usd(sums.cost),
            unpriced_calls=sums.unpriced,
            storage_bytes=sums.storage,
            last_seen=sums.last_seen,
        ),
    )


def invitation(view: InvitationView) -> AdminInvitation:
    """Without what opens the door."""
    return AdminInvitation(
        id=view.id,
        email=view.email,
        role=view.role,
        created_by=view.created_by,
        created_at=view.created_at,
        expires_at=view.expires_at,
    )


def settings(chosen: Chosen, effective: Registration, environment: Limits) -> AdminSettings:
    """For the page of settings."""
    usual = {name: "unlimited" if value is None else value for name, value in _numbers(environment).items()}
    return AdminSettings(
        registration=chosen.registration,
        limits=limits_out(chosen.limits),
        effective_registration=effective,
        environment_limits=LimitsOut.model_validate(usual),
    )


def deed(row: AdminEntry) -> AdminDeed:
    """An entry of the record."""
    return AdminDeed(
        id=row.id,
        actor=row.actor,
        action=row.action,
        account_id=row.account_id,
        details=row.details,
        created_at=row.created_at,
    )


def shard(name: str, state: ShardState | None) -> ShardHealth:
    """A shard by its own words."""
    if state is None:
        return ShardHealth(name=name, ok=False)
    return ShardHealth(
        name=name,
        ok=True,
        accounts=state.accounts,
        postgres=state.postgres,
        revision=state.revision,
        ready=state.ready,
        running=state.running,
        oldest_ready_seconds=round(state.oldest_ready_seconds, 1),
    )


def workers(name: str, state: ShardState | None) -> list[WorkerHealth]:
    """The processes that a shard knows."""
    return [
        WorkerHealth(id=each.id, shard=name, started_at=each.started_at, is_alive=each.is_alive)
        for each in (state.workers if state else ())
    ]


def _numbers(limits: Limits) -> dict[str, int | None]:
    return {name: getattr(limits, name) for name in LimitsOut.model_fields}
