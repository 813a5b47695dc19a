"""Pydantic AI's models of Anthropic and Google over HTTP clients of ours.

A TLS context costs forty milliseconds to make, so all clients share one, and there are two clients in all: one for
addresses the administrator trusts and a guarded one for the rest. The objects of the SDKs that carry a key are cheap
and own nothing.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpx2
from anthropic import AsyncAnthropic
from google.genai.types import HttpRetryOptions
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider

from artel.kit.guard import OutgoingGuard
from artel.kit.guarded_http import GuardedTransport
from artel.llm.callee import Timeouts

_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


class _Anthropic(AsyncAnthropic):
    """Without the headers of ANTHROPIC_CUSTOM_HEADERS: they are the server's, and the address may be a user's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._custom_headers = {}


class SdkClients:
    """Makes the models; `aclose` ends their connections.

    Key and address are always given to the SDKs: what one leaves out they take from the environment, and so a user's
    key would go to the server's address, or the server's key to a user's.
    """

    def __init__(self, guard: OutgoingGuard, timeouts: Timeouts, tls: ssl.SSLContext) -> None:
        timeout = httpx2.Timeout(timeouts.idle, connect=timeouts.connect, read=max(timeouts.idle, timeouts.first_token))
        self._open = httpx2.AsyncClient(timeout=timeout, limits=_LIMITS, verify=tls, follow_redirects=False)
        self._guarded = httpx2.AsyncClient(
            timeout=timeout, transport=GuardedTransport(guard, tls), follow_redirects=False
        )

    def anthropic(self, name: str, api_key: str, base_url: str, *, trusted: bool) -> Model:
        """A Claude model. Repeating is the lane's business, so the SDK does not."""
        client = _Anthropic(
            api_key=api_key,
            base_url=base_url,
            http_client=self._open if trusted else self._guarded,
            max_retries=0,
        )
        return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=client))

    def google(self, name: str, api_key: str, base_url: str, *, trusted: bool) -> Model:
        """A Gemini model."""
        provider = GoogleProvider(
            api_key=api_key,
            base_url=base_url,
            http_client=self._open if trusted else self._guarded,
            retry_options=HttpRetryOptions(attempts=1),
        )
        return GoogleModel(name, provider=provider)

    async def aclose(self) -> None:
        """Closes both clients."""
        await self._open.aclose()
        await self._guarded.aclose()
