"""What the gateway is given, and how routes reach it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from artel.accounts.admin_log import AdminLog
from artel.accounts.administration import Administration
from artel.accounts.api_keys import ApiKeys
from artel.accounts.attempts import Attempts
from artel.accounts.authentication import Authenticator
from artel.accounts.leaving import Leaving
from artel.accounts.oidc.door import OidcDoor
from artel.accounts.password_links import PasswordLinks
from artel.accounts.principal import Principal
from artel.accounts.quotas import Quotas
from artel.accounts.server_settings import Installation
from artel.accounts.sign_ins import SignIns
from artel.accounts.users import Users
from artel.events.pulse import Pulse
from artel.gateway.uploads import Uploads
from artel.kit.errors import Unauthenticated
from artel.memory.context import Trouble
from artel.space.erasure import Erasures
from artel.space.export.desk import ExportDesk
from artel.space.foreign import ForeignIds
from artel.space.registry import SpaceRegistry
from artel.space.space import UserWorkerSpace
from artel.store.health import Check, ShardsHealth
from artel.store.idempotency import IdempotencyStore
from artel.store.limits import Limits
from artel.telemetry.metrics import Metrics

MemoryTroubles = Callable[[], Awaitable[Sequence[Trouble]]]


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """What an administrator may choose about HTTP."""

    public_url: str | None = None
    """How browsers reach the server when a proxy stands in front; https makes the cookie Secure."""
    trusted_proxies: str = ""
    """Addresses, comma separated, whose X-Forwarded-* headers are believed; "*" for all, "" for none."""
    page: Path | None = None
    """The built page's directory; None, or one without an index.html, when it is not built."""
    metrics_token: str | None = field(default=None, repr=False)
    """What `/metrics` wants as a Bearer token; None opens it to this machine and private networks."""
    max_json_bytes: int = 1_000_000
    max_upload_bytes: int = 25_000_000
    """Of one file."""
    check_seconds: float = 2.0
    """How long `/readyz` waits for each store."""


@dataclass(frozen=True, slots=True)
class GatewayDeps:
    """Everything behind HTTP, composed by `app`."""

    spaces: SpaceRegistry
    users: Users
    sign_ins: SignIns
    api_keys: ApiKeys
    authenticator: Authenticator
    attempts: Attempts
    administration: Administration
    admin_log: AdminLog
    installation: Installation
    password_links: PasswordLinks
    quotas: Quotas
    health: ShardsHealth
    usual_limits: Limits
    """Of users for whom nothing else is stored."""
    open_streams: Callable[[], int]
    idempotency: IdempotencyStore
    foreign: ForeignIds
    leaving: Leaving
    erasures: Erasures
    exports: ExportDesk
    pulse: Pulse
    metrics: Metrics
    checks: Mapping[str, Check]
    """By the store's name, for `/readyz`."""
    oidc: OidcDoor | None = None
    """None where there is no provider to sign in through."""
    memory_troubles: MemoryTroubles | None = None
    """What is wrong with memory, for `/readyz` too; None where there is none."""
    drains: Callable[[], bool] = lambda: False
    """Whether this process drains: `/readyz` says so, and connections are not kept."""
    version: str = "0"
    options: GatewayOptions = field(default_factory=GatewayOptions)
    uploads: Uploads = field(default_factory=Uploads)


def deps_of(request: Request) -> GatewayDeps:
    """What the application was made with."""
    return cast(GatewayDeps, request.app.state.deps)


def principal_of(request: Request) -> Principal:
    """Who sent the request.

    Raises:
        Unauthenticated: nobody we know.
    """
    principal = cast(Principal | None, request.state.principal)
    if principal is None:
        raise Unauthenticated
    return principal


async def _principal(request: Request) -> Principal:
    return principal_of(request)


async def _deps(request: Request) -> GatewayDeps:
    return deps_of(request)


async def _space(request: Request) -> UserWorkerSpace:
    return deps_of(request).spaces.of(principal_of(request).user_id)


async def _admin(request: Request) -> Principal:
    principal = principal_of(request)
    await deps_of(request).administration.require(principal)
    return principal


Admin = Annotated[Principal, Depends(_admin)]
"""Who asks is an administrator at this moment."""
SignedIn = Annotated[Principal, Depends(_principal)]
Deps = Annotated[GatewayDeps, Depends(_deps)]
Space = Annotated[UserWorkerSpace, Depends(_space)]
