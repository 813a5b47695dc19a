"""The guard as a transport of httpx2, for libraries that bring their own HTTP."""

from __future__ import annotations

import ssl
from typing import Final

import httpx2

from artel.kit.guard import OutgoingGuard

_LIMITS: Final = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Connects to the address that was looked at, so that a name cannot mean another one a moment later."""

    def __init__(self, guard: OutgoingGuard, tls: ssl.SSLContext, limits: httpx2.Limits = _LIMITS) -> None:
        super().__init__(verify=tls, limits=limits)
        self._guard = guard

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            address = await self._guard.resolve(host, port)
        except OSError as error:
            # Libraries know the errors of httpx only; what happened is read from its cause.
            raise httpx2.ConnectError("no connection to this address", request=request) from error
        # A request of its own, since a redirect is made of the one that was sent. The Host header was made from the
        # name already; TLS must still check the certificate for the name.
        numeric = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await super().handle_async_request(numeric)
