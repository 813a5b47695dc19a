"""The directory of users: registration, passwords, roles, and who may not come in any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.emails import normal_email
from artel.accounts.passwords import Passwords
from artel.accounts.revocation import Revocations, Revoked
from artel.kit.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound, Unauthenticated
from artel.store.shards import Shards
from artel.store.tables import User

Registration = Literal["first", "open", "closed"]
Role = Literal["admin", "user"]
Locale = Literal["ru", "en"]

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(7233, 3)")


class EmailTaken(Conflict):
    """There is already an account with this address. Sign in instead."""

    slug = "email-taken"


class RegistrationClosed(Forbidden):
    """Registration is closed. Ask the administrator of this server for an account."""

    slug = "registration-closed"


class WrongCredentials(Unauthenticated):
    """The address or the password is wrong, or the account is disabled."""

    slug = "wrong-credentials"


class NoSuchUser(NotFound):
    """There is no user with this address."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a user sees of their own account, and the administrator of everyone's."""

    id: int
    email: str
    role: Role
    locale: Locale
    shard: str
    is_active: bool
    created_at: datetime
    has_password: bool = True
    """False where one signs in through a provider only."""


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """Whether a stranger may make an account now."""

    policy: Registration
    can_register: bool
    needs_first_account: bool


AlsoInDirectory = Callable[[AsyncSession, int], Awaitable[None]]
"""Something more about a new user, whose id it is given, that stands in the directory too."""


class Users:
    """Everything that happens to rows of the directory."""

    def __init__(
        self, shards: Shards, passwords: Passwords, revocations: Revocations, registration: Registration
    ) -> None:
        self._shards = shards
        self._passwords = passwords
        self._revocations = revocations
        self._registration: Registration = registration

    async def registration(self) -> RegistrationState:
        """What the sign-up page needs to know."""
        async with self._shards.system_tx() as session:
            empty = not await session.scalar(select(select(User.id).exists()))
        return RegistrationState(self._registration, self._allows(empty=empty), needs_first_account=empty)

    async def admits(self, email: str, *, proved: bool) -> bool:
        """Whether somebody with this address may make an account now.

        proved: that the address is theirs was said by who can tell; without it, being named somewhere is worth nothing.
        """
        del email, proved
        return (await self.registration()).can_register

    async def register(self, email: str, password: str, locale: Locale = "en") -> Account:
        """A stranger makes an account; the first one of all is an administrator.

        Raises:
            RegistrationClosed, EmailTaken, Invalid: nothing was stored.
        """
        # Asked again under the lock; this first look spares strangers' passwords the expensive hash.
        if not (await self.registration()).can_register:
            raise RegistrationClosed
        return await self._create(normal_email(email), await self._passwords.hash(password), locale, invited_as=None)

    async def register_through(self, email: str, locale: Locale, *, proved: bool, also: AlsoInDirectory) -> Account:
        """Somebody whom a provider vouches for makes an account, which has no password.

        proved: the address, as `admits` has it. also: runs in the transaction that makes the account.

        Raises:
            RegistrationClosed, EmailTaken, Invalid: nothing was stored.
        """
        email = normal_email(email)
        if not await self.admits(email, proved=proved):
            raise RegistrationClosed
        return await self._create(email, None, locale, invited_as=None, also=also)

    async def add(self, email: str, password: str, role: Role = "user", locale: Locale = "en") -> Account:
        """The administrator makes an account for somebody, whatever the policy.

        Raises:
            EmailTaken, Invalid: nothing was stored.
        """
        return await self._create(normal_email(email), await self._passwords.hash(password), locale, invited_as=role)

    async def log_in(self, email: str, password: str) -> Account:
        """The account of this address and password.

        Raises:
            WrongCredentials: always the same, and after the same time, whatever is wrong.
        """
        try:
            wanted = normal_email(email)
        except Invalid:
            wanted = ""
        async with self._shards.system_tx() as session:
            user = await session.scalar(select(User).where(User.email == wanted))
        matches = await self._passwords.verify(password, user.password_hash if user else None)
        if user is None or not matches or not user.is_active:
            raise WrongCredentials
        return _account(user)

    async def get(self, user_id: int) -> Account:
        """The account.

        Raises:
            Unauthenticated: there is no such user any more.
        """
        async with self._shards.system_tx() as session:
            return _account(await _existing(session, user_id))

    async def set_locale(self, user_id: int, locale: Locale) -> Account:
        """Changes the language in which the server speaks to the user."""
        async with self._shards.system_tx() as session:
            user = await _existing(session, user_id)
            user.locale = locale
        await self._tell(user_id)
        return _account(user)

    async def change_password(self, user_id: int, current: str, new: str) -> None:
        """Sets a new password for who knows the present one. Sign-ins stay as they are.

        Raises:
            Invalid: the present password is another, or the new one cannot be used.
        """
        await self.check_password(user_id, current)
        await self._set_password(user_id, new)

    async def check_password(self, user_id: int, password: str) -> None:
        """Lets through who knows the present password.

        Raises:
            Invalid: it is another one, or there is none.
        """
        async with self._shards.system_tx() as session:
            stored = (await _existing(session, user_id)).password_hash
        if not await self._passwords.verify(password, stored):
            raise Invalid(
                "The present password is another.", fields=[FieldProblem("current_password", "This is not it.")]
            )

    async def set_first_password(self, user_id: int, new: str) -> None:
        """Gives an account that has no password one. The caller makes sure that it is really its user who asks.

        Raises:
            Invalid: the new one cannot be used.
            Conflict: there is one already.
        """
        if (await self.get(user_id)).has_password:
            raise Conflict("This account has a password already. Send it as `current_password`.")
        await self._set_password(user_id, new)

    async def forget_password(self, user_id: int) -> None:
        """From now on there is no password that opens the account."""
        async with self._shards.system_tx() as session:
            (await _existing(session, user_id)).password_hash = None

    async def _set_password(self, user_id: int, new: str) -> None:
        try:
            new_hash = await self._passwords.hash(new)
        except Invalid as error:
            fields = [FieldProblem("new_password", problem.message) for problem in error.fields]
            raise Invalid(error.detail, fields=fields) from error
        async with self._shards.system_tx() as session:
            (await _existing(session, user_id)).password_hash = new_hash

    async def all(self) -> Sequence[Account]:
        """Everybody, oldest first."""
        async with self._shards.system_tx() as session:
            return [_account(user) for user in await session.scalars(select(User).order_by(User.id))]

    async def named(self, email: str) -> Account:
        """The account of this address, for an administrator.

        Raises:
            NoSuchUser: there is none.
        """
        async with self._shards.system_tx() as session:
            user = await session.scalar(select(User).where(User.email == normal_email(email)))
        if user is None:
            raise NoSuchUser
        return _account(user)

    async def set_active(self, email: str, *, active: bool) -> Account:
        """Lets a user in again, or keeps them out: their streams and requests end at once, their data stays.

        Raises:
            NoSuchUser: nobody has this address.
        """
        async with self._shards.system_tx() as session:
            user = await session.scalar(select(User).where(User.email == normal_email(email)))
            if user is None:
                raise NoSuchUser
            user.is_active = active
        await self._tell(user.id)
        return _account(user)

    async def _tell(self, user_id: int) -> None:
        await self._revocations.publish(Revoked(user_id, None))

    def _allows(self, *, empty: bool) -> bool:
        return self._registration == "open" or (self._registration == "first" and empty)

    async def _create(
        self,
        email: str,
        password_hash: str | None,
        locale: Locale,
        *,
        invited_as: Role | None,
        also: AlsoInDirectory | None = None,
    ) -> Account:
        async with self._shards.system_tx() as session:
            if await session.scalar(select(User.id).where(User.email == email)):
                raise EmailTaken
            user_id = await session.scalar(text("select nextval(pg_get_serial_sequence('users', 'id'))"))
            shard = _emptiest(self._shards.by_name, await _population(session))
        # The space comes first: an account without a space could not be used, a space without an account hurts nobody.
        await self._shards.open_space(user_id, shard)
        try:
            async with self._shards.system_tx() as session:
                await session.execute(_ONE_AT_A_TIME)
                empty = not await session.scalar(select(select(User.id).exists()))
                if invited_as is None and not self._allows(empty=empty):
                    raise RegistrationClosed
                user = User(
                    id=user_id,
                    email=email,
                    password_hash=password_hash,
                    role=invited_as or ("admin" if empty else "user"),
                    locale=locale,
                    shard=shard,
                )
                session.add(user)
                await session.flush()
                await session.refresh(user)
                if also:
                    await also(session, user_id)
        except IntegrityError as error:
            raise EmailTaken from error
        return _account(user)


async def _existing(session: AsyncSession, user_id: int) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise Unauthenticated
    return user


async def _population(session: AsyncSession) -> Mapping[str, int]:
    rows = await session.execute(select(User.shard, func.count()).group_by(User.shard))
    return dict(rows.all())


def _emptiest(shards: Mapping[str, object], population: Mapping[str, int]) -> str:
    return min(shards, key=lambda name: population.get(name, 0))


def _account(user: User) -> Account:
    role: Role = "admin" if user.role == "admin" else "user"
    locale: Locale = "ru" if user.locale == "ru" else "en"
    return Account(
        id=user.id,
        email=user.email,
        role=role,
        locale=locale,
        shard=user.shard,
        is_active=user.is_active,
        created_at=user.created_at,
        has_password=user.password_hash is not None,
    )
