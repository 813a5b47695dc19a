"""The directory of users: registration, passwords, roles, and who may not come in any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts import invitations
from artel.accounts.admin_log import Deed, note
from artel.accounts.administrators import one_at_a_time
from artel.accounts.emails import normal_email
from artel.accounts.invitations import InvitationInvalid, Invitations, Role
from artel.accounts.passwords import Passwords
from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.server_settings import Registration, read_chosen
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound, Unauthenticated
from artel.kit.ids import IdMaker
from artel.store.placement import choose_shard
from artel.store.shards import Shards
from artel.store.tables import User

Locale = Literal["ru", "en"]


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
        self,
        shards: Shards,
        passwords: Passwords,
        revocations: Revocations,
        registration: Registration,
        ids: IdMaker | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """registration: where no administrator has chosen otherwise."""
        ids = ids or IdMaker()
        self._shards = shards
        self._passwords = passwords
        self._revocations = revocations
        self._registration: Registration = registration
        self._ids = ids
        self._clock = clock
        self.invitations = Invitations(shards, ids, clock)

    async def registration(self) -> RegistrationState:
        """What the sign-up page needs to know."""
        async with self._shards.system_tx() as session:
            return await self._state(session)

    async def admits(self, email: str, *, proved: bool) -> bool:
        """Whether somebody with this address may make an account now.

        proved: that the address is theirs was said by who can tell; without it, being named somewhere is worth nothing.
        """
        if (await self.registration()).can_register:
            return True
        return proved and await self.invitations.expects(normal_email(email))

    async def register(
        self, email: str, password: str, locale: Locale = "en", invitation: str | None = None
    ) -> Account:
        """A stranger makes an account; the first one of all is an administrator. invitation: the token of a link, which
        lets one in whatever the policy, and is used up.

        Raises:
            RegistrationClosed, InvitationInvalid, EmailTaken, Invalid: nothing was stored.
        """
        wanted = normal_email(email)
        # Asked again under the lock; this first look spares strangers' passwords the expensive hash.
        if invitation is not None:
            if (await self.invitations.find(invitation)).email not in (None, wanted):
                raise InvitationInvalid
        elif not (await self.registration()).can_register:
            raise RegistrationClosed
        hashed = await self._passwords.hash(password)
        return await self._create(wanted, hashed, locale, invited_as=None, invitation=invitation)

    async def register_through(self, email: str, locale: Locale, *, proved: bool, also: AlsoInDirectory) -> Account:
        """Somebody whom a provider vouches for makes an account, which has no password. An invitation for the address
        is used up, if it is theirs for sure.

        proved: the address, as `admits` has it. also: runs in the transaction that makes the account.

        Raises:
            RegistrationClosed, EmailTaken, Invalid: nothing was stored.
        """
        email = normal_email(email)
        if not await self.admits(email, proved=proved):
            raise RegistrationClosed
        return await self._create(email, None, locale, invited_as=None, proved=proved, also=also)

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
        return account_of(user)

    async def get(self, user_id: int) -> Account:
        """The account.

        Raises:
            Unauthenticated: there is no such user any more.
        """
        async with self._shards.system_tx() as session:
            return account_of(await _existing(session, user_id))

    async def set_locale(self, user_id: int, locale: Locale) -> Account:
        """Changes the language in which the server speaks to the user."""
        async with self._shards.system_tx() as session:
            user = await _existing(session, user_id)
            user.locale = locale
        await self._tell(user_id)
        return account_of(user)

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
            fields = [FieldProblem("current_password", "This is not it.", "password_differs")]
            raise Invalid("The present password is another.", reason="password-differs", fields=fields)

    async def set_first_password(self, user_id: int, new: str) -> None:
        """Gives an account that has no password one. The caller makes sure that it is really its user who asks.

        Raises:
            Invalid: the new one cannot be used.
            Conflict: there is one already.
        """
        if (await self.get(user_id)).has_password:
            raise Conflict(
                "This account has a password already. Send it as `current_password`.", reason="password-is-set"
            )
        await self._set_password(user_id, new)

    async def forget_password(self, user_id: int) -> None:
        """From now on there is no password that opens the account."""
        async with self._shards.system_tx() as session:
            (await _existing(session, user_id)).password_hash = None

    async def _set_password(self, user_id: int, new: str) -> None:
        try:
            new_hash = await self._passwords.hash(new)
        except Invalid as error:
            fields = [replace(problem, field="new_password") for problem in error.fields]
            raise Invalid(error.detail, reason=error.reason, fields=fields) from error
        async with self._shards.system_tx() as session:
            (await _existing(session, user_id)).password_hash = new_hash

    async def all(self) -> Sequence[Account]:
        """Everybody, oldest first."""
        async with self._shards.system_tx() as session:
            return [account_of(user) for user in await session.scalars(select(User).order_by(User.id))]

    async def named(self, email: str) -> Account:
        """The account of this address, for an administrator.

        Raises:
            NoSuchUser: there is none.
        """
        async with self._shards.system_tx() as session:
            user = await session.scalar(select(User).where(User.email == normal_email(email)))
        if user is None:
            raise NoSuchUser
        return account_of(user)

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
            note(session, self._ids.uuid(), None, Deed("change", user.id, {"is_active": active}))
        await self._tell(user.id)
        return account_of(user)

    async def _tell(self, user_id: int) -> None:
        await self._revocations.publish(Revoked(user_id, None))

    async def _state(self, session: AsyncSession) -> RegistrationState:
        empty = not await session.scalar(select(select(User.id).exists()))
        policy = (await read_chosen(session)).registration or self._registration
        allows = policy == "open" or (policy == "first" and empty)
        return RegistrationState(policy, allows, needs_first_account=empty)

    async def _create(
        self,
        email: str,
        password_hash: str | None,
        locale: Locale,
        *,
        invited_as: Role | None,
        invitation: str | None = None,
        proved: bool = False,
        also: AlsoInDirectory | None = None,
    ) -> Account:
        async with self._shards.system_tx() as session:
            if await session.scalar(select(User.id).where(User.email == email)):
                raise EmailTaken
            user_id = await session.scalar(text("select nextval(pg_get_serial_sequence('users', 'id'))"))
            shard = await choose_shard(session, self._shards.by_name)
        # The space comes first: an account without a space could not be used, a space without an account hurts nobody.
        await self._shards.open_space(user_id, shard)
        try:
            async with self._shards.system_tx() as session:
                await one_at_a_time(session)
                used = None
                if invitation is not None:
                    used, invited_as = await invitations.use(session, invitation, email, self._clock())
                elif proved and (expected := await invitations.use_of(session, email, self._clock())):
                    used, invited_as = expected
                if used is not None:
                    note(session, self._ids.uuid(), user_id, Deed("join", user_id, {"invitation": str(used)}))
                state = await self._state(session)
                if invited_as is None and not state.can_register:
                    raise RegistrationClosed
                user = User(
                    id=user_id,
                    email=email,
                    password_hash=password_hash,
                    role=invited_as or ("admin" if state.needs_first_account else "user"),
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
        return account_of(user)


async def _existing(session: AsyncSession, user_id: int) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise Unauthenticated
    return user


def account_of(user: User) -> Account:
    """As it stands in the directory."""
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
