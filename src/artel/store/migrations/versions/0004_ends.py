"""Every end and every beginning of a task wrote an entry into the index of delegated ones; now only theirs do.

Revision ID: 0004
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_owner

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _index(which: str) -> str:
    return f"""
drop index uq_tasks_delegated

create unique index uq_tasks_delegated on tasks (user_id, parent, parent_call)
    where {which}status not in ('failed', 'cancelled')
"""


def upgrade() -> None:
    """Leaves out the tasks that nobody asked for; of those it never compared any."""
    run_as_owner(_index("parent is not null and "))


def downgrade() -> None:
    """Takes them in again."""
    run_as_owner(_index(""))
