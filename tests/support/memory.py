"""Vector stores for tests, points to put into them, and vectors that tell texts apart without a model."""

from __future__ import annotations

import asyncio
import functools
import random
import shutil
import tempfile
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from artel.memory.context import CallType, ContextLost, Contexts, ContextStore, ContextUnavailable, Hit, Point, Question
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.store import EdgeContexts
from artel.memory.edge.workers import EdgeWorkers
from artel.memory.sparse import SparseEncoder
from artel.memory.vectors import Space, Vector, as_vector
from artel.memory.words import WordReader

T = TypeVar("T")

SPACE = Space("toy", 32)
_ROOM_BYTES = 3 * 2**30

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

_reader = WordReader()
_encoder = SparseEncoder(_reader)
_users = count(1)


def meaning(text: str, dimension: int = SPACE.dimension) -> Vector:
    """A vector that is near to that of a text with the same words."""
    sums = [0.01] * dimension
    for word in _reader.words(text):
        numbers = random.Random(zlib.crc32(word.encode()))
        for place in range(dimension):
            sums[place] += numbers.gauss(0, 1)
    return as_vector(sums)


def point(number: int, text: str, **others: Any) -> Point:
    """A point of chat 1, one minute after the one before."""
    chosen: dict[str, Any] = {
        "session_id": 1,
        "call_type": "direct",
        "role": "user",
        "agent_id": None,
        "created_at": MONDAY + timedelta(minutes=number),
        "vectors": {SPACE.name: meaning(text)},
        **others,
    }
    return Point(id=numbered(number), text=text, sparse=_encoder.passage(text), **chosen)


def numbered(number: int) -> UUID:
    """The id of that point."""
    return UUID(int=number)


def question(text: str, *, by_meaning: bool = True, by_words: bool = True) -> Question:
    """What asks for a text."""
    return Question(
        sparse=_encoder.question(text if by_words else ""),
        space=SPACE.name if by_meaning else None,
        vector=meaning(text) if by_meaning else None,
    )


def numbers(hits: Sequence[Hit]) -> list[int]:
    """Of the points that were found."""
    return [hit.id.int for hit in hits]


def new_user() -> int:
    """A user id that no other test has."""
    return next(_users)


@dataclass
class Edge:
    """Running workers and where they keep their shards."""

    workers: EdgeWorkers
    root: Path
    sockets: Sequence[Path]
    _folder: Path

    @classmethod
    def start(cls, options: EdgeOptions | None = None, workers: int = 2, root: Path | None = None) -> Edge:
        """Starts them; sockets need a short path, which pytest's folders do not have."""
        folder = quick_folder()
        place = root or folder / "qdrant"
        running = EdgeWorkers(place, folder / "run", workers, options)
        return cls(running, place, running.start(), folder)

    def pid_of(self, user_id: int) -> int:
        """The worker that has the user's shard."""
        pid = self.workers.pids[user_id % len(self.workers.pids)]
        assert pid is not None
        return pid

    def stop(self) -> None:
        """Stops them and removes everything that is not below a root of the test's own."""
        self.workers.stop()
        shutil.rmtree(self._folder)


def quick_folder() -> Path:
    """A new folder with a short path, in memory where the machine lends some: the engine waits for the disk a lot."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > _ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix="artel-memory-", dir=shared if roomy else None))


@pytest.fixture
def root() -> Iterator[Path]:
    """A place for shards that outlives the workers of one test."""
    folder = quick_folder()
    yield folder / "qdrant"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def edge() -> Iterator[Edge]:
    """Workers that many tests share, each with users of its own. Restart and kill others."""
    running = Edge.start()
    yield running
    running.stop()


@dataclass
class Violations:
    """How often a second check caught something."""

    count: int = 0

    def __call__(self) -> None:
        self.count += 1


class LocalQdrant(AsyncQdrantClient):
    """qdrant-client's local mode, which says that a collection is missing in another way than a server does."""

    def __init__(self) -> None:
        super().__init__(":memory:")

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found
        return _speaking_like_a_server(found)  # pyright: ignore[reportArgumentType]


def _speaking_like_a_server(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def ask(*args: Any, **kwargs: Any) -> Any:
        try:
            return await method(*args, **kwargs)
        except ValueError as error:
            if "not found" not in str(error):
                raise
            raise UnexpectedResponse(404, "Not Found", str(error).encode(), httpx.Headers()) from error

    return ask


@dataclass
class Bank:
    """One store under test."""

    name: str
    contexts: Contexts
    violations: Violations
    users: list[int] = field(default_factory=list[int])

    async def new(self, texts: Mapping[int, str] | None = None, **others: Any) -> ContextStore:
        """The context of a new user, with these points."""
        context = self.contexts.of(new_user())
        self.users.append(context.user_id)
        await context.ensure([SPACE])
        if texts:
            await context.upsert([point(number, text, **others) for number, text in texts.items()])
        return context


CALL_TYPES: tuple[CallType, ...] = ("direct", "auto", "tool", "file", "note")


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something that nobody announces."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def until_it_works(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks again while the worker is away, as whoever indexes does."""
    while True:
        try:
            return await ask()
        except ContextLost:
            raise
        except ContextUnavailable:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def edge_store(edge: Edge) -> AsyncGenerator[EdgeContexts]:
    """The contexts of running workers, in which no second check may catch anything."""
    violations = Violations()
    store = EdgeContexts(edge.sockets, violations)
    yield store
    await store.aclose()
    assert violations.count == 0
