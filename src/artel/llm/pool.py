"""All models of a process: one pool, shared connections, a lane for each key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import aiohttp
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.profiles.openai import openai_model_profile
from pydantic_ai.usage import RequestUsage, RunUsage

from artel.kit.guard import AddressRefused, OutgoingGuard
from artel.llm.callee import Callee, Timeouts
from artel.llm.calling import CallReport, Lane, RetryPolicy
from artel.llm.chat_completions import ChatCompletionsModel, ChatEndpoint
from artel.llm.chat_request import Dialect
from artel.llm.demo import DemoModel
from artel.llm.errors import ModelKeyMissing, ModelUnreachable
from artel.llm.limiter import FairLimiter
from artel.llm.lru import Lru
from artel.llm.pooled import PooledModel
from artel.llm.pricing import PriceBook
from artel.llm.providers import DEMO, PROVIDERS, ProviderSpec
from artel.llm.refs import Credentials, ModelRef
from artel.llm.sdk_clients import SdkClients


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


@dataclass(frozen=True, slots=True)
class _Access:
    """A provider, opened."""

    spec: ProviderSpec
    credentials: Credentials
    base_url: str | None
    """None where the provider is at its usual address."""


class ModelPool:
    """Hands out models ready to use, in an Agent or with `stream_answer`. Use as an async context manager.

    server_credentials: the administrator's, trusted. on_call: told of each call once it is over.
    """

    def __init__(
        self,
        server_credentials: Mapping[str, Credentials],
        *,
        config: PoolConfig | None = None,
        prices: PriceBook | None = None,
        default: ModelRef | None = None,
        on_call: Callable[[CallReport], None] | None = None,
    ) -> None:
        self._server = dict(server_credentials)
        self._config = config or PoolConfig()
        self._prices = prices or PriceBook()
        self._default = default
        self._on_call = on_call
        self._guard = OutgoingGuard()
        self._lanes: Lru[tuple[str, str], Lane] = Lru(1024, keep=lambda lane: not lane.limiter.idle)
        self._models: Lru[tuple[ModelRef, str, Hashable], PooledModel] = Lru(self._config.cached_models)
        self._open: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None
        self._sdk: SdkClients | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Opens the shared HTTP clients."""
        options: dict[str, Any] = {"limit": 0, "keepalive_timeout": 60.0, "ttl_dns_cache": 60}
        # Cookies are never kept: they would be shared between users.
        self._open = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(**options), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._guarded = aiohttp.ClientSession(
            connector=self._guard.connector(**options), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._sdk = SdkClients(self._guard, self._config.timeouts)

    async def stop(self) -> None:
        """Closes them; calls that are still running fail."""
        for closing in (self._open, self._guarded):
            if closing is not None:
                await closing.close()
        if self._sdk is not None:
            await self._sdk.aclose()

    def model(self, ref: ModelRef, own: Credentials | None = None, *, owner: Hashable = None) -> PooledModel:
        """The model, opened with the user's own credentials if there are any, else with the server's.

        Credentials are taken whole: a user's address never sees the server's key. owner: for whom the call is, so
        that the seats of a shared key are shared fairly.

        Raises:
            ModelError: there is no such provider, or it lacks a key or an address.
        """
        access = self._access(ref, own)
        fingerprint = access.credentials.fingerprint()
        key = (ref, fingerprint, owner)
        return self._models.get(key, lambda: self._make(ref, access, fingerprint, owner))

    def price(self, ref: ModelRef, usage: RequestUsage | RunUsage, own: Credentials | None = None) -> Decimal | None:
        """The exact cost in US dollars; None when it is not known."""
        credentials = own or self._server.get(ref.provider)
        return self._prices.price(ref, usage, credentials.base_url if credentials else None)

    def price_of(self, response: ModelResponse, asked: ModelRef, own: Credentials | None = None) -> Decimal | None:
        """The cost of one response to a request for the model `asked`, or for its fallback if that answered."""
        answered = asked
        if response.provider_name and response.provider_name != asked.provider and response.model_name:
            answered, own = ModelRef(response.provider_name, response.model_name), None
        return self.price(answered, response.usage, own)

    def default_model(self) -> ModelRef:
        """What a new agent uses until its owner chooses."""
        return self._default or ModelRef(DEMO, DEMO)

    def _access(self, ref: ModelRef, own: Credentials | None) -> _Access:
        spec = PROVIDERS.get(ref.provider)
        if spec is None:
            callee = Callee(ref.provider, ref.provider, ref.name)
            raise callee.error(ModelUnreachable, "provider", retryable=False)
        credentials = own or self._server.get(spec.provider) or Credentials()
        callee = Callee(spec.provider, spec.label, ref.name)
        if spec.needs_key and not credentials.api_key and not credentials.base_url:
            raise callee.error(ModelKeyMissing)
        base_url = credentials.base_url
        if spec.kind == "chat" and not (base_url or spec.base_url):
            raise callee.error(ModelKeyMissing, "address")
        if base_url and not credentials.trusted:
            try:
                self._guard.check_url(base_url)
            except AddressRefused as error:
                raise callee.error(ModelUnreachable, "address", retryable=False) from error
        return _Access(spec, credentials, base_url)

    def _make(self, ref: ModelRef, access: _Access, fingerprint: str, owner: Hashable) -> PooledModel:
        spec = access.spec
        has_key = access.credentials.api_key is not None or not spec.needs_key
        callee = Callee(spec.provider, spec.label, ref.name, has_key)
        lane = self._lanes.get((spec.provider, fingerprint), lambda: self._lane(spec))
        return PooledModel(self._core(ref, access, callee), lane, callee, timeouts=self._config.timeouts, owner=owner)

    def _lane(self, spec: ProviderSpec) -> Lane:
        seats = self._config.seats.get(spec.provider, spec.seats)
        return Lane(FairLimiter(seats), self._config.retry, self._on_call)

    def _core(self, ref: ModelRef, access: _Access, callee: Callee) -> Model:
        credentials = access.credentials
        if access.spec.kind == "demo":
            return DemoModel(self._config.demo_delay)
        assert self._sdk is not None, "the pool has not been started"
        if access.spec.kind == "anthropic":
            return self._sdk.anthropic(
                ref.name, credentials.api_key or "", access.base_url, trusted=credentials.trusted
            )
        if access.spec.kind == "google":
            return self._sdk.google(ref.name, credentials.api_key or "", access.base_url, trusted=credentials.trusted)
        return self._chat_model(ref, access, callee)

    def _chat_model(self, ref: ModelRef, access: _Access, callee: Callee) -> ChatCompletionsModel:
        spec, credentials = access.spec, access.credentials
        session = self._open if credentials.trusted or access.base_url is None else self._guarded
        assert session is not None, "the pool has not been started"
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if credentials.api_key:
            headers["Authorization"] = f"Bearer {credentials.api_key}"
        openai_itself = spec.provider == "openai" and access.base_url is None
        dialect = Dialect("max_completion_tokens", strict_tools=True) if openai_itself else Dialect()
        endpoint = ChatEndpoint(
            session,
            (access.base_url or spec.base_url or "").rstrip("/"),
            headers,
            self._config.timeouts,
            dialect,
        )
        profile = openai_model_profile(ref.name) if openai_itself else None
        return ChatCompletionsModel(callee, endpoint, profile=profile)
