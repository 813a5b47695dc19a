"""The servers that are compared: Artel as a user starts it, and the floor. Both speak the same HTTP to the load."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pwdlib.hashers.argon2 import Argon2Hasher

from artel.accounts.api_keys import ApiKeys
from artel.accounts.passwords import Passwords
from artel.accounts.revocation import Revocations
from artel.accounts.users import Users
from artel.app.databases import open_stores
from artel.events.client import redis_client
from artel.events.control import ControlChannel
from artel.events.subscriber import Subscriber
from artel.kit.ids import IdMaker
from artel.settings import load_settings
from artel.store.shards import Shards
from bench.client import Connection
from bench.conversation import Person
from bench.processes import child
from bench.stage import Stage

_SECRET = "a secret that only benchmarks have"


@dataclass(frozen=True)
class Subject:
    """A running server and people who have an agent `coder` on it."""

    name: str
    address: str
    pid: int
    people: Sequence[Person]


@asynccontextmanager
async def artel(stage: Stage, people: int, chats: int) -> AsyncGenerator[Subject]:
    """`artel serve` on the stage's stores; its people have API keys, and `chats` empty chats each."""
    environment = {
        "DATABASE_URL": await stage.database("artel_bench"),
        "REDIS_URL": stage.redis_url,
        "OPENAI_BASE_URL": stage.model_url,
        "OPENAI_API_KEY": "bench",
        "ARTEL_SECRET_KEY": _SECRET,
        "ARTEL_LOG_LEVEL": "warning",
        "PORT": "0",
    }
    command = [str(Path(sys.executable).with_name("artel")), "serve"]
    with child(command, ready="Artel is ready", cores=stage.cores.server, environment=environment) as server:
        keys = await _accounts(environment, people)
        yield Subject("artel", server.address, server.pid, [await _settle(server.address, key, chats) for key in keys])


@asynccontextmanager
async def floor(stage: Stage, people: int, chats: int) -> AsyncGenerator[Subject]:
    """The least that could possibly work; see floor.py."""
    command = [sys.executable, "-m", "bench.floor", await stage.database("floor_bench"), stage.model_url]
    with child(command, ready="The floor is ready", cores=stage.cores.server) as server:
        everyone = [Person(f"person{number}", range(number * chats, (number + 1) * chats)) for number in range(people)]
        yield Subject("floor", server.address, server.pid, everyone)


async def _accounts(environment: dict[str, str], people: int) -> list[str]:
    """New accounts, each with an API key: made below HTTP, whose sign-up is rate limited as it should be."""
    settings = load_settings({**environment, "PORT": 0})
    stores = await open_stores(settings, None, upgrade=False)
    shards, redis = Shards(stores.shards), redis_client(stores.redis_url)
    await shards.start()
    try:
        revocations = Revocations(ControlChannel(redis, Subscriber(redis)))
        cheap = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
        users, api_keys = Users(shards, cheap, revocations, "open"), ApiKeys(shards, ids := IdMaker(), revocations)
        made = [await users.add(f"{ids.uuid()}@example.org", "benchmark", "user") for _ in range(people)]
        return [(await api_keys.create(account.id, "benchmark")).key for account in made]
    finally:
        await redis.aclose()
        await shards.stop()


async def _settle(address: str, key: str, chats: int) -> Person:
    host, _, port = address.removeprefix("http://").partition(":")
    connection = await Connection.connect(host, int(port))

    async def make(path: str, body: dict[str, Any]) -> dict[str, Any]:
        head = f"POST {path} HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json"
        return orjson.loads(await connection.expect(201, head, orjson.dumps(body)))

    await make("/my/agents/", {"name": "Coder", "model": {"provider": "openai", "name": "scripted"}})
    made = [(await make("/my/chat/sessions/", {}))["id"] for _ in range(chats)]
    connection.close()
    return Person(key, made)
