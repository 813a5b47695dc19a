"""Signing in at a server: becoming known there, and changing codes and old tokens for new ones.

Sources: MCP's authorization (2026-07-28, with the fallback of 2025-03-26), RFC 6749, 7591, 7636 (PKCE), 8707, 9207.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import httpx2
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import ValidationError

from artel.kit.secrets import new_secret
from artel.tools.mcp.model import Client, McpFailure, OwnClient, Pending, Returned, Tokens
from artel.tools.mcp.naming import readable
from artel.tools.mcp.wire.discovery import Authority, Courier

_METHODS: Final = (None, "none", "client_secret_post", "client_secret_basic")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8000}")
_SAID: Final = 300


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the user signs in, and what must be kept until they come back."""

    url: str
    pending: Pending


async def begin(
    courier: Courier, authority: Authority, redirect_uri: str, state: str, known: Client | None, own: OwnClient | None
) -> Begun:
    """Makes the address at which the user signs in.

    known: as whom we signed in last, used again where it still fits. own: as whom the user wants us to.

    Raises:
        McpFailure: nobody registers us.
    """
    client = await _client(courier, authority, redirect_uri, known, own)
    verifier = new_secret(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **_optional(scope=client.scope, resource=client.resource),
    }
    if client.scope and "offline_access" in client.scope.split():
        # OpenID Connect gives a refresh token only to who was asked in so many words.
        asked["prompt"] = "consent"
    parts = urlsplit(authority.authorization_endpoint)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *asked.items()])
    url = urlunsplit(parts._replace(query=query, fragment=""))
    return Begun(url, Pending(client, verifier, authority.names_itself))


async def _client(
    courier: Courier, authority: Authority, redirect_uri: str, known: Client | None, own: OwnClient | None
) -> Client:
    place = Client(
        issuer=authority.issuer,
        client_id="",
        redirect_uri=redirect_uri,
        token_endpoint=authority.token_endpoint,
        scope=authority.scope,
        resource=authority.resource,
    )
    if own is not None:
        method = "client_secret_basic" if own.client_secret else None
        if own.client_secret and "client_secret_post" in authority.auth_methods:
            method = "client_secret_post"
        return replace(place, client_id=own.client_id, client_secret=own.client_secret, auth_method=method)
    if known is not None and (known.issuer, known.redirect_uri) == (authority.issuer, redirect_uri):
        return replace(
            place, client_id=known.client_id, client_secret=known.client_secret, auth_method=known.auth_method
        )
    return await _register(courier, authority, place)


async def _register(courier: Courier, authority: Authority, place: Client) -> Client:
    if authority.registration_endpoint is None:
        raise McpFailure(
            "no_registration",
            "The sign-in server registers nobody by itself. Register Artel there by hand and enter the client's id, or "
            "use a header with a token.",
        )
    is_local = urlsplit(place.redirect_uri).hostname in ("localhost", "127.0.0.1", "::1")
    wanted = {
        "client_name": "Artel",
        "redirect_uris": [place.redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native" if is_local else "web",
        **_optional(scope=place.scope),
    }
    response = await courier.post(authority.registration_endpoint, json=wanted)
    try:
        made = OAuthClientInformationFull.model_validate_json(response.content)
    except ValidationError as error:
        raise McpFailure("no_registration", f"The sign-in server did not register Artel{_why(response)}.") from error
    if made.token_endpoint_auth_method not in _METHODS:
        raise McpFailure("no_registration", "The sign-in server wants a proof that Artel cannot give.")
    return replace(
        place,
        client_id=made.client_id,
        client_secret=made.client_secret,
        auth_method=made.token_endpoint_auth_method,
    )


async def finish(courier: Courier, pending: Pending, returned: Returned) -> Tokens:
    """Changes the code that the user came back with for tokens.

    Raises:
        McpFailure: the user said no, or the server did, or it was another server than the one that was asked.
    """
    client = pending.client
    if returned.error is not None:
        raise McpFailure("sign_in_refused", f"The sign-in was refused: {readable(returned.error, _SAID)}.")
    if returned.issuer != client.issuer and (returned.issuer is not None or pending.names_itself):
        raise McpFailure("sign_in_failed", "Another server answered than the one that was asked.")
    if not returned.code:
        raise McpFailure("sign_in_failed", "The sign-in server sent no code.")
    asked = {
        "grant_type": "authorization_code",
        "code": returned.code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": pending.verifier,
    }
    return await _tokens(courier, client, asked, None)


async def renew(courier: Courier, client: Client, tokens: Tokens) -> Tokens:
    """New tokens for old ones.

    Raises:
        McpFailure: the user must sign in again.
    """
    if tokens.refresh_token is None:
        raise McpFailure("sign_in_needed", "The sign-in has expired.")
    asked = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return await _tokens(courier, client, asked, tokens.refresh_token)


async def _tokens(courier: Courier, client: Client, asked: dict[str, str], refresh: str | None) -> Tokens:
    form = {**asked, "client_id": client.client_id, **_optional(resource=client.resource)}
    headers: dict[str, str] = {}
    if client.client_secret and client.auth_method == "client_secret_basic":
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif client.client_secret and client.auth_method == "client_secret_post":
        form["client_secret"] = client.client_secret
    response = await courier.post(client.token_endpoint, form=form, headers=headers)
    if response.status_code not in (200, 201):
        raise McpFailure("sign_in_failed", f"The sign-in server gave no token{_why(response)}.")
    try:
        made = OAuthToken.model_validate_json(response.content)
    except ValidationError as error:
        raise McpFailure("sign_in_failed", "The sign-in server's answer is no token.") from error
    if not _TOKEN.fullmatch(made.access_token) or not _TOKEN.fullmatch(made.refresh_token or "-"):
        raise McpFailure("sign_in_failed", "The sign-in server's token cannot be used.")
    expires_at = None if made.expires_in is None else time.time() + max(0, min(made.expires_in, 10**9))
    return Tokens(made.access_token, made.refresh_token or refresh, expires_at)


def _why(response: httpx2.Response) -> str:
    """What the server says of it: RFC 6749, section 5.2."""
    try:
        body: Any = response.json()
        said = body.get("error_description") or body.get("error")
    except (ValueError, AttributeError):
        said = None
    return f": {readable(str(said), _SAID)}" if said else f" (HTTP {response.status_code})"


def _optional(**values: str | None) -> Mapping[str, str]:
    return {name: value for name, value in values.items() if value}
