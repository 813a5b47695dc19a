"""The HTTP clients that all calls of a process share."""

from __future__ import annotations

from typing import Any, Final

import aiohttp

from artel.kit.guard import OutgoingGuard
from artel.llm.access import Access
from artel.llm.callee import Timeouts
from artel.llm.sdk_clients import SdkClients

_OPTIONS: Final[dict[str, Any]] = {
    "limit": 0,  # lanes limit calls; a second limit here would only hide where they wait
    "keepalive_timeout": 60.0,
    "ttl_dns_cache": 60,
}


class Connections:
    """Two sessions, one for addresses the administrator trusts and one behind the guard. Make it inside the loop.

    Cookies are never kept: they would be shared between users.
    """

    def __init__(self, guard: OutgoingGuard, timeouts: Timeouts) -> None:
        self.sdk = SdkClients(guard, timeouts)
        self.open = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(**_OPTIONS), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._guarded = aiohttp.ClientSession(
            connector=guard.connector(**_OPTIONS), cookie_jar=aiohttp.DummyCookieJar()
        )

    def session(self, access: Access) -> aiohttp.ClientSession:
        """The session through which this access may be reached."""
        return self.open if access.trusted else self._guarded

    async def aclose(self) -> None:
        """Ends all connections; calls that are still running fail."""
        await self.open.close()
        await self._guarded.close()
        await self.sdk.aclose()
