"""The news that somebody's right to be here changed, to every process at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from artel.accounts.principal import Principal
from artel.events.control import ControlChannel

_KIND = "revoked"


@dataclass(frozen=True, slots=True)
class Revoked:
    """These sign-ins and API keys of a user are worth nothing now; with None, whatever is known of the user is old."""

    user_id: int
    proofs: Collection[UUID] | None

    def covers(self, principal: Principal) -> bool:
        """Whether the principal must prove itself again."""
        return principal.user_id == self.user_id and (self.proofs is None or principal.proof in self.proofs)


class Revocations:
    """Tells every process, this one first and at once."""

    def __init__(self, control: ControlChannel) -> None:
        self._control = control

    def on(self, handler: Callable[[Revoked], None]) -> None:
        """`handler` hears of every revocation while Redis is reachable; quick. Register before the channel starts."""
        self._control.on(_KIND, lambda payload: handler(_read(payload)))

    async def publish(self, revoked: Revoked) -> None:
        """Call it when the change is committed."""
        proofs = None if revoked.proofs is None else [str(proof) for proof in revoked.proofs]
        await self._control.publish(_KIND, {"user_id": revoked.user_id, "proofs": proofs})


def _read(payload: Mapping[str, Any]) -> Revoked:
    proofs = payload["proofs"]
    return Revoked(payload["user_id"], None if proofs is None else frozenset(map(UUID, proofs)))
