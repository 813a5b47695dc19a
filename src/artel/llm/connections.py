"""The HTTP clients that all calls of a process share."""

from __future__ import annotations

import asyncio
import importlib
import ssl
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp

from artel.kit.guard import OutgoingGuard
from artel.llm.access import Access
from artel.llm.callee import Timeouts

if TYPE_CHECKING:
    from artel.llm.sdk_clients import SdkClients

_SDK_MODULE: Final = "artel.llm.sdk_clients"
_OPTIONS: Final[dict[str, Any]] = {
    "limit": 0,  # lanes limit calls; a second limit here would only hide where they wait
    "keepalive_timeout": 60.0,
    "ttl_dns_cache": 60,
}


class Connections:
    """Two sessions, one for addresses the administrator trusts and one behind the guard. Make it inside the loop.

    tls: verifies servers; `httpx2.create_ssl_context` makes one with certificates of its own, because a slim container
    has none.

    Cookies are never kept: they would be shared between users.
    """

    def __init__(self, guard: OutgoingGuard, timeouts: Timeouts, tls: ssl.SSLContext) -> None:
        self._guard = guard
        self._timeouts = timeouts
        self._tls = tls
        self._sdk: SdkClients | None = None
        self.open = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls, **_OPTIONS), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._guarded = aiohttp.ClientSession(
            connector=guard.connector(ssl=tls, **_OPTIONS), cookie_jar=aiohttp.DummyCookieJar()
        )

    @property
    def sdk(self) -> SdkClients:
        """The clients of Anthropic and Google."""
        if self._sdk is None:
            # Their SDKs take a second and more to import: `load_sdks` does it aside, so that the process starts soon.
            module = importlib.import_module(_SDK_MODULE)
            self._sdk = cast("SdkClients", module.SdkClients(self._guard, self._timeouts, self._tls))
        return self._sdk

    @staticmethod
    async def load_sdks() -> None:
        """Imports the SDKs in a thread, before anyone asks for `sdk`."""
        await asyncio.to_thread(importlib.import_module, _SDK_MODULE)

    def session(self, access: Access) -> aiohttp.ClientSession:
        """The session through which this access may be reached."""
        return self.open if access.trusted else self._guarded

    async def aclose(self) -> None:
        """Ends all connections; calls that are still running fail."""
        await self.open.close()
        await self._guarded.close()
        if self._sdk is not None:
            await self._sdk.aclose()
