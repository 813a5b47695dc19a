"""Invitations, and what a user may use.

Revision ID: 0008
"""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes it."""


def downgrade() -> None:
    """Takes it back."""
