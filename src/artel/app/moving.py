"""Looks now and then for users whose move nobody ends, in every process that knows several shards."""

from __future__ import annotations

import structlog

from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.store.moves.ledger import Ledger
from artel.store.moves.recovery import Recovery, Tell
from artel.store.shards import Shards

_EVERY_SECONDS = 5.0
_STRAYS_EVERY = 12
"""Looks: once a minute."""

_log = structlog.get_logger(__name__)


class MoveRecovery(Recurring):
    """Ends the moves of movers that died, so that no user is locked out for longer than a lease."""

    def __init__(self, shards: Shards, tell: Tell, every: float = _EVERY_SECONDS) -> None:
        """tell: see `store.moves.recovery`. every: seconds."""
        super().__init__("move-recovery", every)
        self._recovery = Recovery(shards, Ledger(shards), tell)
        self._looks = 0

    async def turn(self) -> None:
        """Looks once; what a shard that does not answer holds up waits for the next look."""
        try:
            await self._recovery.look()
            if self._looks % _STRAYS_EVERY == 0:
                await self._recovery.look_for_strays()
            self._looks += 1
        except ArtelError as error:
            _log.warning("moves_not_looked_at", error=error.slug)
