"""Identities in the directory: whose account a person of the provider's opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.administrators import one_at_a_time, others_manage
from artel.accounts.oidc.model import OidcFailure, Who
from artel.accounts.users import Role
from artel.store.identity_tables import Identity
from artel.store.shards import Shards
from artel.store.tables import User


@dataclass(frozen=True, slots=True)
class IdentityView:
    """A linked identity as its owner sees it."""

    issuer: str
    email: str | None
    created_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Identities:
    """Rows of the directory, across users: whom a subject belongs to is what a sign-in asks."""

    shards: Shards

    async def account_of(self, who: Who) -> int | None:
        """The user whom this person is; None when nobody. Notes that they came."""
        used = (
            update(Identity)
            .where(Identity.issuer == who.issuer, Identity.subject == who.subject)
            .values(used_at=func.now(), email=who.email)
            .returning(Identity.account)
        )
        async with self.shards.system_tx() as session:
            return await session.scalar(used)

    async def of(self, user_id: int, issuer: str) -> IdentityView | None:
        """The user's identity at this provider."""
        async with self.shards.system_tx() as session:
            row = await session.scalar(select(Identity).where(Identity.account == user_id, Identity.issuer == issuer))
        return row and IdentityView(row.issuer, row.email, row.created_at, row.used_at)

    async def link(self, user_id: int, who: Who) -> None:
        """From now on this person is that user.

        Raises:
            OidcFailure: linked_elsewhere, linked_already (to another person of the same provider).
        """
        try:
            async with self.shards.system_tx() as session:
                await add_identity(session, user_id, who)
        except IntegrityError as error:
            owner = await self.account_of(who)
            if owner == user_id:
                return
            raise OidcFailure("linked_already" if owner is None else "linked_elsewhere") from error

    async def unlink(self, user_id: int, issuer: str) -> None:
        """Takes it away; harmless where there is none."""
        async with self.shards.system_tx() as session:
            await session.execute(delete(Identity).where(Identity.account == user_id, Identity.issuer == issuer))

    async def set_role(self, user_id: int, role: Role) -> bool:
        """Whether the role is another one now. The last active administrator stays one."""
        async with self.shards.system_tx() as session:
            if role == "user":
                await one_at_a_time(session)
                if not await others_manage(session, user_id):
                    return False
            changed = update(User).where(User.id == user_id, User.role != role).values(role=role).returning(User.id)
            return await session.scalar(changed) is not None


async def add_identity(session: AsyncSession, user_id: int, who: Who) -> None:
    """One more row, in a transaction of the directory.

    Raises:
        IntegrityError: the person is somebody already, or the user has another identity there.
    """
    row = {"issuer": who.issuer, "subject": who.subject, "account": user_id, "email": who.email}
    await session.execute(insert(Identity).values(row))
