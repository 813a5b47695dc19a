"""Asking somebody who is signed in to prove once more who they are, before a way into their account is made."""

from __future__ import annotations

from starlette.requests import Request

from artel.accounts.principal import Principal
from artel.gateway.deps import GatewayDeps
from artel.gateway.requests import address_of
from artel.kit.errors import Forbidden


class SignInAnew(Forbidden):
    """Sign in anew first: this account has no password to ask for, and this sign-in is more than 15 minutes old."""

    slug = "sign-in-anew"


async def prove_again(request: Request, deps: GatewayDeps, principal: Principal, password: str | None) -> None:
    """Lets through who knows the password, or who signed in just now where there is none.

    Raises:
        Invalid: another password. SignInAnew: there is none, and the sign-in is too old.
    """
    account = await deps.users.get(principal.user_id)
    if not account.has_password:
        if not await deps.sign_ins.is_fresh(principal.user_id, principal.sign_in_id):
            raise SignInAnew
        return
    await deps.attempts.count(account.email, address_of(request))
    await deps.users.check_password(principal.user_id, password or "")
