"""Links by which somebody who forgot their password chooses a new one. An administrator makes and hands them over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from artel.accounts.admin_log import Deed, note
from artel.accounts.passwords import Passwords
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Forbidden, NotFound
from artel.kit.ids import IdMaker
from artel.kit.secrets import new_secret, token_hash
from artel.store.limits_tables import PasswordLink
from artel.store.shards import Shards
from artel.store.tables import User

LIFETIME: Final = timedelta(days=1)


class PasswordLinkInvalid(Forbidden):
    """This link does not open anything: it was used, a newer one was made, or it is older than a day. Ask the
    administrator for a new one."""

    slug = "password-link-invalid"


class NoSuchAccount(NotFound):
    """There is no account under this id."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """What its maker sees, once."""

    token: str = field(repr=False)
    expires_at: datetime


class PasswordLinks:
    """Makes them and takes them."""

    def __init__(self, shards: Shards, ids: IdMaker, passwords: Passwords, clock: Clock = utc_now) -> None:
        self._shards = shards
        self._ids = ids
        self._passwords = passwords
        self._clock = clock

    async def make(self, actor: int | None, account_id: int) -> NewLink:
        """A new link; an earlier one is worth nothing any more.

        Raises:
            NoSuchAccount: there is none.
        """
        made = NewLink(new_secret(), self._clock() + LIFETIME)
        values = {"token_hash": token_hash(made.token), "expires_at": made.expires_at}
        new = insert(PasswordLink).values(account_id=account_id, **values)
        async with self._shards.system_tx() as session:
            if await session.get(User, account_id) is None:
                raise NoSuchAccount
            await session.execute(new.on_conflict_do_update(index_elements=["account_id"], set_=values))
            note(session, self._ids.uuid(), actor, Deed("password_link", account_id))
        return made

    async def use(self, token: str, password: str) -> int:
        """Sets the password and uses the link up; answers the account's id.

        Raises:
            PasswordLinkInvalid: nothing was changed.
            Invalid: the password cannot be used; the link still holds.
        """
        hashed = await self._passwords.hash(password)
        used = delete(PasswordLink).where(
            PasswordLink.token_hash == token_hash(token), PasswordLink.expires_at > self._clock()
        )
        async with self._shards.system_tx() as session:
            account_id = await session.scalar(used.returning(PasswordLink.account_id))
            user = None if account_id is None else await session.get(User, account_id)
            if user is None:
                raise PasswordLinkInvalid
            user.password_hash = hashed
            note(session, self._ids.uuid(), user.id, Deed("password_reset", user.id))
        return user.id
