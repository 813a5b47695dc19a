"""Everything that goes over the wire, behind one door: what the rest of the house knows of the protocol."""

from __future__ import annotations

import ssl

import httpx2

from artel.tools.mcp.model import (
    Client,
    JsonObject,
    Offer,
    OwnClient,
    Pending,
    Returned,
    Target,
    Tokens,
    ToolAnswer,
)
from artel.tools.mcp.wire import oauth, requests
from artel.tools.mcp.wire.discovery import courier, discover


class Wire:
    """One process's. It holds no connections: each conversation makes its own."""

    def __init__(self) -> None:
        """Takes some forty milliseconds, for the certificates."""
        self._tls: ssl.SSLContext = httpx2.create_ssl_context()

    async def list_tools(self, target: Target) -> Offer:
        """See `requests.list_tools`."""
        return await requests.list_tools(target, self._tls)

    async def call_tool(self, target: Target, name: str, schema: JsonObject, arguments: JsonObject) -> ToolAnswer:
        """See `requests.call_tool`."""
        return await requests.call_tool(target, self._tls, name, schema, arguments)

    async def begin_sign_in(
        self, target: Target, redirect_uri: str, state: str, own: OwnClient | None
    ) -> tuple[str, Pending]:
        """The address where the user signs in, and what to keep until they come back.

        Raises:
            McpFailure: there is no such address.
        """
        async with courier(self._tls, may_go_anywhere=target.may_go_anywhere) as way:
            authority = await discover(way, target)
            begun = await oauth.begin(way, authority, redirect_uri, state, target.secrets.client, own)
        return begun.url, begun.pending

    async def finish_sign_in(self, pending: Pending, returned: Returned, *, may_go_anywhere: bool) -> Tokens:
        """The tokens that the user's sign-in is worth.

        Raises:
            McpFailure: none.
        """
        async with courier(self._tls, may_go_anywhere=may_go_anywhere) as way:
            return await oauth.finish(way, pending, returned)

    async def renew(self, client: Client, tokens: Tokens, *, may_go_anywhere: bool) -> Tokens:
        """New tokens for old ones.

        Raises:
            McpFailure: the user must sign in again.
        """
        async with courier(self._tls, may_go_anywhere=may_go_anywhere) as way:
            return await oauth.renew(way, client, tokens)
