"""HTTP to servers that nobody vouches for: guarded, counted, and never more of it than was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Final

import httpx2

from artel.kit.guard import OutgoingGuard
from artel.kit.guarded_http import GuardedTransport
from artel.tools.mcp.model import McpFailure
from artel.tools.mcp.wire.meter import Meter

CONNECT_SECONDS: Final = 10.0
SILENT_SECONDS: Final = 60.0
"""Between two pieces of an answer; the conversation as a whole has a limit of its own."""
GOODBYE_SECONDS: Final = 2.0
_LIMITS: Final = httpx2.Limits(max_connections=8, max_keepalive_connections=4)
_TIMEOUT: Final = httpx2.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
_OF_MCP: Final = frozenset({"application/json", "text/event-stream"})
_PLAIN: Final = frozenset({"", "identity"})


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Of one conversation with one server."""

    def __init__(
        self, guard: OutgoingGuard, tls: ssl.SSLContext, meter: Meter, call_headers: Mapping[str, str]
    ) -> None:
        self._guard = guard
        self._meter = meter
        self._call_headers = call_headers
        self._inner = GuardedTransport(guard, tls, _LIMITS)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET" and "text/event-stream" in request.headers.get("accept", ""):
            if "last-event-id" not in request.headers:
                # The stream of what the server would like to tell unasked: we want none of it.
                return httpx2.Response(405)
        elif request.method == "DELETE":
            return await self._goodbye(request)
        self._meter.request()
        if request.headers.get("mcp-method") == "tools/call":
            request.headers.update(self._call_headers)
        return await self._send(request)

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        # As it is written; the address behind the name is looked at when it is connected to.
        self._guard.check_url(str(request.url))
        response = await self._inner.handle_async_request(request)
        try:
            self._meter.status(response.status_code, response.headers.get("www-authenticate", ""))
            if response.headers.get("content-encoding", "").strip().lower() not in _PLAIN:
                raise self._meter.end(McpFailure("packed", "The server packs its answers though it was asked not to."))
        except McpFailure:
            await response.aclose()
            raise
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, self._meter)
        self._look_at_kind(request, response)
        return response

    def _look_at_kind(self, request: httpx2.Request, response: httpx2.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and response.status_code == 200 and kind not in _OF_MCP:
            what = "a web page" if kind == "text/html" else "something else"
            self._meter.hint = McpFailure("not_mcp", f"There is {what} under this address, and no MCP server.")

    async def _goodbye(self, request: httpx2.Request) -> httpx2.Response:
        """Ends a session at the server; what it answers is of no interest, and it is not waited for."""
        with contextlib.suppress(httpx2.HTTPError, TimeoutError, OSError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                response = await self._inner.handle_async_request(request)
                await response.aclose()
        return httpx2.Response(204)

    async def aclose(self) -> None:
        """Ends its connections."""
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, meter: Meter) -> None:
        self._stream = stream
        self._meter = meter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._meter.take(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def bounded_client(
    guard: OutgoingGuard,
    tls: ssl.SSLContext,
    meter: Meter,
    headers: Mapping[str, str],
    call_headers: Mapping[str, str] = MappingProxyType({}),
) -> httpx2.AsyncClient:
    """A client for one conversation. Cookies are kept for as long as it lasts; redirects are not followed.

    call_headers: sent along with calls of tools.
    """
    transport = BoundedTransport(guard, tls, meter, call_headers)
    # What was packed cannot be counted before it is unpacked.
    sent = {**headers, "accept-encoding": "identity"}
    return httpx2.AsyncClient(
        transport=transport, headers=sent, timeout=_TIMEOUT, follow_redirects=False, trust_env=False
    )
