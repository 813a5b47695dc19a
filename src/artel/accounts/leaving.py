"""Takes a user out of the directory for good, and keeps the list of those of whom something may be left somewhere.

The row of `users` goes and a row of `erasures` comes in one transaction: from that commit on nobody is that user, and
whoever looks next knows what remains to be done (`space.erasure`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.administrators import LastAdministrator, one_at_a_time, others_manage
from artel.accounts.emails import normal_email
from artel.accounts.passwords import Passwords
from artel.accounts.revocation import Revocations, Revoked
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import FieldProblem, Forbidden, Invalid, Unauthenticated
from artel.store.retention_tables import Erasure
from artel.store.shards import Shards
from artel.store.tables import User

RECENT = timedelta(hours=1)
_CLAIM_SECONDS = 15.0
_DUE_AT_ONCE = 20


class WrongPassword(Forbidden):
    """The password is another. Nothing was deleted."""

    slug = "wrong-password"


class SignInAgain(Forbidden):
    """This browser signed in more than an hour ago. Send the password along, or sign in again and repeat this."""

    slug = "sign-in-again"


@dataclass(frozen=True, slots=True)
class Consent:
    """What shows that the user means it. What is given must be right."""

    password: str | None = None
    email: str | None = None
    sign_in_id: UUID | None = None
    """Of the browser; None when a program asks by its key."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """A user who is to be removed from the stores, and the steps that are over."""

    id: int
    done: frozenset[str]


class Leaving:
    """The directory's part in it."""

    def __init__(self, shards: Shards, passwords: Passwords, revocations: Revocations, clock: Clock = utc_now) -> None:
        self._shards = shards
        self._passwords = passwords
        self._revocations = revocations
        self._clock = clock

    async def check(self, user_id: int, consent: Consent) -> None:
        """Passes when the user may be believed to mean it.

        Raises:
            WrongPassword, SignInAgain, Invalid: and nothing happened.
        """
        async with self._shards.system_tx() as session:
            user = await session.get(User, user_id)
        if user is None:
            raise Unauthenticated
        if consent.email is not None and _plain(consent.email) != user.email:
            fields = [FieldProblem("confirm", "This is not the address of your account.", "not_your_email")]
            raise Invalid("To confirm, write the address of your account.", reason="not-your-email", fields=fields)
        if consent.password is not None:
            if not await self._passwords.verify(consent.password, user.password_hash):
                raise WrongPassword
        elif consent.sign_in_id is not None and not await self._is_recent(user_id, consent.sign_in_id):
            raise SignInAgain

    async def begin(self, user_id: int) -> None:
        """Ends the account: from now on there is no such user. What is left in the stores is on the list.

        Raises:
            Unauthenticated: there is no such user.
            LastAdministrator: nothing was changed.
            StoreUnavailable: the user is being moved; nothing was changed.
        """
        async with self._shards.user_tx(user_id):
            pass
        async with self._shards.system_tx() as session:
            await one_at_a_time(session)
            user = await session.get(User, user_id, with_for_update=True)
            if user is None:
                raise Unauthenticated
            if user.role == "admin" and not await others_manage(session, user_id) and await _others(session, user_id):
                raise LastAdministrator
            await session.delete(user)
            await session.execute(_BEGIN, {"id": user_id, "seconds": _CLAIM_SECONDS})
        await self._revocations.publish(Revoked(user_id, None))

    async def claim(self, user_id: int | None = None) -> Sequence[Leaver]:
        """Those whose time has come, or this one: nobody else is given them for some seconds."""
        async with self._shards.system_tx() as session:
            if user_id is None:
                rows = await session.execute(_CLAIM_DUE, {"seconds": _CLAIM_SECONDS, "at_most": _DUE_AT_ONCE})
            else:
                rows = await session.execute(_CLAIM_ONE, {"seconds": _CLAIM_SECONDS, "id": user_id})
            return [Leaver(row.id, frozenset(row.done)) for row in rows]

    async def note(self, user_id: int, step: str) -> None:
        """This step is over, and need not be repeated."""
        async with self._shards.system_tx() as session:
            await session.execute(_NOTE, {"id": user_id, "step": step, "seconds": _CLAIM_SECONDS})

    async def postpone(self, user_id: int, seconds: float) -> None:
        """Nothing is to be done before."""
        async with self._shards.system_tx() as session:
            await session.execute(_POSTPONE, {"id": user_id, "seconds": seconds})

    async def finish(self, user_id: int) -> None:
        """Nothing is left anywhere."""
        async with self._shards.system_tx() as session:
            await session.execute(delete(Erasure).where(Erasure.id == user_id))

    async def _is_recent(self, user_id: int, sign_in_id: UUID) -> bool:
        async with self._shards.user_tx(user_id) as tx:
            opened = await tx.fetchval(_OPENED, user_id, sign_in_id)
        return opened is not None and opened >= self._clock() - RECENT


async def _others(session: AsyncSession, user_id: int) -> bool:
    return bool(await session.scalar(select(func.count()).where(User.id != user_id)))


def _plain(email: str) -> str:
    try:
        return normal_email(email)
    except Invalid:
        return ""


_BEGIN = text(
    "insert into erasures (id, not_before) values (:id, now() + :seconds * interval '1 second') on conflict do nothing"
)
_CLAIM_DUE = text(
    """
    update erasures set not_before = now() + :seconds * interval '1 second'
    where id in (select id from erasures where not_before <= now() order by not_before limit :at_most
        for update skip locked)
    returning id, done
    """
)
_CLAIM_ONE = text(
    "update erasures set not_before = now() + :seconds * interval '1 second' where id = :id returning id, done"
)
_NOTE = text(
    """
    update erasures set done = done || to_jsonb(cast(:step as text)),
        not_before = now() + :seconds * interval '1 second'
    where id = :id and not done ? :step
    """
)
_POSTPONE = text("update erasures set not_before = now() + :seconds * interval '1 second' where id = :id")
_OPENED = "select created_at from sign_ins where user_id = $1 and id = $2"
