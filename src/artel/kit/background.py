"""Tasks that run beside everything else until they are told to end."""

from __future__ import annotations

import asyncio

_ASK_AGAIN_SECONDS = 0.1


async def end_tasks(*tasks: asyncio.Task[None]) -> None:
    """Cancels tasks until they are over. What they raised is not raised here.

    Asking once is not enough: a library may swallow a cancellation (a Redis client that is just connecting does, and
    `asyncio.wait_for` of Python 3.11), and whoever waits for the end would wait for ever.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_ASK_AGAIN_SECONDS)
