"""One SQLAlchemy engine a shard."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_POOLER: Final = "artel_pooler"
"""A parameter of URLs, of our own; no server sees it."""


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """Connections of one process to one shard: up to `kept` stay open, up to `extra` more while they are needed.

    A connection costs as much as ten answers to open (`bench/bus.py`): load that swings around `kept` must not do it
    again and again.
    """

    kept: int = 20
    extra: int = 0
    wait_seconds: float = 10.0
    """For one of them to come free."""
    answer_seconds: float = 5.0
    """For the answer to a BEGIN, with what comes along with it: a server that hangs counts as away, and its users are
    told to come back, rather than wait without a word as long as a statement may take."""


def through_pooler(url: URL) -> URL:
    """The same, marked: a pooler stands in between that lends a server's connection for one transaction only."""
    return url.update_query_dict({_POOLER: "transaction"})


def make_engine(url: URL, other_passwords: Sequence[str] = ()) -> AsyncEngine:
    """An engine in autocommit, for `store.tx` speaks BEGIN and COMMIT itself; `store.pool` keeps its connections.

    other_passwords: tried when the URL's is refused, since it changes with the secret key while we run.
    """

    async def connect(**options: Any) -> asyncpg.Connection:
        try:
            return await asyncpg.connect(**options)
        except asyncpg.InvalidAuthorizationSpecificationError:
            for password in other_passwords:
                options["password"] = password
                with contextlib.suppress(asyncpg.InvalidAuthorizationSpecificationError):
                    return await asyncpg.connect(**options)
            raise

    arguments: dict[str, Any] = {}
    if url.query.get(_POOLER) == "transaction":
        # The unnamed statement lives within a transaction; a named one would be looked for on another connection.
        arguments = {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: "",
        }
    return create_async_engine(
        url.difference_update_query([_POOLER]),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        json_serializer=_dump_json,
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": 5,
            "command_timeout": 60,
            "server_settings": {"application_name": "artel"},
            "async_creator_fn": connect,
            **arguments,
        },
    )


def _dump_json(value: object) -> str:
    return orjson.dumps(value).decode()
