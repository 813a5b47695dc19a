"""Where users live: shards that take new users, and moves that are under way.

Revision ID: 0006
"""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes it."""


def downgrade() -> None:
    """Takes it back."""
