"""Row-level security: the statements that close a table to everyone but the row's owner."""

from __future__ import annotations

_ME = "nullif(current_setting('app.user_id', true), '')::bigint"
"""The user of this transaction; '' is what a pooled connection holds after one, and it must match nobody."""


def protect(table: str, owner_column: str = "user_id", *, system: bool = False) -> str:
    """SQL that forces row-level security on a table, for its owner role too.

    system: rows are also open to a transaction that says `app.system = 'on'` (the directory only; see `tx.system_tx`).
    """
    statements = [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy own_rows on {table} using ({owner_column} = {_ME}) with check ({owner_column} = {_ME})",
    ]
    if system:
        statements.append(
            f"create policy system_rows on {table} using (current_setting('app.system', true) = 'on')"
            " with check (current_setting('app.system', true) = 'on')"
        )
    return "\n\n".join(statements)


def close_to_users(table: str) -> str:
    """SQL that opens a table of the directory to transactions without a user alone (`tx.system_tx`)."""
    return "\n\n".join(
        (
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy system_rows on {table} using (current_setting('app.system', true) = 'on')"
            " with check (current_setting('app.system', true) = 'on')",
        )
    )
