"""How a migration speaks to the database: as the tables' owner, or with its own rights."""

from __future__ import annotations

from alembic import op

from artel.store.roles import MIGRATOR, OWNER


def run_as_owner(sql: str) -> None:
    """Runs statements, separated by blank lines, so that the tables belong to the owner role."""
    _run(sql, OWNER)


def run_as_migrator(sql: str) -> None:
    """Runs statements with the right to see every user's rows: data migrations, and functions that answer across users.

    The owner of a table under FORCE ROW LEVEL SECURITY would silently touch no row.
    """
    _run(sql, MIGRATOR)


def _run(sql: str, role: str) -> None:
    op.execute(f"set local role {role}")
    for statement in sql.split("\n\n"):
        if statement.strip():
            op.execute(statement)
    op.execute("reset role")
