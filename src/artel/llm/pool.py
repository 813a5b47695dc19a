"""All models of a process: one pool, shared connections, a lane for each key."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import TracebackType
from typing import Self

import httpx2
from pydantic_ai.messages import ModelResponse
from pydantic_ai.usage import RequestUsage, RunUsage

from artel.kit.guard import OutgoingGuard
from artel.llm.access import Access, AccessBook
from artel.llm.callee import Timeouts
from artel.llm.calling import CallReport, Lane, RetryPolicy
from artel.llm.catalogue import PATIENCE, Catalogue, CatalogueReader
from artel.llm.connections import Connections
from artel.llm.errors import ModelError
from artel.llm.factory import ModelFactory
from artel.llm.limiter import FairLimiter
from artel.llm.local import Candidate, LocalServers
from artel.llm.lru import Lru
from artel.llm.model_lists import ModelLists
from artel.llm.pooled import PooledModel
from artel.llm.pricing import PriceBook
from artel.llm.probe import PROBE_SECONDS, ProbeResult, first_sign
from artel.llm.providers import DEMO
from artel.llm.refs import Credentials, ModelRef


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """How patient and how generous the pool is."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    seats: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls at once for one key of a provider, where it should differ from the provider's usual number."""
    demo_delay: float = 0.012
    """Seconds between two pieces of the demo model's answer."""
    cached_models: int = 2048


@dataclass(slots=True)
class _Running:
    """What exists between start and stop."""

    connections: Connections
    lists: ModelLists
    factory: ModelFactory
    catalogue: CatalogueReader


class ModelPool:
    """Hands out models ready to use, in an Agent or with `stream_answer`. Use as an async context manager.

    server_credentials: the administrator's, trusted. default: the administrator's choice for new agents.
    local: where to look for model servers on this machine; `usual_candidates` knows. on_call: told of each call once
    it is over.
    """

    def __init__(
        self,
        server_credentials: Mapping[str, Credentials],
        *,
        config: PoolConfig | None = None,
        prices: PriceBook | None = None,
        default: ModelRef | None = None,
        local: Sequence[Candidate] = (),
        on_call: Callable[[CallReport], None] | None = None,
    ) -> None:
        self._config = config or PoolConfig()
        self._prices = prices or PriceBook()
        self._default = default
        self._on_call = on_call
        self._guard = OutgoingGuard()
        self._local = LocalServers(local)
        self._accesses = AccessBook(server_credentials, self._local, self._guard)
        self._lanes: Lru[tuple[str, str], Lane] = Lru(1024, keep=lambda lane: not lane.limiter.idle)
        self._models: Lru[tuple[ModelRef, str, Hashable], PooledModel] = Lru(self._config.cached_models)
        self._running: _Running | None = None
        self._warming: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Opens the shared HTTP clients and begins to look for local servers."""
        # The price data takes half a second of CPU to load: not in the middle of a user's request.
        tls, _ = await asyncio.gather(
            asyncio.to_thread(httpx2.create_ssl_context), asyncio.to_thread(self._prices.load)
        )
        connections = Connections(self._guard, self._config.timeouts, tls)
        lists = ModelLists(connections)
        factory = ModelFactory(connections, self._config.timeouts, self._config.demo_delay)
        catalogue = CatalogueReader(self._accesses, lists, self._prices)
        self._running = _Running(connections, lists, factory, catalogue)
        self._warming = asyncio.create_task(self._warm(self._running), name="llm-warm")

    async def stop(self) -> None:
        """Closes everything; calls that are still running fail."""
        running, self._running = self._running, None
        if running is not None and self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
            await self._local.aclose()
            await running.lists.aclose()
            await running.connections.aclose()

    def model(self, ref: ModelRef, own: Credentials | None = None, *, owner: Hashable = None) -> PooledModel:
        """The model, opened with the user's own credentials if there are any, else with the server's.

        Credentials are taken whole: a user's address never sees the server's key. owner: for whom the call is, so
        that the seats of a shared key are shared fairly.

        Raises:
            ModelError: there is no such provider, or it lacks a key or an address.
        """
        access = self._accesses.open(ref.provider, own, ref.name)
        return self._models.get((ref, access.fingerprint, owner), lambda: self._make(ref, access, owner))

    def reach(self, ref: ModelRef, own: Credentials | None = None) -> tuple[Connections, Access]:
        """What speaks to a model that is no chat model, such as one of embeddings.

        Raises:
            ModelError: there is no such provider, or it lacks a key or an address.
        """
        return self._started().connections, self._accesses.open(ref.provider, own, ref.name)

    def price(self, ref: ModelRef, usage: RequestUsage | RunUsage, own: Credentials | None = None) -> Decimal | None:
        """The exact cost in US dollars; None when it is not known."""
        try:
            access = self._accesses.open(ref.provider, own, ref.name)
        except ModelError:
            return None
        return self._prices.price(ref, usage, None if access.at_usual_address else access.base_url)

    def price_of(self, response: ModelResponse, asked: ModelRef, own: Credentials | None = None) -> Decimal | None:
        """The cost of one response to a request for the model `asked`, or for its fallback if that answered."""
        answered = asked
        if response.provider_name and response.provider_name != asked.provider and response.model_name:
            answered, own = ModelRef(response.provider_name, response.model_name), None
        return self.price(answered, response.usage, own)

    async def catalogue(self, own: Mapping[str, Credentials] | None = None) -> Catalogue:
        """What a user with these credentials of their own can choose from. Never waits long for a dead server."""
        running = self._started()
        await self._local.look(running.connections.open)
        return await running.catalogue.read(own or {}, self.default_model(own))

    async def probe(self, provider: str, own: Credentials | None = None, model: str | None = None) -> ProbeResult:
        """Tests the connection: asks for the list of models, and with `model` for a first word too."""
        running = self._started()
        models = 0
        began = time.monotonic()
        try:
            access = self._accesses.open(provider, own, model or "")
            if provider == DEMO:
                return ProbeResult(None, 1, 0.0)
            try:
                models = len(await running.lists.ask(access, PROBE_SECONDS, check_key=True))
            except ModelError:
                # Some servers answer but do not list: what they say to a question is what counts.
                if model is None:
                    raise
            latency = time.monotonic() - began
            if model is not None:
                latency = await first_sign(self._impatient(ModelRef(provider, model), access))
        except ModelError as error:
            return ProbeResult(error, models, time.monotonic() - began)
        return ProbeResult(None, models, latency)

    def default_model(self, own: Mapping[str, Credentials] | None = None) -> ModelRef:
        """What a new agent uses until its owner chooses: the administrator's choice, else the first provider that
        the user or the server has a key for, else a server on this machine, else the demo model."""
        if self._default is not None:
            return self._default
        for provider in (*(own or {}), *self._accesses.configured(), *self._local.found()):
            if name := self._usual_model(provider, (own or {}).get(provider)):
                return ModelRef(provider, name)
        return ModelRef(DEMO, DEMO)

    async def _warm(self, running: _Running) -> None:
        """Learns what the default model may be, before anyone asks."""
        await self._local.look(running.connections.open)
        for provider in self._accesses.configured():
            with contextlib.suppress(ModelError):
                access = self._accesses.open(provider, None)
                if access.spec.kind == "chat" and not access.at_usual_address:
                    await running.lists.get(access, PATIENCE)
        await running.connections.load_sdks()

    def _usual_model(self, provider: str, own: Credentials | None) -> str | None:
        try:
            access = self._accesses.open(provider, own)
        except ModelError:
            return None
        if access.at_usual_address and access.spec.usual_model:
            return access.spec.usual_model
        listed = self._running.lists.known(access) if self._running else []
        models = listed or (self._local.models(provider) if access.source == "local" else ())
        return models[0].name if models else None

    def _make(self, ref: ModelRef, access: Access, owner: Hashable) -> PooledModel:
        lane = self._lanes.get((access.spec.provider, access.fingerprint), lambda: self._lane(access))
        return self._started().factory.make(ref, access, lane, owner)

    def _lane(self, access: Access) -> Lane:
        seats = self._config.seats.get(access.spec.provider, access.spec.seats)
        return Lane(FairLimiter(seats), self._config.retry, self._on_call)

    def _impatient(self, ref: ModelRef, access: Access) -> PooledModel:
        """The model for a test, which is made once and does not wait for long or in line."""
        factory = self._started().factory.with_timeouts(
            replace(self._config.timeouts, first_token=PROBE_SECONDS, total=PROBE_SECONDS)
        )
        return factory.make(ref, access, Lane(FairLimiter(1), RetryPolicy(attempts=1)), None)

    def _started(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the pool has not been started")
        return self._running
