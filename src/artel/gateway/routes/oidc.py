"""Signing in through the provider: there, and back again."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

import structlog
from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from artel.accounts.attempts import TooManyAttempts
from artel.accounts.oidc.door import OidcDoor
from artel.accounts.oidc.flow import Begun, Returned, Trip, cookie_of
from artel.accounts.oidc.model import OidcFailure, Problem
from artel.accounts.principal import Principal
from artel.gateway.cookies import clear_trip_cookie, set_cookie, set_trip_cookie
from artel.gateway.deps import Deps, GatewayDeps, SignedIn
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.proving import prove_again
from artel.gateway.requests import address_of, is_secure, language_of, public_base
from artel.gateway.shapes import accounts as shapes
from artel.gateway.ways import safe_way
from artel.kit.errors import Forbidden, NotFound, Unavailable

router = resource("/auth/oidc", "Account")

_BACK: Final = "/auth/oidc/callback/"
_SIGN_IN: Final = "/signin"
_PROFILE: Final = "/settings/profile"

_log = structlog.get_logger(__name__)

Text = Annotated[str | None, Query(max_length=4_000)]


class NoProvider(NotFound):
    """This server has no provider to sign in through."""

    slug = "no-provider"


class ProviderAway(Unavailable):
    """The provider does not answer. Try again in a moment."""

    slug = "provider-away"


class NotABrowser(Forbidden):
    """Only somebody who is signed in with a browser can link an identity."""

    slug = "not-a-browser"


@router.get(
    "/start/",
    status_code=303,
    summary="Sign in through the provider",
    response_class=RedirectResponse,
    openapi_extra={"security": []},
)
async def start(request: Request, deps: Deps, way_on: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Leads to the provider; back from it, to `next`, an address of this page."""
    if deps.oidc is None:
        return _home("off")
    try:
        await deps.attempts.count_address(address_of(request))
        begun = await deps.oidc.flow.begin(_callback(request), safe_way(way_on))
    except TooManyAttempts:
        return _home("attempts")
    except OidcFailure as failure:
        return _failed(deps, failure, None)
    answer = RedirectResponse(begun.url, 303)
    _take_along(request, answer, begun)
    return answer


@router.get(
    "/callback/",
    status_code=303,
    summary="Back from the provider",
    response_class=RedirectResponse,
    openapi_extra={"security": []},
)
async def callback(
    request: Request,
    deps: Deps,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Text = None,
    iss: Text = None,
    error: Text = None,
) -> Response:
    """Where the provider sends the browser. Signs in, or says on the sign-in page why not."""
    if deps.oidc is None:
        return _home("off")
    cookie = cookie_of(state)
    sealed = request.cookies.get(cookie)
    trip: Trip | None = None
    try:
        trip = deps.oidc.flow.trip(state, sealed)
        answer = await _arrive(request, deps, deps.oidc, trip, Returned(state, code, iss, error))
    except OidcFailure as failure:
        answer = _failed(deps, failure, trip)
    if sealed is not None:
        answer.headers.append("Set-Cookie", clear_trip_cookie(cookie, secure=is_secure(request)))
    return answer


@router.post("/link/", summary="Link my identity at the provider", responses=problems(403, 404, 503))
async def link(
    request: Request, response: Response, principal: SignedIn, deps: Deps, body: shapes.LinkIn
) -> shapes.LinkAt:
    """Answers the address to open in this very browser. Asks for the password, since it makes another way in."""
    oidc = _provider(deps)
    if principal.sign_in_id is None:
        raise NotABrowser
    await prove_again(request, deps, principal, body.current_password)
    try:
        begun = await oidc.flow.begin(_callback(request), _PROFILE, principal.user_id)
    except OidcFailure as failure:
        raise ProviderAway from failure
    _take_along(request, response, begun)
    return shapes.LinkAt(url=begun.url)


@router.get("/identity/", summary="My identity at the provider", responses=problems(404))
async def identity(principal: SignedIn, deps: Deps) -> shapes.IdentityOf:
    """The identity that opens this account; `identity` is null when there is none."""
    oidc = _provider(deps)
    found = await oidc.identity(principal.user_id)
    account = await deps.users.get(principal.user_id)
    return shapes.identity_of(found, oidc.config, can_unlink=account.has_password and not oidc.config.only)


@router.delete("/identity/", status_code=204, summary="Unlink my identity", responses=problems(404, 409))
async def unlink(principal: SignedIn, deps: Deps) -> Response:
    """The identity opens this account no longer. Never the last way in."""
    await _provider(deps).unlink(principal.user_id)
    return Response(status_code=204)


async def _arrive(request: Request, deps: GatewayDeps, oidc: OidcDoor, trip: Trip, returned: Returned) -> Response:
    who = await oidc.flow.finish(trip, returned)
    if trip.link is not None:
        principal: Principal | None = request.state.principal
        # Who began it must still be who is here: otherwise somebody else's account would get a second owner.
        if principal is None or principal.user_id != trip.link or principal.sign_in_id is None:
            raise OidcFailure("other_user")
        await oidc.people.link(trip.link, who)
        return RedirectResponse(f"{_PROFILE}?{urlencode({'identity': 'linked'})}", 303)
    account = await oidc.people.account_of(who, language_of(request))
    token = await deps.sign_ins.open(account.id, request.headers.get("user-agent", ""))
    answer = RedirectResponse(trip.way_on, 303)
    answer.headers.append("Set-Cookie", set_cookie(token, secure=is_secure(request)))
    return answer


def _provider(deps: GatewayDeps) -> OidcDoor:
    if deps.oidc is None:
        raise NoProvider
    return deps.oidc


def _callback(request: Request) -> str:
    return f"{public_base(request)}{_BACK}"


def _take_along(request: Request, answer: Response, begun: Begun) -> None:
    answer.headers.append("Set-Cookie", set_trip_cookie(begun.cookie, begun.sealed, secure=is_secure(request)))


def _failed(deps: GatewayDeps, failure: OidcFailure, trip: Trip | None) -> Response:
    deps.metrics.login_failures.inc()
    _log.warning("oidc_sign_in_failed", problem=failure.problem, why=failure.log)
    if trip is not None and trip.link is not None:
        return RedirectResponse(f"{_PROFILE}?{urlencode({'identity': failure.problem})}", 303)
    return _home(failure.problem, trip)


def _home(problem: Problem, trip: Trip | None = None) -> Response:
    more = {"next": trip.way_on} if trip and trip.way_on != "/" else {}
    return RedirectResponse(f"{_SIGN_IN}?{urlencode({'problem': problem, **more})}", 303)
