"""Databases on a running embedded PostgreSQL, one for each shard."""

from __future__ import annotations

import asyncpg

from artel.store.embedded.endpoints import PostgresEndpoint


async def ensure_database(endpoint: PostgresEndpoint, name: str) -> bool:
    """Makes the database when it is missing. Answers whether it was made now."""
    connection = await asyncpg.connect(endpoint.dsn())
    try:
        exists = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name)
    finally:
        await connection.close()
    if not exists:
        await create_database(endpoint, name)
    return not exists


async def create_database(endpoint: PostgresEndpoint, name: str, *, template: str = "template1") -> None:
    """Makes an empty database, or a copy of `template`, to which nobody may be connected.

    Raises:
        asyncpg.DuplicateDatabaseError: there is one of this name.
    """
    await _run(endpoint, f"CREATE DATABASE {quote_name(name)} TEMPLATE {quote_name(template)} STRATEGY FILE_COPY")


async def drop_database(endpoint: PostgresEndpoint, name: str) -> None:
    """Removes the database, connections to it included. Harmless when there is none."""
    await _run(endpoint, f"DROP DATABASE IF EXISTS {quote_name(name)} WITH (FORCE)")


def quote_name(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


async def _run(endpoint: PostgresEndpoint, statement: str) -> None:
    connection = await asyncpg.connect(endpoint.dsn())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
