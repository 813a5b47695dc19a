"""The four database roles, and the databases they work in.

`artel_owner` owns the tables and cannot log in; `artel_migrator` may bypass row-level security and only migrates;
`artel_app` is what the product runs as: it owns nothing, bypasses nothing and may not truncate. `artel_grafana` may
call a few functions that answer sums per user, and nothing else; it cannot log in until it is given a password.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import URL, make_url

OWNER, MIGRATOR, APP, GRAFANA = "artel_owner", "artel_migrator", "artel_app", "artel_grafana"

_TRIES = 20
_PAUSE = 0.02
# Roles belong to the whole server, the lock that we take to one of its databases: who prepares another one meets us.
_MET_ANOTHER = (asyncpg.UniqueViolationError, asyncpg.DuplicateObjectError, asyncpg.InternalServerError)
"""Both made a role, or changed one ("tuple concurrently updated")."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """How to reach one shard as each role."""

    app: URL
    migrator: URL


def role_urls(admin_url: str, secret_key: str) -> DatabaseUrls:
    """The URLs of the roles that `prepare_database` makes; their passwords follow from the server's secret key."""
    url = make_url(admin_url).set(drivername="postgresql+asyncpg")
    return DatabaseUrls(
        app=url.set(username=APP, password=role_password(secret_key, APP)),
        migrator=url.set(username=MIGRATOR, password=role_password(secret_key, MIGRATOR)),
    )


def role_password(secret_key: str, role: str) -> str:
    """What a role logs in with."""
    return hmac.new(secret_key.encode(), f"database role {role}".encode(), hashlib.sha256).hexdigest()


async def prepare_database(
    admin_url: str, secret_key: str, grafana_password: str | None = None, *, old_keys: Sequence[str] = ()
) -> DatabaseUrls:
    """Makes the roles and gives them the database of the URL; harmless when repeated.

    admin_url: a login that may create roles with BYPASSRLS (a superuser, usually) to an existing database.
    grafana_password: lets Grafana's role log in; None leaves it as it is.
    old_keys: a password that follows from one of them is left, since other processes may know no newer key.
    """
    urls = role_urls(admin_url, secret_key)
    if old_keys:
        urls = await working_urls([role_urls(admin_url, key) for key in (*old_keys, secret_key)], urls)
    for attempt in range(_TRIES):
        try:
            await _prepare(plain_dsn(make_url(admin_url)), urls, grafana_password)
        except _MET_ANOTHER:
            if attempt == _TRIES - 1:
                raise
            await asyncio.sleep(_PAUSE * (attempt + 1))
        else:
            break
    return urls


async def working_urls(candidates: Sequence[DatabaseUrls], otherwise: DatabaseUrls) -> DatabaseUrls:
    """The first of them whose passwords the server takes.

    Raises:
        OSError, asyncpg.PostgresError: the server does not answer, or refuses for another reason.
    """
    for urls in candidates:
        if await _can_log_in(urls):
            return urls
    return otherwise


async def _can_log_in(urls: DatabaseUrls) -> bool:
    try:
        for url in (urls.app, urls.migrator):
            async with direct_connection(url):
                pass
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    return True


async def _prepare(dsn: str, urls: DatabaseUrls, grafana_password: str | None) -> None:
    connection = await asyncpg.connect(dsn=dsn)
    try:
        async with connection.transaction():
            # Two servers that start at once would both create the roles.
            await connection.execute("select pg_advisory_xact_lock(7233, 1)")
            await _ensure_role(connection, OWNER, "nologin")
            await _ensure_role(connection, MIGRATOR, "login bypassrls", urls.migrator.password)
            await _ensure_role(connection, APP, "login nosuperuser nobypassrls", urls.app.password)
            await _ensure_role(connection, GRAFANA, "nologin nosuperuser nobypassrls connection limit 10")
            if grafana_password is not None:
                await _let_grafana_in(connection, grafana_password)
            await connection.execute(f"grant {OWNER} to {MIGRATOR} with inherit true, set true")
            await _ensure_schema(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def direct_connection(url: URL, timeout: float = 10.0) -> AsyncGenerator[asyncpg.Connection]:
    """A connection of its own, past every pool: for what is done to a whole shard, as the migrator role.

    timeout: for connecting, in seconds.
    """
    # Behind PgBouncer in transaction mode a prepared statement may be gone at its next use.
    connection = await asyncpg.connect(dsn=plain_dsn(url), timeout=timeout, statement_cache_size=0)
    try:
        yield connection
    finally:
        await connection.close()


def plain_dsn(url: URL) -> str:
    """The URL as libpq and asyncpg read it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


async def _ensure_role(connection: asyncpg.Connection, name: str, options: str, password: object = None) -> None:
    if not await connection.fetchval("select true from pg_roles where rolname = $1", name):
        await connection.execute(f"create role {name} {options}")
    if password is not None:
        # The password is hexadecimal: nothing in it needs quoting.
        await connection.execute(f"alter role {name} password '{password}'")


async def _let_grafana_in(connection: asyncpg.Connection, password: str) -> None:
    # A person chose it: PostgreSQL itself quotes it. A dashboard that asks too much is stopped, not waited for.
    login = await connection.fetchval(
        "select format('alter role %I login password %L', $1::text, $2::text)", GRAFANA, password
    )
    await connection.execute(login)
    await connection.execute(f"alter role {GRAFANA} set statement_timeout = '10s'")
    await connection.execute(f"alter role {GRAFANA} set default_transaction_read_only = on")


async def _ensure_schema(connection: asyncpg.Connection) -> None:
    database = await connection.fetchval("select quote_ident(current_database())")
    await connection.execute(
        f"""
        revoke create on schema public from public;
        grant usage, create on schema public to {OWNER}, {MIGRATOR};
        grant connect, create on database {database} to {MIGRATOR};
        grant connect on database {database} to {APP}, {GRAFANA};
        grant usage on schema public to {APP}, {GRAFANA};
        alter default privileges for role {OWNER} in schema public
            grant select, insert, update, delete on tables to {APP};
        alter default privileges for role {OWNER} in schema public grant usage on sequences to {APP};
        """
    )
