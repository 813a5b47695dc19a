"""Gives shards a new index while they are in use, and rids them of what was deleted.

The work itself is done on a copy by another process (`renew`), because it would hold this one for seconds to minutes.
While the copy is being made the user's writes wait; afterwards they are carried out and remembered. When the copy is
ready, what was remembered is brought over from the shard, and the copy takes its place between two requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, Literal

import structlog

from artel.kit.background import end_tasks
from artel.memory.edge.home import remove, size_on_disk
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.shard import Shard
from artel.memory.edge.shards import Delta, Shards
from artel.store.embedded.supervisor import Launch, child_command

How = Literal["optimize", "rewrite"]

_MODULE: Final = "artel.memory.edge.renew"
_AT_ONCE: Final = 128
_COPIED: Final = b"copied\n"


class Renewals:
    """One at a time."""

    def __init__(self, root: Path, shards: Shards, options: EdgeOptions, resume: Callable[[], None]) -> None:
        """resume: called when requests that had to wait may go on."""
        self._root = root
        self._shards = shards
        self._options = options
        self._resume = resume
        self._task: asyncio.Task[None] | None = None
        self._user_id: int | None = None
        self._copying: int | None = None
        self._done: dict[str, bool] = {}
        self._log = structlog.get_logger(__name__)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being renewed."""
        return self._task is None

    def is_copying(self, user_id: int) -> bool:
        """Whether this user's writes must wait."""
        return self._copying == user_id

    def is_renewing(self, user_id: int) -> bool:
        """Whether this user's shard must keep its form."""
        return self._user_id == user_id

    def needs(self, user_id: int) -> bool:
        """Whether so much has changed in the user's open shard that its index should be built anew."""
        found = self._shards.get(user_id)
        return found.changes >= max(self._options.renew_after, found.size // 4)

    def start(self, user_id: int, how: How, token: str = "") -> None:
        """Begins to renew a user's shard; only when idle. `outcome(token)` says how it went."""
        self._user_id = user_id
        self._task = asyncio.create_task(self._run(user_id, how, token), name=f"renew-{user_id}")

    def outcome(self, token: str) -> bool | None:
        """Whether that renewal went well; None when it is not over. Said once."""
        return self._done.pop(token, None)

    async def cancel(self) -> None:
        """Stops what is under way; the shard stays as it is."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _run(self, user_id: int, how: How, token: str) -> None:
        went_well = False
        try:
            went_well = await self._renew(user_id, how)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # the task's top, and panics of the engine; the shard is as good as before
            self._log.error("memory.renewal_failed", user_id=user_id, how=how, error=f"{error}"[:300])
        finally:
            self._shards.deltas.pop(user_id, None)
            self._task = self._user_id = self._copying = None
            home = self._shards.home(user_id)
            remove(home.copy)
            remove(home.new)
            if token:
                self._done[token] = went_well
            self._resume()

    async def _renew(self, user_id: int, how: How) -> bool:
        found = self._shards.get(user_id)
        home = found.home
        if not self._has_room_for_copies(home.shard):
            return False
        self._copying = user_id
        self._shards.deltas[user_id] = delta = Delta()
        found.shard.flush()
        process = await self._spawn(how, home.shard, home.copy)
        try:
            assert process.stdout is not None
            copied = await process.stdout.readline() == _COPIED
            self._copying = None
            self._resume()
            went_well = await process.wait() == 0 and copied
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        # Given up or erased meanwhile: then the copy is of something that is no more.
        if not went_well or self._shards.deltas.get(user_id) is not delta:
            return False
        await self._take_over(user_id, delta)
        return True

    async def _take_over(self, user_id: int, delta: Delta) -> None:
        found = self._shards.get(user_id)
        new = Shard.open(found.home.copy)
        try:
            while _bring_over(found.shard, new, delta):  # noqa: ASYNC110  # requests go between two
                await asyncio.sleep(0)
            new.close()
        except BaseException:
            new.abandon()
            raise
        # From the last look at `delta` to here nothing else ran, so nothing is missed.
        found.shard.abandon()
        found.home.exchange()
        self._shards.renewed(user_id)

    def _has_room_for_copies(self, shard: Path) -> bool:
        # The copy, and while it is written anew a second one.
        return shutil.disk_usage(self._root).free - 2 * size_on_disk(shard) >= self._options.reserve_bytes

    async def _spawn(self, how: How, shard: Path, copy: Path) -> asyncio.subprocess.Process:
        arguments = (how, str(shard), str(copy), str(self._options.index_from_kilobytes))
        program = [sys.executable, "-P", "-m", _MODULE, *arguments]
        launch = Launch(program, self._root, None, dict(os.environ), ((signal.SIGKILL, 0.0),))
        return await asyncio.create_subprocess_exec(*child_command(launch), stdout=asyncio.subprocess.PIPE)


def _bring_over(old: Shard, new: Shard, delta: Delta) -> bool:
    """Brings some of what was remembered over; answers whether there may be more."""
    for session_id in list(delta.sessions):
        # First: what was written to the chat after it was deleted is among the touched, and comes again below.
        new.delete_session(session_id)
        del delta.sessions[session_id]
    some = list(islice(delta.touched, _AT_ONCE))
    if not some:
        return False
    points = old.points(some)
    new.put(points)
    if gone := set(some) - {point.id for point in points}:
        new.delete(list(gone))  # pyright: ignore[reportArgumentType]
    for id in some:
        del delta.touched[id]
    return True
