"""Invitations: each lets one person in, whatever the policy. The link's token is shown once; its hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.admin_log import Deed, note
from artel.accounts.emails import normal_email
from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Forbidden, NotFound
from artel.kit.ids import IdMaker
from artel.kit.secrets import new_secret, token_hash
from artel.store.limits_tables import Invitation
from artel.store.shards import Shards

Role = Literal["admin", "user"]

USUAL_DAYS: Final = 7
MAX_DAYS: Final = 90


class InvitationInvalid(Forbidden):
    """This invitation does not open anything: it was used or withdrawn, it is too old, or it is for another address.
    Ask whoever sent it for a new one."""

    slug = "invitation-invalid"


class NoSuchInvitation(NotFound):
    """There is no open invitation under this id."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """One that is open."""

    id: UUID
    email: str | None
    """None: whoever has the link may use it."""
    role: Role
    created_by: int | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """What its maker sees, once."""

    view: InvitationView
    token: str = field(repr=False)


class Invitations:
    """Makes, lists and withdraws them."""

    def __init__(self, shards: Shards, ids: IdMaker, clock: Clock = utc_now) -> None:
        self._shards = shards
        self._ids = ids
        self._clock = clock

    async def make(
        self, actor: int | None, *, email: str | None = None, role: Role = "user", days: int = USUAL_DAYS
    ) -> NewInvitation:
        """A new one, for `days` days (1 to `MAX_DAYS`).

        Raises:
            Invalid: the address is none.
        """
        token, now = new_secret(), self._clock()
        row = Invitation(
            id=self._ids.uuid(),
            token_hash=token_hash(token),
            email=normal_email(email) if email else None,
            role=role,
            created_by=actor,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        async with self._shards.system_tx() as session:
            await session.execute(delete(Invitation).where(Invitation.expires_at <= now))
            session.add(row)
            note(session, self._ids.uuid(), actor, Deed("invite", details={"invitation": str(row.id), "role": role}))
        return NewInvitation(_view(row), token)

    async def open(self) -> Sequence[InvitationView]:
        """Those that still let somebody in, the newest first."""
        query = select(Invitation).where(Invitation.expires_at > self._clock())
        async with self._shards.system_tx() as session:
            return [_view(row) for row in await session.scalars(query.order_by(Invitation.id.desc()))]

    async def find(self, token: str) -> InvitationView:
        """What a link is good for.

        Raises:
            InvitationInvalid: nothing.
        """
        query = select(Invitation).where(
            Invitation.token_hash == token_hash(token), Invitation.expires_at > self._clock()
        )
        async with self._shards.system_tx() as session:
            row = await session.scalar(query)
        if row is None:
            raise InvitationInvalid
        return _view(row)

    async def expects(self, email: str) -> bool:
        """Whether there is one for this address."""
        query = select(Invitation.id).where(Invitation.email == email, Invitation.expires_at > self._clock()).limit(1)
        async with self._shards.system_tx() as session:
            return await session.scalar(query) is not None

    async def withdraw(self, actor: int | None, invitation_id: UUID) -> None:
        """From now on it lets nobody in.

        Raises:
            NoSuchInvitation: it is not open.
        """
        gone = delete(Invitation).where(Invitation.id == invitation_id)
        async with self._shards.system_tx() as session:
            if await session.scalar(gone.returning(Invitation.id)) is None:
                raise NoSuchInvitation
            note(session, self._ids.uuid(), actor, Deed("uninvite", details={"invitation": str(invitation_id)}))


async def use(session: AsyncSession, token: str, email: str, now: datetime) -> tuple[UUID, Role]:
    """Uses an invitation up, in the transaction that makes the account; answers its id and the role it gives. Of
    several at once the second waits for the first, and then finds it gone.

    Raises:
        InvitationInvalid: it does not let this address in; roll back.
    """
    used = delete(Invitation).where(Invitation.token_hash == token_hash(token), Invitation.expires_at > now)
    row = (await session.execute(used.returning(Invitation.id, Invitation.role, Invitation.email))).one_or_none()
    if row is None or row.email not in (None, email):
        raise InvitationInvalid
    return row.id, "admin" if row.role == "admin" else "user"


async def use_of(session: AsyncSession, email: str, now: datetime) -> tuple[UUID, Role] | None:
    """Uses up an invitation for an address that is proved, as `use` does; None where there is none."""
    first = select(Invitation.id).where(Invitation.email == email, Invitation.expires_at > now)
    used = delete(Invitation).where(Invitation.id.in_(first.order_by(Invitation.id).limit(1)))
    row = (await session.execute(used.returning(Invitation.id, Invitation.role))).one_or_none()
    return None if row is None else (row.id, "admin" if row.role == "admin" else "user")


def _view(row: Invitation) -> InvitationView:
    return InvitationView(row.id, row.email, cast(Role, row.role), row.created_by, row.created_at, row.expires_at)
