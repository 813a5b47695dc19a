"""Runs the tasks that this process holds, each to an end that is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import structlog

from artel.bus.finish import finish, hand_back, keep_stopped, retry_later
from artel.bus.model import Answer, Ending, Fault, Held, LeaseLost, Observer, Runner, TaskFailed
from artel.kit.ids import IdMaker
from artel.store.shards import Shards, StoreUnavailable
from artel.store.tx import UserTx

_LONGEST_DELAY = 30.0
_STORE_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_STORE_TRIES = 60
_INTERNAL = Fault("internal", "Something went wrong on the server. It was recorded; try again.")

_log = structlog.get_logger("artel.bus")
_T = TypeVar("_T")


class Worker:
    """The tasks of this process, up to `slots` at once."""

    def __init__(
        self,
        worker_id: str,
        shards: Shards,
        ids: IdMaker,
        runner: Runner,
        observer: Observer,
        *,
        slots: int,
        slot_freed: Callable[[], None],
        seat_freed: Callable[[int], None],
    ) -> None:
        """slot_freed: this process has room again; seat_freed: work of this user that waited may now be seated."""
        self.id = worker_id
        self.held: dict[UUID, Held] = {}
        self._shards = shards
        self._ids = ids
        self._runner = runner
        self._observer = observer
        self._slots = slots
        self._slot_freed = slot_freed
        self._seat_freed = seat_freed

    @property
    def free(self) -> int:
        """How many more tasks this process takes."""
        return self._slots - len(self.held)

    def start(self, held: Held) -> None:
        """Begins the work of a task that was just seated here."""
        self.held[held.id] = held
        self._observer.started(held)
        held.job = asyncio.create_task(self._work(held), name=f"task {held.id}")

    def end(self, task: UUID, ending: Ending) -> None:
        """Stops a task if it runs here; what it had written so far is kept as the ending asks."""
        held = self.held.get(task)
        if held is not None and held.ending is None and held.job is not None:
            held.ending = ending
            held.job.cancel()

    async def hand_over(self) -> None:
        """Stops everything, so that other processes go on at once."""
        jobs = [held.job for held in self.held.values() if held.job is not None]
        for task in list(self.held):
            self.end(task, Ending.HANDOVER)
        await asyncio.gather(*jobs, return_exceptions=True)

    async def _work(self, held: Held) -> None:
        with structlog.contextvars.bound_contextvars(user_id=held.user_id, run_id=str(held.run_id)):
            try:
                await self._run(held)
            except LeaseLost:
                self._observer.lost(held)
            except asyncio.CancelledError:
                if held.ending is None:
                    raise
                await self._stopped(held, held.ending)
            except Exception:
                _log.exception("task left to its lease", task=str(held.id))
            finally:
                del self.held[held.id]
                self._slot_freed()

    async def _run(self, held: Held) -> None:
        try:
            answer = await self._runner.run(held)
        except TaskFailed as failed:
            await self._failed(held, failed)
        except (LeaseLost, asyncio.CancelledError):
            raise
        except Exception:
            _log.exception("task failed", task=str(held.id), attempt=held.attempt)
            await self._failed(held, TaskFailed(_INTERNAL))
        else:
            await self._finish(held, answer, None)

    async def _failed(self, held: Held, failed: TaskFailed) -> None:
        if not failed.retryable or held.attempt + 1 >= held.max_attempts:
            await self._finish(held, Answer("".join(held.text), failed.use), failed.fault)
            return
        delay = min(_LONGEST_DELAY, 0.5 * 2**held.attempt)
        use_id = self._ids.uuid()
        again = await self._write(held, lambda tx: retry_later(tx, held, failed.fault, delay, failed.use, use_id))
        if not again:
            raise LeaseLost
        self._observer.retried(held, failed.fault, delay)
        asyncio.get_running_loop().call_later(delay, self._seat_freed, held.user_id)

    async def _finish(self, held: Held, answer: Answer, fault: Fault | None) -> None:
        use_id = self._ids.uuid()
        finished, work_waits = await self._write(held, lambda tx: finish(tx, held, answer, fault, use_id))
        self._observer.finished(held, finished)
        if work_waits:
            self._seat_freed(held.user_id)

    async def _stopped(self, held: Held, ending: Ending) -> None:
        if ending is Ending.LOST:
            self._observer.lost(held)
        elif ending is Ending.HANDOVER:
            await self._write(held, lambda tx: hand_back(tx, held))
        else:
            use = held.use_so_far() if held.use_so_far else None
            use_id = self._ids.uuid()
            finished = await self._write(held, lambda tx: keep_stopped(tx, held, "".join(held.text), use, use_id))
            if finished is not None:
                self._observer.finished(held, finished)

    async def _write(self, held: Held, write: Callable[[UserTx], Awaitable[_T]]) -> _T:
        """Writes in a transaction of its own, waiting out an outage of the store: the answer was paid for."""
        for attempt in range(_STORE_TRIES):
            try:
                async with self._shards.user_tx(held.user_id) as tx:
                    return await write(tx)
            except StoreUnavailable:
                _log.warning("the store does not answer; the task's end is kept", task=str(held.id))
                await asyncio.sleep(_STORE_PAUSES[min(attempt, len(_STORE_PAUSES) - 1)])
        raise StoreUnavailable
