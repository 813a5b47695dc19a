"""From a person of the provider's to an account: an old one, a new one, or none."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.api_keys import ApiKeys
from artel.accounts.emails import normal_email
from artel.accounts.oidc.identities import Identities, IdentityView, add_identity
from artel.accounts.oidc.model import OidcConfig, OidcFailure, Who
from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.sign_ins import SignIns
from artel.accounts.users import Account, EmailTaken, Locale, NoSuchUser, RegistrationClosed, Users
from artel.kit.errors import Conflict, Invalid, Unauthenticated

_log = structlog.get_logger(__name__)


class LastWayIn(Conflict):
    """Without it nobody could sign in to this account any more. Set a password first."""

    slug = "last-way-in"


@dataclass(frozen=True, slots=True)
class OidcPeople:
    """Decides whose account somebody gets."""

    config: OidcConfig
    identities: Identities
    users: Users
    sign_ins: SignIns
    api_keys: ApiKeys
    revocations: Revocations

    async def account_of(self, who: Who, locale: Locale) -> Account:
        """The account of who came back from the provider, made if need be.

        Raises:
            OidcFailure: not_allowed, no_email, email_taken, closed, disabled.
        """
        self._check_allowed(who)
        user_id = await self.identities.account_of(who)
        if user_id is None:
            user_id = await self._newcomer(who, locale)
        try:
            account = await self.users.get(user_id)
        except Unauthenticated as error:  # pragma: no cover  # deleted in this very moment
            raise OidcFailure("disabled") from error
        if not account.is_active:
            raise OidcFailure("disabled")
        return await self._with_role(account, who)

    async def link(self, user_id: int, who: Who) -> None:
        """From now on this person is that user, who asked for it.

        Raises:
            OidcFailure: not_allowed, linked_elsewhere, linked_already.
        """
        self._check_allowed(who)
        await self.identities.link(user_id, who)

    async def identity(self, user_id: int, issuer: str) -> IdentityView | None:
        """The user's, at this provider."""
        return await self.identities.of(user_id, issuer)

    async def unlink(self, user_id: int, issuer: str) -> None:
        """Takes the identity away.

        Raises:
            LastWayIn: nothing else opens the account.
        """
        if await self.identity(user_id, issuer) is None:
            return
        if self.config.only or not (await self.users.get(user_id)).has_password:
            raise LastWayIn
        await self.identities.unlink(user_id, issuer)

    def _check_allowed(self, who: Who) -> None:
        config = self.config
        if config.required and not config.required.is_in(who.claims):
            raise OidcFailure("not_allowed", f"the claim {config.required.name} has not got the required value")
        if not config.domains:
            return
        domain = (who.email or "").rpartition("@")[2].lower()
        if not who.email_verified or domain not in config.domains:
            raise OidcFailure("not_allowed", "no verified address of an allowed domain")

    async def _newcomer(self, who: Who, locale: Locale) -> int:
        try:
            email = normal_email(who.email or "")
        except Invalid as error:
            raise OidcFailure("no_email") from error
        try:
            return await self._new_account(who, email, locale)
        except EmailTaken:
            # Somebody may have come in by two tabs at once: then the other one made it.
            known = await self.identities.account_of(who)
            return known if known is not None else await self._by_email(who, email)

    async def _new_account(self, who: Who, email: str, locale: Locale) -> int:
        async def with_identity(session: AsyncSession, user_id: int) -> None:
            try:
                await add_identity(session, user_id, who)
            except IntegrityError as error:
                raise EmailTaken from error

        try:
            made = await self.users.register_through(email, locale, proved=who.email_verified, also=with_identity)
        except RegistrationClosed as error:
            # Whoever has an account is told so: that it cannot be made is of no help to them.
            if await self._has_account(email):
                raise EmailTaken from error
            raise OidcFailure("closed") from error
        return made.id

    async def _has_account(self, email: str) -> bool:
        try:
            await self.users.named(email)
        except NoSuchUser:
            return False
        return True

    async def _by_email(self, who: Who, email: str) -> int:
        """Into the account of this address, if the administrator says that the provider's addresses are proved.

        Somebody else may have registered the address, and wait for its owner to come: their ways in end.
        """
        if not (self.config.link_by_email and who.email_verified):
            raise OidcFailure("email_taken")
        account = await self.users.named(email)
        if not account.is_active:
            raise OidcFailure("disabled")
        if await self.identity(account.id, who.issuer) is not None:
            raise OidcFailure("email_taken", "the account is another person's at the provider")
        await self.users.forget_password(account.id)
        await self.sign_ins.revoke_others(account.id, kept=None)
        for key in await self.api_keys.all(account.id):
            await self.api_keys.revoke(account.id, key.id)
        # Last, so that nobody is in before the others are out.
        await self.identities.link(account.id, who)
        _log.info("identity_linked_by_email", user_id=account.id)
        return account.id

    async def _with_role(self, account: Account, who: Who) -> Account:
        if self.config.admin is None:
            return account
        role = "admin" if self.config.admin.is_in(who.claims) else "user"
        if not await self.identities.set_role(account.id, role):
            return account
        _log.info("role_changed_by_claim", user_id=account.id, role=role)
        await self.revocations.publish(Revoked(account.id, None))
        return await self.users.get(account.id)
