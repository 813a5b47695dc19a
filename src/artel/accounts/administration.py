"""What an administrator does to accounts: looks them up, changes, signs out, erases. Never what somebody said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.admin_log import Deed, note
from artel.accounts.administrators import LastAdministrator, one_at_a_time, others_manage
from artel.accounts.password_links import NoSuchAccount
from artel.accounts.principal import Principal
from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.sign_ins import SignIns
from artel.accounts.spending import month_start
from artel.accounts.sums import Sums, sums_of
from artel.accounts.users import Account, Role, account_of
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Forbidden, Unauthenticated
from artel.kit.ids import IdMaker
from artel.store.limits import Value
from artel.store.shards import Shards
from artel.store.tables import User

BeginErasure = Callable[[int], Awaitable[None]]
"""Begins to erase a user and everything they own, durably; the account is of no use to anybody when it returns."""


class AdminsOnly(Forbidden):
    """Only administrators may do that. Ask one of them, or sign in as one."""

    slug = "admins-only"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None: as it is. `limits`: by name; with None a limit follows everybody's again."""

    role: Role | None = None
    is_active: bool | None = None
    limits: Mapping[str, Value | None] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An account as an administrator sees it. `sums` None: its shard does not answer."""

    account: Account
    limits: Mapping[str, Value]
    """The user's own."""
    sums: Sums | None


class Administration:
    """Everything is asked of the directory anew; a change is one transaction there, and news to every process."""

    def __init__(
        self,
        shards: Shards,
        ids: IdMaker,
        sign_ins: SignIns,
        revocations: Revocations,
        clock: Clock = utc_now,
    ) -> None:
        self._shards = shards
        self._ids = ids
        self._sign_ins = sign_ins
        self._revocations = revocations
        self._clock = clock

    async def require(self, principal: Principal) -> None:
        """Passes for who is an administrator at this moment.

        Raises:
            Unauthenticated: there is no such active account any more.
            AdminsOnly: it is another one.
        """
        async with self._shards.system_tx() as session:
            user = await session.get(User, principal.user_id)
        if user is None or not user.is_active:
            raise Unauthenticated
        if user.role != "admin":
            raise AdminsOnly

    async def page(self, q: str | None, limit: int, after: int | None) -> tuple[Sequence[Person], bool]:
        """Accounts by their ids, at most `limit`, and whether there are more. q: a part of the address, or an id."""
        query = select(User).order_by(User.id).limit(limit + 1)
        if after is not None:
            query = query.where(User.id > after)
        if q:
            part = User.email.icontains(q.strip(), autoescape=True)
            query = query.where(or_(part, User.id == int(q)) if q.isascii() and q.isdigit() and len(q) < 16 else part)
        async with self._shards.system_tx() as session:
            users = (await session.scalars(query)).all()
        return await self._people(users[:limit]), len(users) > limit

    async def person(self, account_id: int) -> Person:
        """One account.

        Raises:
            NoSuchAccount: there is none.
        """
        async with self._shards.system_tx() as session:
            user = await _existing(session, account_id)
        [person] = await self._people([user])
        return person

    async def change(self, actor: int | None, account_id: int, change: Change) -> Person:
        """Changes what is given; streams of the account are looked at again at once, its work ends with its right.

        Raises:
            NoSuchAccount, LastAdministrator: nothing was changed.
        """
        details: dict[str, Any] = {}
        async with self._shards.system_tx() as session:
            await one_at_a_time(session)
            user = await _existing(session, account_id)
            if change.role == "user" or change.is_active is False:
                await _leave_an_admin(session, user)
            if change.role is not None and change.role != user.role:
                user.role = details["role"] = change.role
            if change.is_active is not None and change.is_active != user.is_active:
                user.is_active = details["is_active"] = change.is_active
            if change.limits:
                both = {**user.limits, **change.limits}
                user.limits = {name: value for name, value in both.items() if value is not None}
                details["limits"] = dict(change.limits)
            if details:
                note(session, self._ids.uuid(), actor, Deed("change", account_id, details))
        if details:
            await self._revocations.publish(Revoked(account_id, None))
        [person] = await self._people([user])
        return person

    async def sign_out(self, actor: int | None, account_id: int) -> None:
        """Ends every sign-in of the account. Its API keys stay.

        Raises:
            NoSuchAccount: there is none.
        """
        async with self._shards.system_tx() as session:
            await _existing(session, account_id)
            note(session, self._ids.uuid(), actor, Deed("sign_out", account_id))
        await self._sign_ins.revoke_others(account_id, kept=None)

    async def delete(self, actor: int | None, account_id: int, erase: BeginErasure) -> None:
        """Shuts the account out at once, and begins to erase everything it owns.

        Raises:
            NoSuchAccount, LastAdministrator: nothing was changed.
        """
        async with self._shards.system_tx() as session:
            await one_at_a_time(session)
            user = await _existing(session, account_id)
            await _leave_an_admin(session, user)
            user.is_active = False
            note(session, self._ids.uuid(), actor, Deed("delete", account_id))
        await self._revocations.publish(Revoked(account_id, None))
        await erase(account_id)

    async def _people(self, users: Sequence[User]) -> Sequence[Person]:
        homes = [(user.id, user.shard) for user in users]
        sums = await sums_of(self._shards, homes, month_start(self._clock()))
        return [Person(account_of(user), user.limits, sums.get(user.id)) for user in users]


async def _existing(session: AsyncSession, account_id: int) -> User:
    user = await session.get(User, account_id)
    if user is None:
        raise NoSuchAccount
    return user


async def _leave_an_admin(session: AsyncSession, user: User) -> None:
    if user.role != "admin" or not user.is_active:
        return
    if not await others_manage(session, user.id):
        raise LastAdministrator
