"""Which key a secret is sealed with.

Revision ID: 0011
"""

from __future__ import annotations

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes it."""


def downgrade() -> None:
    """Takes it back."""
