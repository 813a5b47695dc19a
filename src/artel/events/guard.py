"""Asks again and again whether those who listen still may."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from artel.events.hub import Hub
from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError

_log = structlog.get_logger(__name__)

Check = Callable[[object], Awaitable[bool]]
"""Whether a principal may still listen: its sign-in or key is valid and its user is active."""


class PrincipalGuard:
    """Closes the streams of principals that lost their right, one question per principal however many streams it has.

    A revocation closes them at once through the control channel; this finds what such a message missed. While the
    question cannot be answered (the database is away) streams stay open.
    """

    def __init__(self, hub: Hub, check: Check, interval_s: float = 30.0) -> None:
        self._hub = hub
        self._check = check
        self._interval_s = interval_s
        self._now = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to ask."""
        self._task = asyncio.create_task(self._run(), name="events-guard")

    async def aclose(self) -> None:
        """Stops asking."""
        if self._task:
            await end_tasks(self._task)
            self._task = None

    def look_now(self) -> None:
        """Asks now instead of at the end of the interval, such as after control messages may have been missed."""
        self._now.set()

    async def sweep(self) -> None:
        """Asks once about everyone who listens."""
        for principal in self._hub.principals():
            try:
                may_listen = await self._check(principal)
            except ArtelError as error:
                _log.warning("events_guard_unsure", error=error.slug)
                continue
            if not may_listen:
                closed = self._hub.close(lambda each, gone=principal: each == gone)
                _log.info("events_streams_closed", count=closed)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._now.wait()
            self._now.clear()
            try:
                await self.sweep()
            except Exception as error:  # the task's top: a fault of one round must not end the watch
                _log.exception("events_guard_failed", error=type(error).__name__)
