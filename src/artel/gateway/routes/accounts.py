"""Signing up, in and out, and one's own account."""

from __future__ import annotations

from fastapi import Request, Response

from artel.accounts.users import Account, WrongCredentials
from artel.gateway.cookies import clear_cookie, set_cookie
from artel.gateway.deps import Deps, GatewayDeps, SignedIn, deps_of
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.proving import prove_again
from artel.gateway.requests import address_of, is_secure, language_of
from artel.gateway.shapes import accounts as shapes
from artel.kit.errors import Forbidden

router = resource("/auth", "Account")


class PasswordsOff(Forbidden):
    """Nobody signs in with a password here. Use the provider on the sign-in page."""

    slug = "passwords-off"


@router.get("/options/", summary="Whether one can register", openapi_extra={"security": []})
async def options(deps: Deps) -> shapes.Options:
    """What the sign-up page needs to know; open to everyone."""
    state = await deps.users.registration()
    passwords = _takes_passwords(deps)
    return shapes.Options(
        registration=state.policy,
        can_register=state.can_register and passwords,
        needs_first_account=state.needs_first_account,
        oidc=shapes.OidcOption(name=deps.oidc.config.name) if deps.oidc else None,
        password=passwords,
    )


@router.post(
    "/register",
    status_code=201,
    summary="Register",
    responses=problems(403, 409, 429),
    openapi_extra={"security": []},
)
async def register(request: Request, response: Response, body: shapes.Registration, deps: Deps) -> shapes.Registered:
    """Makes an account and signs in. The first account of a server is its administrator."""
    _check_takes_passwords(deps)
    await deps.attempts.count(body.email, address_of(request))
    account = await deps.users.register(body.email, body.password, body.locale or language_of(request))
    await _let_in(request, response, account)
    return shapes.Registered(id=account.id, email=account.email)


@router.post("/login", summary="Sign in", responses=problems(403, 429), openapi_extra={"security": []})
async def login(request: Request, response: Response, body: shapes.Credentials, deps: Deps) -> shapes.Me:
    """Sets the cookie `artel_session`."""
    _check_takes_passwords(deps)
    await deps.attempts.count(body.email, address_of(request))
    try:
        account = await deps.users.log_in(body.email, body.password)
    except WrongCredentials:
        deps.metrics.login_failures.inc()
        raise
    await deps.attempts.succeeded(body.email, address_of(request))
    await _let_in(request, response, account)
    return shapes.me(account)


@router.post("/logout", status_code=204, summary="Sign out", openapi_extra={"security": []})
async def logout(request: Request, deps: Deps) -> Response:
    """Ends this sign-in, its streams included. Harmless when there is none."""
    principal = request.state.principal
    if principal is not None and principal.sign_in_id is not None:
        await deps.sign_ins.revoke(principal.user_id, principal.sign_in_id)
    return Response(status_code=204, headers={"Set-Cookie": clear_cookie(secure=is_secure(request))})


@router.get("/me", summary="Who am I?")
async def me(principal: SignedIn, deps: Deps) -> shapes.Me:
    """The account that the cookie or the key belongs to."""
    return shapes.me(await deps.users.get(principal.user_id))


@router.patch("/me", summary="Change my account")
async def change_me(body: shapes.MePatch, principal: SignedIn, deps: Deps) -> shapes.Me:
    """Changes what is given."""
    if body.locale is None:
        return shapes.me(await deps.users.get(principal.user_id))
    return shapes.me(await deps.users.set_locale(principal.user_id, body.locale))


@router.post("/password", status_code=204, summary="Change my password", responses=problems(403, 429))
async def change_password(request: Request, body: shapes.PasswordChange, principal: SignedIn, deps: Deps) -> Response:
    """Sets a new password and ends all other sign-ins. API keys stay.

    An account that has none yet, since one signs in to it through a provider, gets its first one without
    `current_password`, from a browser that signed in less than 15 minutes ago.
    """
    _check_takes_passwords(deps)
    account = await deps.users.get(principal.user_id)
    await deps.attempts.count(account.email, address_of(request))
    if account.has_password:
        await deps.users.change_password(principal.user_id, body.current_password or "", body.new_password)
    else:
        await prove_again(request, deps, principal, None)
        await deps.users.set_first_password(principal.user_id, body.new_password)
    await deps.sign_ins.revoke_others(principal.user_id, kept=principal.sign_in_id)
    return Response(status_code=204)


async def _let_in(request: Request, response: Response, account: Account) -> None:
    token = await deps_of(request).sign_ins.open(account.id, request.headers.get("user-agent", ""))
    response.headers["Set-Cookie"] = set_cookie(token, secure=is_secure(request))


def _takes_passwords(deps: GatewayDeps) -> bool:
    return deps.oidc is None or not deps.oidc.config.only


def _check_takes_passwords(deps: GatewayDeps) -> None:
    if not _takes_passwords(deps):
        raise PasswordsOff
