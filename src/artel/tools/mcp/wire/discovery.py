"""Finding out where a server's users sign in.

Every address on the way comes from strangers: each passes the guard, none is followed when it redirects, and their
answers are bounded.
Sources: RFC 8414, RFC 9728, MCP's authorization of 2026-07-28 and, where a server publishes nothing, of 2025-03-26.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    extract_resource_metadata_from_www_auth,
    extract_scope_from_www_auth,
    get_client_metadata_scopes,
    issuers_match,
)
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata
from mcp.shared.auth_utils import check_resource_allowed, resource_url_from_server_url
from pydantic import BaseModel, ValidationError

from artel.kit.guard import AddressRefused, ForbiddenAddress, OutgoingGuard
from artel.tools.mcp.model import McpFailure, Target
from artel.tools.mcp.wire.http import bounded_client
from artel.tools.mcp.wire.meter import Meter

SIGN_IN_SECONDS: Final = 25.0
_MAX_BYTES: Final = 500_000
_MAX_REQUESTS: Final = 15
_GRANTS: Final = ["authorization_code", "refresh_token"]
_HELLO: Final[dict[str, Any]] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "artel", "version": "1"},
    },
}

_FORBIDDEN: Final = "The sign-in leads to an address that is not allowed."

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authorization server, and what it is to be asked for. names_itself: see `Pending`."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str | None
    scope: str | None
    resource: str | None
    names_itself: bool = False
    auth_methods: Collection[str] = field(default=())


class Courier:
    """Carries requests to addresses that strangers named."""

    def __init__(self, http: httpx2.AsyncClient, guard: OutgoingGuard) -> None:
        self._http = http
        self._guard = guard

    def check(self, url: str) -> str:
        """The address, when it is one that secrets may go to.

        Raises:
            AddressRefused, McpFailure: it is not.
        """
        parts = self._guard.check_url(url)
        if parts.scheme != "https" and not self._guard.allow_private:
            raise McpFailure(
                "sign_in_insecure", "The sign-in is not encrypted (https), so nothing secret is sent there."
            )
        return url

    async def hello(self, url: str, headers: Mapping[str, str]) -> httpx2.Response:
        """Greets the server itself, to hear how it refuses; what else it says is not read."""
        sent = {**headers, "accept": "application/json, text/event-stream"}
        async with self._http.stream("POST", url, json=_HELLO, headers=sent) as response:
            return response

    async def get(self, url: str, kind: type[M]) -> M | None:
        """A document; None when there is none."""
        response = await self._http.get(self.check(url), headers={"accept": "application/json"})
        if response.status_code != 200:
            return None
        try:
            return kind.model_validate_json(response.content)
        except ValidationError:
            return None

    async def post(
        self,
        url: str,
        *,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """What it answered, whatever that is."""
        sent = {"accept": "application/json", **(headers or {})}
        return await self._http.post(self.check(url), json=json, data=form, headers=sent)


@asynccontextmanager
async def courier(tls: ssl.SSLContext, *, may_go_anywhere: bool) -> AsyncGenerator[Courier]:
    """For one step of a sign-in.

    Raises:
        McpFailure: what goes wrong on the way, or takes too long.
    """
    guard = OutgoingGuard(allow_private=may_go_anywhere)
    meter = Meter(bytes_left=_MAX_BYTES, requests_left=_MAX_REQUESTS, judges=False)
    try:
        async with asyncio.timeout(SIGN_IN_SECONDS), bounded_client(guard, tls, meter, {}) as http:
            yield Courier(http, guard)
    except AddressRefused as error:
        raise McpFailure("address_refused", _FORBIDDEN) from error
    except TimeoutError as error:
        raise McpFailure("timeout", f"The sign-in took longer than {SIGN_IN_SECONDS:.0f} seconds.") from error
    except httpx2.HTTPError as error:
        if isinstance(error.__cause__, ForbiddenAddress):
            raise McpFailure("address_refused", _FORBIDDEN) from error
        raise McpFailure("sign_in_failed", "The sign-in server cannot be reached.") from error


async def discover(courier: Courier, target: Target) -> Authority:
    """Where users of this server sign in, and for what.

    Raises:
        McpFailure: it does not say, or what it says does not fit together.
    """
    url = target.url or ""
    refusal = await courier.hello(url, target.secrets.headers)
    resource = await _resource(courier, url, refusal)
    issuer = str(resource.authorization_servers[0]) if resource else None
    metadata = await _metadata(courier, issuer, url)
    if metadata is None:
        if resource is not None:
            raise McpFailure("sign_in_failed", "The server names a sign-in server that does not describe itself.")
        if refusal.status_code not in (401, 403):
            raise McpFailure("no_sign_in", "This server does not ask for a sign-in.")
        return _guessed(courier, url)
    if metadata.code_challenge_methods_supported and "S256" not in metadata.code_challenge_methods_supported:
        raise McpFailure("sign_in_failed", "The sign-in server does not support what makes a sign-in safe (PKCE).")
    registration = metadata.registration_endpoint
    return Authority(
        issuer=str(metadata.issuer),
        authorization_endpoint=courier.check(str(metadata.authorization_endpoint)),
        token_endpoint=courier.check(str(metadata.token_endpoint)),
        registration_endpoint=str(registration) if registration else None,
        scope=get_client_metadata_scopes(extract_scope_from_www_auth(refusal), resource, metadata, _GRANTS),
        resource=_resource_name(url, resource),
        names_itself=metadata.authorization_response_iss_parameter_supported or False,
        auth_methods=metadata.token_endpoint_auth_methods_supported or (),
    )


async def _resource(courier: Courier, url: str, refusal: httpx2.Response) -> ProtectedResourceMetadata | None:
    named = extract_resource_metadata_from_www_auth(refusal)
    for candidate in build_protected_resource_metadata_discovery_urls(named, url):
        found = await courier.get(candidate, ProtectedResourceMetadata)
        if found is not None:
            if not check_resource_allowed(resource_url_from_server_url(url), str(found.resource)):
                raise McpFailure("sign_in_failed", "The server describes itself under another address.")
            return found
    return None


async def _metadata(courier: Courier, issuer: str | None, url: str) -> OAuthMetadata | None:
    expected = issuer or _origin(url)
    for candidate in build_oauth_authorization_server_metadata_discovery_urls(issuer, url):
        found = await courier.get(candidate, OAuthMetadata)
        if found is not None:
            if not issuers_match(str(found.issuer), expected):
                raise McpFailure("sign_in_failed", "The sign-in server describes itself under another address.")
            return found
    return None


def _guessed(courier: Courier, url: str) -> Authority:
    """Where it was in 2025-03-26, when nothing is published."""
    origin = _origin(url)
    return Authority(
        issuer=origin,
        authorization_endpoint=courier.check(urljoin(origin, "/authorize")),
        token_endpoint=courier.check(urljoin(origin, "/token")),
        registration_endpoint=urljoin(origin, "/register"),
        scope=None,
        resource=None,
    )


def _resource_name(url: str, resource: ProtectedResourceMetadata | None) -> str:
    # A resource that was found is one that this server's address lies in.
    return str(resource.resource) if resource else resource_url_from_server_url(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
