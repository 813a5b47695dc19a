"""Processes of two versions side by side: which migrations ran, and when they may.

Revision ID: 0012
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_owner

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
phase = "before"

SCHEMA_VERSIONS = """
create table schema_versions (
    revision text not null,
    phase text not null,
    applied_at timestamptz default now() not null,
    constraint pk_schema_versions primary key (revision)
)

revoke insert, update, delete on schema_versions from artel_app
"""


def upgrade() -> None:
    """Adds the table, which whoever migrates fills."""
    run_as_owner(SCHEMA_VERSIONS)


def downgrade() -> None:
    """Takes it away."""
    run_as_owner("drop table schema_versions")
