"""The provider over HTTP: its configuration, its keys, and the two requests that a sign-in makes to it."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import aiohttp
import orjson

from artel.accounts.oidc.model import OidcConfig, OidcFailure

Json = Mapping[str, Any]

SECONDS: Final = 10.0
"""For one whole answer."""
MAX_BYTES: Final = 512 * 1024
_KEPT_SECONDS: Final = 3_600.0
_LEAST_SECONDS: Final = 10.0
"""Between two looks at the keys, so that made up key ids do not make us hammer the provider."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider publishes of itself, as far as we use it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    auth_methods: tuple[str, ...]
    """Of clients at the token endpoint."""
    names_itself: bool
    """It says who it is when it sends the browser back (RFC 9207)."""


class Provider:
    """One process's way to the provider. Open `http` for as long as it is used."""

    def __init__(
        self,
        config: OidcConfig,
        http: aiohttp.ClientSession,
        timer: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
    ) -> None:
        """timer: a monotonic clock in seconds. seconds: for one whole answer."""
        self._config = config
        self._http = http
        self._timer = timer
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._asking = asyncio.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, tuple[Json, ...]] | None = None

    async def metadata(self) -> Metadata:
        """What the provider says of itself, at most an hour old. One that is away is believed its last word.

        Raises:
            OidcFailure: unreachable, or it is another provider than the one that was named.
        """
        async with self._asking:
            kept = self._metadata
            if kept is not None and self._timer() - kept[0] < _KEPT_SECONDS:
                return kept[1]
            url = f"{self._config.key}/.well-known/openid-configuration"
            try:
                found = _metadata(await self._json("GET", url), self._config.issuer)
            except OidcFailure:
                if kept is None:
                    raise
                found = kept[1]
            self._metadata = self._timer(), found
            return found

    async def keys(self, *, anew: bool = False) -> tuple[Json, ...]:
        """The provider's keys (JWK). anew: one was missing, so that those which we have are too old.

        Raises:
            OidcFailure: unreachable.
        """
        metadata = await self.metadata()
        async with self._asking:
            kept = self._keys
            age = self._timer() - kept[0] if kept else _KEPT_SECONDS
            if kept is not None and age < (_LEAST_SECONDS if anew else _KEPT_SECONDS):
                return kept[1]
            document = await self._json("GET", metadata.jwks_uri)
            listed = document.get("keys")
            if not isinstance(listed, list):
                raise OidcFailure("unreachable", "its keys are no JWK set")
            keys = tuple(cast(Json, key) for key in cast(list[Any], listed) if isinstance(key, dict))
            self._keys = self._timer(), keys
            return keys

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> Json:
        """The token answer for a code.

        Raises:
            OidcFailure: refused, or unreachable.
        """
        metadata, config = await self.metadata(), self._config
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": config.client_id,
        }
        headers: dict[str, str] = {}
        if config.client_secret is not None:
            if "client_secret_basic" in metadata.auth_methods:
                # RFC 6749, 2.3.1: both are form-encoded before they are joined.
                user, password = quote(config.client_id, safe=""), quote(config.client_secret, safe="")
                headers["Authorization"] = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
            else:
                form["client_secret"] = config.client_secret
        return await self._json("POST", metadata.token_endpoint, data=form, headers=headers)

    async def userinfo(self, access_token: str) -> Json:
        """What the provider tells of the person beside the ID token; nothing where it has no such address.

        Raises:
            OidcFailure: refused, or unreachable.
        """
        endpoint = (await self.metadata()).userinfo_endpoint
        if endpoint is None:
            return {}
        return await self._json("GET", endpoint, headers={"Authorization": f"Bearer {access_token}"})

    async def _json(
        self, method: str, url: str, *, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        try:
            async with self._http.request(
                method,
                url,
                data=data,
                headers={"Accept": "application/json", **(headers or {})},
                allow_redirects=False,
                timeout=self._timeout,
            ) as answer:
                body = await _bounded(answer.content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise OidcFailure("unreachable", f"{urlsplit(url).path}: {type(error).__name__}") from error
        if answer.status != 200:
            problem = "refused" if 400 <= answer.status < 500 and method == "POST" else "unreachable"
            raise OidcFailure(problem, f"{urlsplit(url).path} answered {answer.status}")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise OidcFailure("unreachable", f"{urlsplit(url).path} answered no JSON") from error
        if not isinstance(value, dict):
            raise OidcFailure("unreachable", f"{urlsplit(url).path} answered no JSON object")
        return cast(Json, value)


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ValueError("the answer is too long")
    return bytes(body)


def _metadata(document: Json, wanted_issuer: str) -> Metadata:
    issuer = document.get("issuer")
    # A slash at the end is easily forgotten, and makes no other provider; tokens must have the provider's spelling.
    if not isinstance(issuer, str) or issuer.rstrip("/") != wanted_issuer.rstrip("/"):
        raise OidcFailure("unreachable", "its configuration is another issuer's")
    endpoints = {name: document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    missing = [name for name, url in endpoints.items() if not _is_url(url)]
    if missing:
        raise OidcFailure("unreachable", f"its configuration lacks {', '.join(missing)}")
    userinfo, methods = document.get("userinfo_endpoint"), document.get("token_endpoint_auth_methods_supported")
    return Metadata(
        issuer=issuer,
        **cast(dict[str, str], endpoints),
        userinfo_endpoint=userinfo if _is_url(userinfo) else None,
        # What counts when it does not say (OpenID Connect Discovery, 3).
        auth_methods=tuple(cast(list[str], methods)) if isinstance(methods, list) else ("client_secret_basic",),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https")
