"""An OpenID provider that lies as it is told: each of its documents and answers can be changed before it is asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import jwt
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa

Json = dict[str, Any]
CLIENT_ID = "artel"
CLIENT_SECRET = "a secret: with % and /"


@dataclass
class Key:
    """One of the provider's, or of somebody who would like to be it."""

    kid: str
    private: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    algorithm: str = "ES256"

    def public(self) -> Json:
        """As it stands in the JWK set."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        return {**orjson.loads(algorithm.to_jwk(self.private.public_key())), "kid": self.kid, "use": "sig"}


def rsa_key(kid: str) -> Key:
    """Of the kind that most providers have."""
    return Key(kid, rsa.generate_private_key(65537, 2048), "RS256")


@dataclass
class OidcSite:
    """Use as an async context manager. The person who is signed in there is `person`."""

    port: int = 0
    person: Json = field(default_factory=lambda: {"sub": "ann", "email": "ann@example.org", "email_verified": True})
    told: Json = field(default_factory=dict[str, Any])
    """What userinfo says beside the subject."""
    keys: list[Key] = field(default_factory=lambda: [Key("first")])
    signs_with: Key | None = None
    """None: the newest of `keys`."""
    metadata: Json = field(default_factory=dict[str, Any])
    """Changes of what it publishes of itself."""
    change: Callable[[Json], Json] = dict
    """Changes the claims of an ID token."""
    sign: Callable[[Json, Key], str] | None = None
    """Makes an ID token of its claims in another way than the right one."""
    answer: Callable[[Json], Any] = dict
    """Changes a token answer."""
    raw: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By path: bytes to answer instead."""
    status: dict[str, int] = field(default_factory=dict[str, int])
    frozen: asyncio.Event | None = None
    """Nobody is answered before it is set."""
    asked: list[str] = field(default_factory=list[str])
    """The path of each request."""
    authorized: list[Json] = field(default_factory=list[Json])
    """How clients proved themselves at the token endpoint."""
    _codes: dict[str, Json] = field(default_factory=dict[str, Json])
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def issuer(self) -> str:
        """As it calls itself."""
        return f"http://127.0.0.1:{self.port}/realm"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/realm/.well-known/openid-configuration", self._document)
        app.router.add_get("/realm/jwks", self._jwks)
        app.router.add_get("/realm/userinfo", self._userinfo)
        app.router.add_post("/realm/token", self._token)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.frozen:
            self.frozen.set()
        await self._runner.cleanup()

    def reset(self) -> None:
        """Honest again, with the same keys and address."""
        fresh = OidcSite()
        for name in ("person", "told", "signs_with", "metadata", "change", "sign", "answer", "raw", "status"):
            setattr(self, name, getattr(fresh, name))
        self.frozen = None
        self.asked.clear()
        self.authorized.clear()

    def agree(self, url: str) -> dict[str, str]:
        """The person signs in and agrees: what the browser is sent back with."""
        query = dict(parse_qsl(urlsplit(url).query))
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{next(self._numbers)}"
        self._codes[code] = query
        return {"state": query["state"], "code": code}

    async def _document(self, request: web.Request) -> web.Response:
        return await self._say(
            request,
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                **self.metadata,
            },
        )

    async def _jwks(self, request: web.Request) -> web.Response:
        return await self._say(request, {"keys": [key.public() for key in self.keys]})

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer an access token"
        return await self._say(request, {"sub": self.person["sub"], **self.told})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.authorized.append({**form, **_basic(request)})
        begun = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if begun is None or begun["code_challenge"] != challenge.decode():
            return web.json_response({"error": "invalid_grant"}, status=400)
        if begun["redirect_uri"] != form["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": begun["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": begun["nonce"],
            **self.person,
        }
        claims, key = self.change(claims), self.signs_with or self.keys[-1]
        token = self.sign(claims, key) if self.sign else signed(claims, key)
        said = {"access_token": "an access token", "token_type": "Bearer", "id_token": token}
        return await self._say(request, self.answer(said))

    async def _say(self, request: web.Request, value: Any) -> web.Response:
        name = request.path.rpartition("/")[2]
        self.asked.append(name)
        if self.frozen:
            await self.frozen.wait()
        body = self.raw.get(name, orjson.dumps(value))
        return web.Response(body=body, status=self.status.get(name, 200), content_type="application/json")


def signed(claims: Json, key: Key, **header: Any) -> str:
    """An ID token as it should be."""
    return jwt.encode(claims, key.private, key.algorithm, headers={"kid": key.kid, **header})


def way_back(base: str, returned: dict[str, str]) -> str:
    """The address that the provider sends the browser to."""
    return f"{base}/auth/oidc/callback/?{urlencode(returned)}"


def _basic(request: web.Request) -> Json:
    header = request.headers.get("Authorization", "")
    if not header.startswith("Basic "):
        return {}
    user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return {"user": unquote(user), "password": unquote(password)}


@pytest.fixture(scope="session")
async def _oidc_site() -> AsyncGenerator[OidcSite]:
    async with OidcSite() as site:
        yield site


@pytest.fixture
def oidc_site(_oidc_site: OidcSite) -> OidcSite:
    """The provider, honest until it is told otherwise."""
    _oidc_site.reset()
    return _oidc_site
