"""How long things are kept, composed: the installation's bounds, and the daily look at every user."""

from __future__ import annotations

from collections.abc import Callable

from artel.bus.bus import Bus
from artel.settings import Settings
from artel.space.retention import Terms, Tidying
from artel.store.shards import Shards
from artel.store.sweeps import UserSweep

_EVERY_SECONDS = 3600.0
_FIND = "select users_to_tidy(:at_most)"


def bounds_of(settings: Settings) -> Terms:
    """What nobody may exceed."""
    return Terms(
        chats=settings.retention_chats_days,
        files=settings.retention_files_days,
        memories=settings.retention_memories_days,
        decisions=settings.retention_decisions_days,
        usage=settings.retention_usage_days,
    )


def tidying_sweep(
    settings: Settings, shards: Shards, bus: Bus, wake: Callable[[int], None], every: float = _EVERY_SECONDS
) -> UserSweep:
    """Every process looks each hour; a row lets one of them tidy each user once a day. every: seconds."""
    tidying = Tidying(shards, bounds_of(settings), bus, wake)
    return UserSweep("retention", shards, _FIND, tidying.tidy, every=every)
