"""Alembic's entry: runs the steps over the connection that `store.migrate` hands in."""

from __future__ import annotations

from alembic import context

from artel.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
