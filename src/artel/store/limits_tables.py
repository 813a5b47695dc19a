"""The tables of access and limits. All but the last stand in the directory and belong to no user's space: only
`system_tx` sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import Base, Json, Owned, of_user


class ServerSettings(Base):
    """What an administrator chose for the whole installation: one row at most.

    `registration`: null follows the environment. `limits`: everybody's, by name, as `limits.Value`.
    """

    __tablename__ = "server_settings"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    registration: Mapped[str | None]
    limits: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Invitation(Base):
    """Lets one person in; used, it is gone. Only the hash of what the link holds is kept."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes]
    email: Mapped[str | None]
    role: Mapped[str]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class PasswordLink(Base):
    """Lets whoever opens it choose a new password for an account, once; an account has one at most."""

    __tablename__ = "password_links"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(["account_id"], ["users.id"], ondelete="CASCADE"),
    )

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token_hash: Mapped[bytes]
    expires_at: Mapped[datetime]


class AdminEntry(Base):
    """What an administrator did. `actor` null: a command on the server. It outlives the accounts it names."""

    __tablename__ = "admin_log"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    actor: Mapped[int | None]
    action: Mapped[str]
    account_id: Mapped[int | None]
    details: Mapped[Any] = mapped_column(JSONB(), server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RunCount(Owned):
    """How many runs a user whose runs are limited began in an hour (UTC)."""

    __tablename__ = "run_counts"
    __table_args__ = (of_user(),)

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    runs: Mapped[int]
