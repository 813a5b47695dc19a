"""The directory's tables of shards: which there are, and who is being moved."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import Base


class ShardState(Base):
    """A shard of the installation, and whether new users are placed there. Its address is in the environment alone."""

    __tablename__ = "shards"

    name: Mapped[str] = mapped_column(primary_key=True)
    is_open: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Move(Base):
    """A user on the way from one shard to another; see `store.moves`. Only `system_tx` sees it.

    `id` is the user's. `move` numbers the moves of the installation, and stands in `shard_users` at both ends too: what
    a lower number asks for there does not count any more. `mover`: the process that does it, until `lease_until`.
    """

    __tablename__ = "moves"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    move: Mapped[int] = mapped_column(Identity(always=True))
    source: Mapped[str]
    target: Mapped[str]
    step: Mapped[str]
    mover: Mapped[UUID]
    lease_until: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
