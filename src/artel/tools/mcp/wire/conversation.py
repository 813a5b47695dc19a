"""One bounded conversation with a server: connected to, asked, and left; nothing of it outlives the call.

However it behaves, this ends a few seconds after its time at the latest, in an answer or in an `McpFailure`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final, TypeVar, cast

import anyio
import httpx2
import structlog
from mcp.client._transport import WriteStream
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, PARSE_ERROR, DiscoverResult, Implementation, ServerCapabilities
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from artel.kit.guard import AddressRefused, ForbiddenAddress, OutgoingGuard
from artel.tools.mcp.model import McpFailure, Target
from artel.tools.mcp.naming import readable
from artel.tools.mcp.wire.http import GOODBYE_SECONDS, bounded_client
from artel.tools.mcp.wire.meter import MAX_BYTES, Meter
from artel.tools.mcp.wire.process import run_program
from artel.tools.mcp.wire.sieve import Incoming, Sieve

ME: Final = Implementation(name="artel", version="1")
_SAID: Final = 600
"""Characters of a server's own error message that are passed on."""
_STAND_IN: Final = "Server returned an error response"
"""What the library says where the server said nothing but a status."""
_SLOW: Final = "The server did not answer within {seconds:g} seconds."

T = TypeVar("T")
_log = structlog.get_logger(__name__)


async def converse(
    target: Target,
    tls: ssl.SSLContext,
    seconds: float,
    act: Callable[[ClientSession], Awaitable[T]],
    call_headers: Mapping[str, str] = MappingProxyType({}),
) -> T:
    """Connects, does what is to be done, and leaves. `act` may raise McpFailure.

    call_headers: sent along with calls of tools.

    Raises:
        McpFailure: it came to nothing; SignInNeeded when the server wants its user to sign in.
    """
    meter = Meter()
    task = asyncio.current_task()
    assert task is not None
    answers: list[T] = []
    limit = asyncio.timeout(seconds)
    try:
        async with (
            limit,
            _streams(target, tls, meter, call_headers) as (incoming, outgoing),
            ClientSession(Sieve(incoming, meter), outgoing, client_info=ME) as session,
        ):
            await _greet(session, target, meter)
            answers.append(await act(session))
            # What was answered is not lost when the server will not let go.
            limit.reschedule(asyncio.get_running_loop().time() + GOODBYE_SECONDS)
    except Exception as error:
        # Whatever a stranger can make the library raise, alone or in groups.
        if task.cancelling():
            raise asyncio.CancelledError from error
        if answers:
            return answers[0]
        slow = McpFailure("timeout", _SLOW.format(seconds=seconds)) if limit.expired() else None
        raise _failure(error, meter, slow) from error
    return answers[0]


@asynccontextmanager
async def _streams(
    target: Target, tls: ssl.SSLContext, meter: Meter, call_headers: Mapping[str, str]
) -> AsyncGenerator[tuple[Incoming, WriteStream[SessionMessage]]]:
    secrets = target.secrets
    if target.transport == "stdio":
        async with run_program(target.command, secrets.environment, meter) as streams:
            yield streams
        return
    headers = dict(secrets.headers)
    if secrets.tokens is not None:
        headers["authorization"] = f"Bearer {secrets.tokens.access_token}"
    guard = OutgoingGuard(allow_private=target.may_go_anywhere)
    async with (
        bounded_client(guard, tls, meter, headers, call_headers) as http,
        streamable_http_client(target.url or "", http_client=http, max_sse_event_size=MAX_BYTES) as streams,
    ):
        yield streams


async def _greet(session: ClientSession, target: Target, meter: Meter) -> None:
    """Agrees on a version: nothing is sent where the server is known to need no greeting."""
    if target.protocol in MODERN_PROTOCOL_VERSIONS:
        known = DiscoverResult(supported_versions=[target.protocol], capabilities=ServerCapabilities())
        session.adopt(known)
    elif target.protocol is not None:
        await session.initialize()
    else:
        try:
            await session.discover()
        except (MCPError, ValidationError, RuntimeError):
            if meter.failure is not None:
                raise
            # It is of the time before there was anything to discover.
            await session.initialize()


def _failure(error: Exception, meter: Meter, slow: McpFailure | None) -> McpFailure:
    """The reason that explains most, of several that one fault leaves behind."""
    leaves = list(_leaves(error))
    said = next((leaf for leaf in leaves if isinstance(leaf, McpFailure)), None)
    found = meter.failure or said or slow or _refused(leaves)
    if found is not None:
        return found
    hint = meter.hint
    if hint is not None and hint.fault.code != "http_error":
        return hint
    for leaf in leaves:
        if isinstance(leaf, MCPError) and not (hint and leaf.error.message == _STAND_IN):
            return _of_the_server(leaf, hint)
    if hint is not None:
        return hint
    if any(isinstance(leaf, httpx2.ConnectError | httpx2.ConnectTimeout) for leaf in leaves):
        return McpFailure("unreachable", "The server cannot be reached under this address.")
    if any(isinstance(leaf, httpx2.HTTPError | OSError | anyio.ClosedResourceError) for leaf in leaves):
        return McpFailure("dropped", "The server dropped the connection before it had answered.")
    if not any(isinstance(leaf, ValidationError | RuntimeError) for leaf in leaves):
        _log.warning("mcp_conversation_failed", kinds=sorted({type(leaf).__name__ for leaf in leaves}))
    return McpFailure("not_mcp", "The server does not speak MCP as it should.")


def _refused(leaves: Sequence[BaseException]) -> McpFailure | None:
    for leaf in leaves:
        if isinstance(leaf, AddressRefused) or isinstance(leaf.__cause__, ForbiddenAddress):
            return McpFailure("address_refused", AddressRefused().detail)
    return None


def _of_the_server(error: MCPError, hint: McpFailure | None) -> McpFailure:
    where = f" ({hint.fault.detail})" if hint else ""
    if error.code == PARSE_ERROR:
        # What the library says of it is for programmers.
        return McpFailure("not_mcp", "The server's answer cannot be read.")
    if error.code == CONNECTION_CLOSED:
        return McpFailure("dropped", f"The server ended the connection before it had answered.{where}")
    message = readable(error.message, _SAID) or "no reason given"
    return McpFailure("server_error", f"The server answered with an error: {message}{where}")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in cast(BaseExceptionGroup[BaseException], error).exceptions:
            yield from _leaves(each)
    else:
        yield error
