"""An MCP server that wants its users to sign in, and the authorization server they do that at, on one address.

What each of its documents and answers says can be changed before it is asked.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from aiohttp import web

from tests.support.mcp_evil import Call, EvilServer, honest

Json = dict[str, Any]


@dataclass
class OAuthSite:
    """Use as an async context manager."""

    port: int = 0
    resource: Json | None = None
    """What the server publishes of itself; None: nothing."""
    metadata: Json | None = None
    """What the authorization server publishes of itself; None: nothing."""
    client: Json = field(default_factory=dict[str, Any])
    """What registration answers besides the client's id."""
    registers: bool = True
    lifetime: int | None = 3_600
    asked: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    """Path and form, query or body of each request to the authorization server."""
    alive: set[str] = field(default_factory=set[str])
    """Access tokens that are accepted."""
    refresh: set[str] = field(default_factory=set[str])
    """Refresh tokens that are; each once."""
    calls: int = 0
    """Requests to the server that were let in."""
    token: Callable[[Json], Json] = dict
    """Changes a token answer."""
    _codes: dict[str, Json] = field(default_factory=dict[str, Json])
    _numbers: Any = field(default_factory=lambda: count(1))

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The MCP server."""
        return f"{self.origin}/mcp"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/mcp", self._mcp)
        app.router.add_get("/.well-known/oauth-protected-resource/mcp", self._document(lambda: self.resource))
        app.router.add_get("/.well-known/oauth-authorization-server", self._document(lambda: self.metadata))
        app.router.add_post("/register", self._register)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self.resource = {"resource": self.url, "authorization_servers": [self.origin], "scopes_supported": ["notes"]}
        self.metadata = {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize?tenant=a",
            "token_endpoint": f"{self.origin}/token",
            "registration_endpoint": f"{self.origin}/register",
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["notes", "offline_access"],
            "authorization_response_iss_parameter_supported": True,
        }
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def _document(self, read: Callable[[], Json | None]) -> Any:
        async def answer(request: web.Request) -> web.Response:
            self.asked.append((request.path, {}))
            found = read()
            return web.Response(status=404) if found is None else web.json_response(found)

        return answer

    async def _mcp(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.alive:
            where = f"{self.origin}/.well-known/oauth-protected-resource/mcp"
            return web.Response(status=401, headers={"WWW-Authenticate": f'Bearer resource_metadata="{where}"'})
        self.calls += 1
        return await honest(Call(request, orjson.loads(await request.read() or b"{}"), EvilServer()))

    async def _register(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(("/register", body))
        if not self.registers:
            return web.json_response(
                {"error": "invalid_client_metadata", "error_description": "by hand only"}, status=400
            )
        made = {"client_id": f"client-{next(self._numbers)}", **body, **self.client}
        return web.json_response(made, status=201)

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(("/authorize", asked))
        code = f"code-{next(self._numbers)}"
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.origin})
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode()))
        self.asked.append(("/token", {**form, "authorization": request.headers.get("Authorization")}))
        if form["grant_type"] == "authorization_code":
            began = self._codes.pop(form["code"], None)
            if began is None or _challenge(form["code_verifier"]) != began["code_challenge"]:
                return web.json_response({"error": "invalid_grant"}, status=400)
        elif form["refresh_token"] not in self.refresh:
            return web.json_response({"error": "invalid_grant", "error_description": "used before"}, status=400)
        else:
            self.refresh.remove(form["refresh_token"])
        number = next(self._numbers)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self.alive.add(access)
        self.refresh.add(refresh)
        made = {"access_token": access, "token_type": "bearer", "refresh_token": refresh, "expires_in": self.lifetime}
        return web.json_response(self.token(made))

    def last(self, path: str) -> Json:
        """What was last asked there."""
        return next(body for asked, body in reversed(self.asked) if asked == path)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def oauth_site() -> AsyncGenerator[OAuthSite]:
    """A server to sign in at."""
    async with OAuthSite() as site:
        yield site
