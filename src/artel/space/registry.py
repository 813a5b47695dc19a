"""The spaces of the users who were here lately."""

from __future__ import annotations

from collections.abc import Callable

from cachetools import LRUCache

from artel.space.space import UserWorkerSpace

_SPACES = 10_000


class SpaceRegistry:
    """Hands out a user's space, built when it is first asked for. A space holds no connection: to drop one is free."""

    def __init__(self, build: Callable[[int], UserWorkerSpace], size: int = _SPACES) -> None:
        self._build = build
        self._spaces = LRUCache[int, UserWorkerSpace](maxsize=size)

    def of(self, user_id: int) -> UserWorkerSpace:
        """The space of a user who has proved to be that user."""
        space = self._spaces.get(user_id)
        if space is None:
            space = self._spaces[user_id] = self._build(user_id)
        return space

    def forget(self, user_id: int) -> None:
        """The user is gone, or what the space was built of changed."""
        self._spaces.pop(user_id, None)
