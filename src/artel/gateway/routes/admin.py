"""For administrators: accounts, invitations, settings, health, and the record of what they did.

Whoever asks is looked up anew in every request; nothing here leads to what anybody said.
"""

from __future__ import annotations

import platform
from typing import Annotated

from fastapi import Query, Request, Response

from artel.accounts.administration import Change
from artel.accounts.server_settings import Chosen
from artel.gateway.cursors import (
    Cursor,
    Limit,
    account_cursor,
    message_cursor,
    next_link,
    read_account_cursor,
    read_message_cursor,
)
from artel.gateway.deps import Admin, Deps, GatewayDeps
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.routes.health import readiness
from artel.gateway.shapes import admin as shapes
from artel.store.limits import Value

router = resource("/admin", "Administration")

_ADMINS = problems(403)


@router.get("/users/", summary="Accounts", responses=_ADMINS)
async def users(
    request: Request,
    response: Response,
    admin: Admin,
    deps: Deps,
    q: Annotated[str | None, Query(max_length=200, description="A part of the address, or an id.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> shapes.AdminAccountList:
    """By their ids, with sums of this month (UTC): never content."""
    people, more = await deps.administration.page(q, limit, read_account_cursor(cursor))
    following = account_cursor(people[-1].account.id) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    return shapes.AdminAccountList(items=[shapes.account(each) for each in people], next_cursor=following)


@router.patch("/users/{account_id}/", summary="Change an account", responses=problems(403, 404, 409))
async def change(
    account_id: shapes.AccountId, body: shapes.AccountPatch, admin: Admin, deps: Deps
) -> shapes.AdminAccount:
    """Its role, its limits, whether it may come in. Who may not is out at once, and their work is stopped."""
    limits = None if body.limits is None else body.limits.given()
    wanted = Change(role=body.role, is_active=body.is_active, limits=limits)
    return shapes.account(await deps.administration.change(admin.user_id, account_id, wanted))


@router.post(
    "/users/{account_id}/sign-out/", status_code=204, summary="Sign an account out", responses=problems(403, 404)
)
async def sign_out(account_id: shapes.AccountId, admin: Admin, deps: Deps) -> Response:
    """Everywhere; open streams end. API keys stay."""
    await deps.administration.sign_out(admin.user_id, account_id)
    return Response(status_code=204)


@router.post(
    "/users/{account_id}/password-link/",
    status_code=201,
    summary="A link to choose a new password",
    responses=problems(403, 404),
)
async def password_link(request: Request, account_id: shapes.AccountId, admin: Admin, deps: Deps) -> shapes.Link:
    """Shown once; it holds for a day, and makes an earlier one worthless."""
    made = await deps.password_links.make(admin.user_id, account_id)
    return shapes.Link(link=f"{_site(request, deps)}/reset#{made.token}", expires_at=made.expires_at)


@router.delete(
    "/users/{account_id}/", status_code=202, summary="Erase an account", responses=problems(403, 404, 409, 503)
)
async def delete(account_id: shapes.AccountId, admin: Admin, deps: Deps) -> Response:
    """Shuts it out at once and begins to erase everything it owns, in every store. There is no way back."""
    await deps.administration.delete(admin.user_id, account_id, deps.erasures.begin)
    deps.spaces.forget(account_id)
    return Response(status_code=202)


@router.get("/invitations/", summary="Open invitations", responses=_ADMINS)
async def invitations(admin: Admin, deps: Deps) -> shapes.AdminInvitationList:
    """Without their links."""
    views = await deps.users.invitations.open()
    return shapes.AdminInvitationList(items=[shapes.invitation(view) for view in views])


@router.post("/invitations/", status_code=201, summary="Invite somebody", responses=_ADMINS)
async def invite(request: Request, body: shapes.InvitationIn, admin: Admin, deps: Deps) -> shapes.NewAdminInvitation:
    """The link is shown once. It lets one person in, whatever the policy."""
    made = await deps.users.invitations.make(admin.user_id, email=body.email, role=body.role, days=body.days)
    link = f"{_site(request, deps)}/invite#{made.token}"
    return shapes.NewAdminInvitation(**shapes.invitation(made.view).model_dump(), link=link)


@router.delete(
    "/invitations/{invitation_id}/", status_code=204, summary="Withdraw an invitation", responses=problems(403, 404)
)
async def uninvite(invitation_id: shapes.InvitationId, admin: Admin, deps: Deps) -> Response:
    """Its link opens nothing any more."""
    await deps.users.invitations.withdraw(admin.user_id, invitation_id)
    return Response(status_code=204)


@router.get("/settings/", summary="Registration and everybody's limits", responses=_ADMINS)
async def settings(admin: Admin, deps: Deps) -> shapes.AdminSettings:
    """What was chosen here, and what holds where nothing was."""
    return await _settings(deps, await deps.installation.chosen())


@router.put("/settings/", summary="Change registration and everybody's limits", responses=_ADMINS)
async def put_settings(body: shapes.SettingsIn, admin: Admin, deps: Deps) -> shapes.AdminSettings:
    """Goes before the environment, from now on and in every process."""
    limits: dict[str, Value] = {name: value for name, value in body.limits.given().items() if value is not None}
    return await _settings(deps, await deps.installation.choose(admin.user_id, Chosen(body.registration, limits)))


@router.get("/health/", summary="How the installation is", responses=_ADMINS)
async def health(admin: Admin, deps: Deps) -> shapes.Health:
    """Stores, shards, processes, queue and versions."""
    ready, _ = await readiness(deps)
    memory = ready["checks"].pop("memory", None)
    states = await deps.health.look()
    return shapes.Health(
        status=ready["status"],
        version=deps.version,
        python=platform.python_version(),
        streams=deps.open_streams(),
        stores=[shapes.StoreState(name=name, **check) for name, check in ready["checks"].items()],
        memory_troubles=memory["troubles"] if memory else [],
        shards=[shapes.shard(name, state) for name, state in states.items()],
        workers=[worker for name, state in states.items() for worker in shapes.workers(name, state)],
    )


@router.get("/log/", summary="What administrators did", responses=_ADMINS)
async def log(
    request: Request, response: Response, admin: Admin, deps: Deps, limit: Limit = 50, cursor: Cursor = None
) -> shapes.AdminLogPage:
    """The newest first."""
    rows, more = await deps.admin_log.page(limit, read_message_cursor(cursor))
    following = message_cursor(rows[-1].id) if more else None
    if following:
        response.headers["Link"] = next_link(request, following)
    return shapes.AdminLogPage(items=[shapes.deed(row) for row in rows], next_cursor=following)


async def _settings(deps: GatewayDeps, chosen: Chosen) -> shapes.AdminSettings:
    state = await deps.users.registration()
    return shapes.settings(chosen, state.policy, deps.usual_limits)


def _site(request: Request, deps: GatewayDeps) -> str:
    return (deps.options.public_url or str(request.base_url)).rstrip("/")
