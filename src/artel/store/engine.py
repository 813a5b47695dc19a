"""One SQLAlchemy engine a shard."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """Connections of one process to one shard."""

    kept: int = 10
    extra: int = 10
    wait_seconds: float = 10.0


def make_engine(url: URL, sizes: PoolSizes) -> AsyncEngine:
    """An engine in autocommit: `store.tx` speaks BEGIN and COMMIT itself."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=sizes.kept,
        max_overflow=sizes.extra,
        pool_timeout=sizes.wait_seconds,
        # The last connection used is the warmest; idle ones time out on the server's side.
        pool_use_lifo=True,
        json_serializer=_dump_json,
        json_deserializer=orjson.loads,
        connect_args={"timeout": 5, "command_timeout": 60, "server_settings": {"application_name": "artel"}},
    )


def _dump_json(value: object) -> str:
    return orjson.dumps(value).decode()
