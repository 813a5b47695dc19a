"""The tables of what goes by itself: how long a user's things are kept, and users who are being removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import Base, Owned, of_user


class Retention(Owned):
    """After how many days things go; null: never. `swept_at`: when that was last looked at, by one process for all."""

    __tablename__ = "retention"
    __table_args__ = (of_user(),)

    chats_days: Mapped[int | None]
    files_days: Mapped[int | None]
    memories_days: Mapped[int | None]
    decisions_days: Mapped[int | None]
    usage_days: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    swept_at: Mapped[datetime | None]


class Erasure(Base):
    """A user who is gone from the directory, and perhaps not from every store yet. `done`: the steps that are over.

    Who works on it moves `not_before` on: nobody else does before.
    """

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
