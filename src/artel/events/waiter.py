"""Waiting for one event without a stream, such as the end of an answer that was just asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pydantic import ValidationError

from artel.events.codec import Entry
from artel.events.types import Event


class Waiter:
    """Holds the first event of a user that is wanted."""

    def __init__(self, user_id: int, wanted: Callable[[Event], bool], on_violation: Callable[[], None]) -> None:
        self._user_id = user_id
        self._wanted = wanted
        self._on_violation = on_violation
        self._found: asyncio.Future[Event | None] = asyncio.get_running_loop().create_future()

    def deliver(self, entry: Entry) -> None:
        """Looks at the next entry. For the feed."""
        if entry.user_id != self._user_id:
            self._on_violation()
            return
        if self._found.done():
            return
        try:
            event = entry.event
        except ValidationError:  # a newer version of the server may say what this one does not know
            return
        if self._wanted(event):
            self._found.set_result(event)

    def give_up(self) -> None:
        """Ends the wait now, unless what is waited for is there."""
        if not self._found.done():
            self._found.set_result(None)

    async def result(self, timeout: float) -> Event | None:
        """The wanted event, None if it did not come within `timeout` seconds. May be asked again."""
        done, _ = await asyncio.wait([self._found], timeout=timeout)
        return self._found.result() if done else None
