"""What stands beside the databases: Redis, the vector store, the model for memory, the providers of models."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final, cast

from redis.exceptions import RedisError

from artel.app.databases import Stores
from artel.app.doctor.databases import skew
from artel.app.doctor.finding import Finding
from artel.app.memory import open_memory
from artel.app.models import server_credentials
from artel.events.client import redis_client
from artel.kit.errors import ArtelError
from artel.llm.pool import ModelPool
from artel.settings import Settings
from artel.store.shards import Shards
from artel.telemetry.metrics import Metrics

_LEAST_REDIS: Final = 7
_MODEL_SECONDS: Final = 30.0
_PROBE_SECONDS: Final = 20.0


async def look_at_redis(url: str) -> AsyncIterator[Finding]:
    """Its version, and whether it may lose what it was given."""
    redis = redis_client(url)
    try:
        began, before = time.monotonic(), time.time()
        seconds, micros = await cast(Any, redis).time()
        took = time.monotonic() - began
        info: dict[str, Any] = await cast(Any, redis).info()
    except (RedisError, OSError) as error:
        yield Finding(
            "redis_away",
            "error",
            f"Redis does not answer: {type(error).__name__}.",
            "See that it runs, and that REDIS_URL is right.",
        )
        return
    finally:
        await redis.aclose()
    if finding := skew("Redis", seconds + micros / 1e6 - before, took):
        yield finding
    for finding in judge_redis(info):
        yield finding


def judge_redis(info: dict[str, Any]) -> list[Finding]:
    """What INFO says. Where a provider hides a line, nothing is said of it."""
    found: list[Finding] = []
    version = str(info.get("redis_version", _LEAST_REDIS))
    if "valkey_version" not in info and int(version.partition(".")[0]) < _LEAST_REDIS:
        found.append(Finding("redis_old", "error", f"Redis is {version}.", "Artel needs 7 or newer, or Valkey."))
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        found.append(
            Finding(
                "redis_evicts",
                "error",
                f"maxmemory-policy is {policy}: when memory is short, events and wake-ups vanish.",
                "Set maxmemory-policy to noeviction.",
            )
        )
    if info.get("aof_enabled") == 0:
        found.append(
            Finding(
                "redis_forgets",
                "warning",
                "Redis has no append-only file: after its restart browsers load everything anew.",
                "Set appendonly to yes.",
            )
        )
    if info.get("cluster_enabled") == 1:
        found.append(Finding("redis_cluster", "error", "Redis runs in cluster mode.", "Use a server without it."))
    return found


async def look_at_models(settings: Settings) -> AsyncIterator[Finding]:
    """Each provider that the environment names a key or an address of: one question for its list of models."""
    async with ModelPool(server_credentials(settings)) as pool:
        for provider in server_credentials(settings):
            try:
                async with asyncio.timeout(_PROBE_SECONDS):
                    result = await pool.probe(provider)
            except TimeoutError:
                says = "no answer in time"
            else:
                if result.ok:
                    continue
                says = result.detail()
            yield Finding(
                "model_away", "warning", f"{provider}: {says.rstrip('.')}.", "See its key, its address and the network."
            )


async def look_at_memory(settings: Settings, stores: Stores) -> AsyncIterator[Finding]:
    """The vector store and the model, as a server would use them."""
    try:
        async with AsyncExitStack() as stack:
            shards = Shards(stores.shards, other_passwords=stores.other_passwords)
            stack.push_async_callback(shards.stop)
            await shards.start()
            pool = await stack.enter_async_context(ModelPool(server_credentials(settings)))
            memory = await stack.enter_async_context(
                open_memory(settings, stores, shards, pool, Metrics(), sweeps=False)
            )
            if memory is None:
                return
            troubles = [trouble.kind for trouble in await memory.troubles()]
            if memory.embedder is not None and not await memory.embedder.opened(_MODEL_SECONDS):
                troubles.append("embedder")
    except ArtelError as error:
        troubles = [error.slug]
    for kind in dict.fromkeys(troubles):
        yield Finding(
            "memory_away",
            "warning",
            f"Memory: {kind}.",
            "Look at the vector store (QDRANT_URL, disk space) and at ARTEL_EMBEDDING_MODEL; docs/running.md, Memory.",
        )
