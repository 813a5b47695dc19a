"""The removal of users who have left, composed: who is told, and who goes on where a process died."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from artel.accounts.leaving import Leaving
from artel.bus.worker import Worker
from artel.events.control import ControlChannel
from artel.events.log import EventLog
from artel.events.outbox import Outbox
from artel.kit.background import Recurring
from artel.kit.errors import ArtelError
from artel.memory.context import Contexts
from artel.space.erasure import Erasures
from artel.store.shards import Shards

_EVERY_SECONDS = 5.0
_GONE = "user_gone"

_log = structlog.get_logger(__name__)


class ErasureSweep(Recurring):
    """Goes on with what other processes began, or left behind."""

    def __init__(self, erasures: Erasures, every: float = _EVERY_SECONDS) -> None:
        super().__init__("erasures", every)
        self.erasures = erasures

    async def turn(self) -> None:
        """Looks once."""
        try:
            await self.erasures.carry_on()
        except ArtelError as error:
            _log.warning("erasures_not_looked_at", error=error.slug)
        except Exception:
            _log.exception("erasures_failed")


def erasures_of(
    shards: Shards,
    leaving: Leaving,
    log: EventLog,
    contexts: Contexts | None,
    control: ControlChannel,
    forget: Callable[[int], Awaitable[None]],
) -> ErasureSweep:
    """The one of this process; start it when the channel has started. forget: what is counted of a user."""

    async def tell_all(user_id: int) -> None:
        await control.publish(_GONE, {"user_id": user_id})

    return ErasureSweep(Erasures(shards, leaving, log, contexts, tell_all=tell_all, forget=forget))


def hear_of_the_gone(control: ControlChannel, worker: Worker, outbox: Outbox) -> None:
    """In every process: what runs for a user who is gone ends, and nothing more is said to them."""

    def hear(user_id: int) -> None:
        outbox.silence(user_id)
        worker.end_user(user_id)

    control.on(_GONE, lambda message: hear(message["user_id"]))
