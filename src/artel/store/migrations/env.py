"""Alembic's entry: runs the steps over the connection that `store.migrate` hands in."""

from __future__ import annotations

from alembic import context

from artel.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
