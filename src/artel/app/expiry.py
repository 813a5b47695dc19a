"""Ends the questions that nobody answered in time. Every process looks; the row lets only one of them end each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from artel.store.shards import Shards
from artel.store.sweeps import UserSweep

_EVERY_SECONDS = 15.0
_FIND = "select users_with_expired_approvals(:at_most)"


def expiry_sweep(shards: Shards, expire: Callable[[int], Awaitable[int]], every: float = _EVERY_SECONDS) -> UserSweep:
    """expire: ends what of this user's waited too long, and answers how much that was. every: seconds."""
    return UserSweep("expiry", shards, _FIND, expire, every=every)
