"""What the gateway is handed: the way to the provider and back, and who comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from artel.accounts.oidc.flow import Flow
from artel.accounts.oidc.identities import IdentityView
from artel.accounts.oidc.model import OidcConfig
from artel.accounts.oidc.people import OidcPeople


@dataclass(frozen=True, slots=True)
class OidcDoor:
    """One provider, the only one of an installation."""

    config: OidcConfig
    flow: Flow
    people: OidcPeople

    async def identity(self, user_id: int) -> IdentityView | None:
        """The user's, at this provider, which need not be asked."""
        return await self.people.identity(user_id, self.config.key)

    async def unlink(self, user_id: int) -> None:
        """Takes it away.

        Raises:
            LastWayIn: nothing else opens the account.
        """
        await self.people.unlink(user_id, self.config.key)
