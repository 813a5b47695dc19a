"""Who signs in through a provider: a part of the directory, as `users` is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from artel.store.tables import Base


class Identity(Base):
    """A person as a provider knows them, and whose account it opens. Only `system_tx` looks for one by its subject."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("account", "issuer"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    email: Mapped[str | None]
    """As the provider had it at the last sign-in; for the user's eyes only."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime] = mapped_column(server_default=func.now())
