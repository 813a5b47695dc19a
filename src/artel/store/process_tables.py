"""What processes of several versions must know of each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import Base


class SchemaVersion(Base):
    """A migration that ran on this shard, and when it may run: see `store.phases`. Written by `store.migrate` alone."""

    __tablename__ = "schema_versions"

    revision: Mapped[str] = mapped_column(primary_key=True)
    phase: Mapped[str]
    applied_at: Mapped[datetime] = mapped_column(server_default=func.now())
