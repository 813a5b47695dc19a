"""Runs the tasks that this process holds, each to an end that is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

import structlog

from artel.bus.endings import Endings
from artel.bus.finish import finish, hand_back, keep_stopped, move_on, retry_later
from artel.bus.model import (
    INTERNAL,
    TASK,
    Answer,
    Ending,
    Fault,
    Held,
    LeaseLost,
    Observer,
    Onward,
    Outcome,
    Parked,
    Runner,
    TaskFailed,
)
from artel.bus.park import park
from artel.bus.room import Room
from artel.bus.settle import settle
from artel.kit.errors import Unauthenticated
from artel.kit.ids import IdMaker
from artel.store.shards import Shards, StoreUnavailable
from artel.store.tx import UserTx

_LONGEST_DELAY = 30.0
_STORE_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_STORE_TRIES = 60
_HAND_OVER_SECONDS = 10.0
_CANCEL_AGAIN_SECONDS = 0.5

_log = structlog.get_logger("artel.bus")
_T = TypeVar("_T")


class Worker:
    """The tasks of this process."""

    def __init__(
        self,
        worker_id: str,
        shards: Shards,
        ids: IdMaker,
        runner: Runner,
        observer: Observer,
        *,
        room: Room,
        slot_freed: Callable[[int], None],
        seat_freed: Callable[[int], None],
        look_later: Callable[[int, float], None],
    ) -> None:
        """slot_freed: this process has room again for work of this user; seat_freed: work of this user that waited for
        a seat may now be seated; look_later: so it may be in so many seconds."""
        self.id = worker_id
        self.held: dict[tuple[UUID, int], Held] = {}
        """By task and epoch: a task that was stopped and started again may still be ending here while it runs anew."""
        self._shards = shards
        self._ids = ids
        self._runner = runner
        self._observer = observer
        self._room = room
        self._slot_freed = slot_freed
        self._seat_freed = seat_freed
        self._look_later = look_later
        self._closing = asyncio.Event()
        self.endings: Endings
        """Set by the bus, which knows what may begin after an end."""

    def start(self, held: Held) -> None:
        """Begins the work of a task that was just seated here, in a slot of the room that is given back at its end."""
        if self._closing.is_set():
            held.ending = Ending.HANDOVER
        self.held[held.id, held.epoch] = held
        held.job = asyncio.create_task(self._work(held), name=f"task {held.id}")

    def end(self, tasks: Iterable[UUID], ending: Ending) -> None:
        """Stops tasks if they run here; what they had written so far is kept as the ending asks."""
        wanted = set(tasks)
        for held in [held for held in self.held.values() if held.id in wanted]:
            self._end(held, ending)

    def end_epoch(self, task: UUID, epoch: int, ending: Ending) -> None:
        """The same for one start of a task: a later one is left alone."""
        held = self.held.get((task, epoch))
        if held is not None:
            self._end(held, ending)

    def end_user(self, user_id: int) -> None:
        """Stops everything of a user's who is gone; there is nowhere to keep what it had written."""
        for held in [held for held in self.held.values() if held.user_id == user_id]:
            self._end(held, Ending.LOST)

    def _end(self, held: Held, ending: Ending) -> None:
        if held.ending is not None:
            return
        held.ending = ending
        self._cancel(held)

    def _cancel(self, held: Held) -> None:
        """Cancels the runner, again and again until it lets go: a library may swallow a cancellation, as
        `asyncio.wait_for` of Python 3.11 does when what it waits for comes at the same moment."""
        # Before it is at work it looks for itself; afterwards the database decides whether its end counts.
        if held.is_at_work and held.job is not None:
            held.job.cancel()
            asyncio.get_running_loop().call_later(_CANCEL_AGAIN_SECONDS, self._cancel, held)

    async def hand_over(self) -> None:
        """Stops everything, so that other processes go on at once; what does not end in time is left to its lease."""
        self._closing.set()
        self._room.close()
        for held in list(self.held.values()):
            self._end(held, Ending.HANDOVER)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._room.until_empty(), _HAND_OVER_SECONDS)

    async def _work(self, held: Held) -> None:
        # It is a task of its own, and so is its context.
        structlog.contextvars.bind_contextvars(user_id=held.user_id, run_id=str(held.run_id))
        try:
            self._observer.started(held)
            await self._write_end(held, await self._outcome(held))
        except Exception:
            _log.exception("task left to its lease", task=str(held.id))
        finally:
            del self.held[held.id, held.epoch]
            self._room.release(held.user_id)
            self._slot_freed(held.user_id)

    async def _outcome(self, held: Held) -> Outcome | TaskFailed | None:
        """What the runner came to; None when it was stopped from outside."""
        if held.ending is not None:
            return None
        held.is_at_work = True
        try:
            return await self._runner.run(held)
        except TaskFailed as failed:
            return failed
        except LeaseLost:
            return None
        except asyncio.CancelledError:
            job = asyncio.current_task()
            if held.ending is None or job is None:
                raise
            while job.uncancel():
                pass
            return None
        except StoreUnavailable:
            # The store's trouble, not the task's: it begins again from its checkpoint when the store is back.
            _log.warning("the store does not answer; a task is begun anew", task=str(held.id))
            held.ending = held.ending or Ending.HANDOVER
            return None
        except Exception:
            _log.exception("task failed", task=str(held.id), attempt=held.attempt)
            return TaskFailed(INTERNAL)
        finally:
            held.is_at_work = False

    async def _write_end(self, held: Held, outcome: Outcome | TaskFailed | None) -> None:
        if isinstance(outcome, Answer):
            await self._finish(held, outcome, None)
        elif isinstance(outcome, Onward):
            await self._move_on(held, outcome)
        elif isinstance(outcome, Parked):
            await self._park(held, outcome)
        elif isinstance(outcome, TaskFailed):
            await self._fail(held, outcome)
        elif held.ending is Ending.HANDOVER:
            await self._write(held, lambda tx: hand_back(tx, held))
            self._seat_freed(held.user_id)
        else:
            use = held.use_so_far() if held.use_so_far else None
            await self._keep_stopped(held, Answer("".join(held.text), use))

    async def _fail(self, held: Held, failed: TaskFailed) -> None:
        said = Answer("".join(held.text), failed.use)
        if not failed.retryable or held.attempt + 1 >= held.max_attempts:
            await self._finish(held, said, failed.fault)
            return
        delay = min(_LONGEST_DELAY, 0.5 * 2**held.attempt)
        use_id = self._ids.uuid()
        if await self._write(held, lambda tx: retry_later(tx, held, failed.fault, delay, failed.use, use_id)):
            self._observer.retried(held, failed.fault, delay)
            self._look_later(held.user_id, delay)
        else:
            await self._keep_stopped(held, said)

    async def _finish(self, held: Held, answer: Answer, fault: Fault | None) -> None:
        use_id = self._ids.uuid()
        work_waits = False
        try:
            if held.kind == TASK:
                finished = await self._patiently(held, lambda: self.endings.end(held, answer, fault, use_id))
            else:
                finished, work_waits = await self._write(held, lambda tx: finish(tx, held, answer, fault, use_id))
        except LeaseLost:
            await self._keep_stopped(held, answer)
            return
        self._observer.finished(held, finished)
        if work_waits:
            self._seat_freed(held.user_id)

    async def _move_on(self, held: Held, onward: Onward) -> None:
        use_id = self._ids.uuid()
        try:
            tell, agent_busy = await self._write(held, lambda tx: move_on(tx, held, onward, use_id))
        except LeaseLost:
            await self._keep_stopped(held, Answer("", onward.use))
            return
        self._observer.moved_on(held, agent_busy=agent_busy)
        if tell is None:
            # What was to be told is lost with the connection that took the commit's acknowledgement along.
            self._observer.interrupted([held.user_id])
        else:
            tell()
        self._seat_freed(held.user_id)

    async def _park(self, held: Held, parked: Parked) -> None:
        try:
            agent_busy = await self._write(held, lambda tx: park(tx, held, parked))
        except LeaseLost:
            await self._keep_stopped(held, Answer(parked.said, None))
            return
        self._observer.parked(held, agent_busy=agent_busy)
        self._seat_freed(held.user_id)

    async def _keep_stopped(self, held: Held, answer: Answer) -> None:
        """The end of a task that is no longer ours to finish: its user stopped it, or another process holds it."""
        use_id = self._ids.uuid()
        finished = None
        # A user who was deleted took the task along.
        with suppress(Unauthenticated):
            finished = await self._write(held, lambda tx: keep_stopped(tx, held, answer, use_id))
        if finished is None:
            self._observer.lost(held)
            self._seat_freed(held.user_id)
        else:
            self._observer.finished(held, finished)

    async def _write(self, held: Held, write: Callable[[UserTx], Awaitable[_T]]) -> _T:
        """Writes in a transaction of its own."""
        return await self._patiently(held, lambda: settle(self._shards, held.user_id, write))

    async def _patiently(self, held: Held, write: Callable[[], Awaitable[_T]]) -> _T:
        """Waits out an outage of the store: the answer was paid for."""
        for attempt in range(_STORE_TRIES):
            try:
                return await write()
            except StoreUnavailable:
                if self._closing.is_set():
                    raise
                _log.warning("the store does not answer; the task's end is kept", task=str(held.id))
            with suppress(TimeoutError):
                pause = _STORE_PAUSES[min(attempt, len(_STORE_PAUSES) - 1)]
                await asyncio.wait_for(self._closing.wait(), pause)
        raise StoreUnavailable
