"""Gathers the ends of a plan's tasks: what ends while a transaction of its run is under way goes into the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from artel.bus.ends import End, Ended, write_ends
from artel.bus.model import Answer, Fault, Finished, Held, LeaseLost
from artel.bus.room import Room
from artel.bus.settle import settle
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx

_BEGIN_AT_MOST = 16
"""Tasks that one transaction lets begin; the rest is claimed as usual."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    end: End
    written: asyncio.Future[Finished | None]


class Endings:
    """Of one process."""

    def __init__(
        self,
        worker_id: str,
        shards: Shards,
        ids: IdMaker,
        room: Room,
        *,
        prepare: Callable[[UserTx, Held], Awaitable[None]],
        start: Callable[[Held], None],
        note: Callable[[int], None],
    ) -> None:
        """prepare: reads what a task needs that begins now; start: begins it, in a slot of the room; note: this user
        has more ready work."""
        self._worker_id = worker_id
        self._shards = shards
        self._ids = ids
        self._room = room
        self._prepare = prepare
        self._start = start
        self._note = note
        self._waiting: dict[UUID, list[_Waiting]] = {}
        self.tasks: dict[UUID, asyncio.Task[None]] = {}
        """What is being written, by run."""

    async def end(self, held: Held, answer: Answer, fault: Fault | None, use_id: UUID) -> Finished:
        """Ends a task of a plan.

        Raises:
            LeaseLost: the task is no longer held; nothing was written.
            StoreUnavailable: it may or may not have been; try again with the same `use_id`.
        """
        written: asyncio.Future[Finished | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(held.run_id, []).append(_Waiting(End(held, answer, fault, use_id), written))
        if held.run_id not in self.tasks:
            self.tasks[held.run_id] = asyncio.create_task(self._write_all(held.user_id, held.run_id))
        finished = await written
        if finished is None:
            raise LeaseLost
        return finished

    async def _write_all(self, user_id: int, run_id: UUID) -> None:
        try:
            while waiting := self._waiting.pop(run_id, None):
                try:
                    ended = await self._write(user_id, [each.end for each in waiting])
                except Exception as error:
                    for each in waiting:
                        _settle(each.written, error)
                else:
                    for each, finished in zip(waiting, ended.finished, strict=True):
                        _settle(each.written, finished)
                    self._begin(user_id, ended)
        finally:
            del self.tasks[run_id]

    async def _write(self, user_id: int, ends: Sequence[End]) -> Ended:
        next_id, room = self._ids.uuid(), self._room.reserve(user_id, _BEGIN_AT_MOST)
        ended: Ended | None = None

        async def write(tx: UserTx, room: int = room) -> Ended:
            ended = await write_ends(tx, ends, next_id, self._worker_id, room)
            for held in ended.seated:
                await self._prepare(tx, held)
            return ended

        try:
            try:
                ended = await settle(self._shards, user_id, write)
            except Unprepared:
                # The culprit is found, and fails, where tasks are claimed.
                ended = await settle(self._shards, user_id, lambda tx: write(tx, 0))
            return ended
        finally:
            self._room.release(user_id, room - (len(ended.seated) if ended else 0))

    def _begin(self, user_id: int, ended: Ended) -> None:
        for held in ended.seated:
            self._start(held)
        if ended.more_waits:
            self._note(user_id)


class Unprepared(Exception):
    """What a task needs could not be read; `held` says whose."""

    def __init__(self, held: Held) -> None:
        self.held = held
        super().__init__(str(held.id))


def _settle(future: asyncio.Future[Finished | None], outcome: Finished | Exception | None) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
