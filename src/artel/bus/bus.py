"""The bus of one process: what the house above asks of it, and the loops that keep it going."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.bus import cancel, retry, submit
from artel.bus.cancel import Halt
from artel.bus.claimer import Claimer
from artel.bus.endings import Endings
from artel.bus.lease import Leases
from artel.bus.model import Call, Ending, Observer, Runner, Submitted, TellOthers
from artel.bus.quota import count_run
from artel.bus.room import Room
from artel.bus.settle import settle
from artel.bus.sweeper import Sweeper
from artel.bus.wake import Wakes
from artel.bus.worker import Worker
from artel.kit.background import end_tasks
from artel.kit.errors import ArtelError
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx

_WAKES_AT_ONCE = 64
_OUTAGE_PAUSE = 1.0
_SECOND_LOOK_SECONDS = 0.05
"""A call that found no seat, and the end of a task that saw nobody waiting, may have missed each other by this much."""

_log = structlog.get_logger("artel.bus")

_UNFINISHED = "select id from runs where user_id = $1 and status in ('queued', 'running', 'waiting') order by id"

Also = Callable[[UserTx, Submitted], Awaitable[None]]
AlsoStopped = Callable[[UserTx], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BusConfig:
    """How one process takes part: `slots` tasks at once; `takes_queue` also takes work that waits in the queue."""

    worker_id: str
    slots: int = 200
    takes_queue: bool = True
    alone: bool = False
    """No other process can be alive: whatever leases are left over belong to the dead."""
    lease_seconds: float = 6.0
    """After so long without a heartbeat a process is dead to the others."""
    beat_seconds: float = 1.5
    sweep_seconds: float = 1.0
    stray_seconds: float = 10.0
    """A task seated here so long ago that this process does not know of never arrived."""


class Bus:
    """Commands (any process, any user) and this process's share of the work."""

    def __init__(
        self,
        config: BusConfig,
        shards: Shards,
        redis: Redis,
        ids: IdMaker,
        runner: Runner,
        observer: Observer,
        tell_others: TellOthers,
    ) -> None:
        self._config = config
        self._shards = shards
        self._ids = ids
        self._runner = runner
        self._observer = observer
        self._tell_others = tell_others
        self._wakes = Wakes(redis, config.worker_id)
        self._room = Room(config.slots)
        self.worker = Worker(
            config.worker_id,
            shards,
            ids,
            runner,
            observer,
            room=self._room,
            slot_freed=self._slot_freed,
            seat_freed=self._note,
            look_later=self._note_later,
        )
        self._claimer = Claimer(shards, ids, self.worker, self._room, runner, observer)
        self.worker.endings = Endings(
            config.worker_id,
            shards,
            ids,
            self._room,
            prepare=self._claimer.prepare,
            start=self.worker.start,
            note=self._note,
        )
        self._leases = Leases(shards, self.worker, config.lease_seconds, config.stray_seconds)
        self._sweeper = Sweeper(
            shards, ids, observer, self._wake, lease_seconds=config.lease_seconds, beat_seconds=config.beat_seconds
        )
        self._beats: list[asyncio.Task[None]] = []
        self._loops: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._later: dict[asyncio.TimerHandle, int] = {}
        """Whom to look at when their time comes."""
        self._stopped_already = False

    # ---- life

    async def start(self) -> None:
        """Takes a lease and begins to look for work."""
        shards = list(self._shards.by_name)
        for shard in shards:
            await self._leases.beat(shard)
        if self._config.alone:
            await self._leases.bury_others()
        with suppress(RedisError, OSError):
            await self._wakes.join()
        # One loop for each shard: one that does not answer must not cost us the others.
        self._beats = [self._loop(self._config.beat_seconds, partial(self._leases.beat, shard)) for shard in shards]
        for shard in shards:
            self._loops.append(self._loop(self._config.sweep_seconds, partial(self._sweeper.sweep, shard)))
            self._loops.append(self._loop(self._config.stray_seconds / 2, partial(self._find_strays, shard)))
        if self._config.takes_queue:
            self._loops.append(asyncio.create_task(self._claimer.run()))
            self._loops.append(self._loop(0, self._hear_wakes))

    async def drain(self) -> None:
        """Takes nothing more, and returns when every task that runs here has come to its end. What comes in from now
        on, or follows from such an end, is left to other processes."""
        self._room.close()
        await self._wakes.send(self._claimer.leave())
        await self._room.until_empty()

    async def stop(self) -> None:
        """Hands every task over and gives the lease up. Harmless when it was done before."""
        if self._stopped_already:
            return
        self._stopped_already = True
        await end_tasks(*self._loops)
        users = {held.user_id for held in self.worker.held.values()}
        await self.worker.hand_over()
        # The heartbeat goes on until the tasks are handed over.
        await end_tasks(*self._beats)
        self._hurry_looks()
        await asyncio.gather(*self._errands, return_exceptions=True)
        with suppress(ArtelError):
            await self._leases.resign()
        await self._wakes.send(users)
        await self._wakes.leave()

    # ---- commands

    async def submit(self, user_id: int, call: Call, *, also: Also | None = None) -> Submitted:
        """Stores a call and, if its agent has a free seat, starts it here and now.

        also: further writes in the same transaction.

        Raises:
            NoSuchAgent, NoSuchSession, AgentInactive, LimitReached: nothing was stored.
        """
        # Not to be torn apart by a caller who goes away: a task seated here must also be started here.
        return await asyncio.shield(self._submit(user_id, call, also))

    async def _submit(self, user_id: int, call: Call, also: Also | None) -> Submitted:
        room = self._room.reserve(user_id, 1)
        held = None
        try:
            async with self._shards.user_tx(user_id) as tx:
                placed = await submit.submit(tx, self._ids, call, self.worker.id if room else None)
                # Before the task is prepared: it may read what is written here.
                if also is not None:
                    await also(tx, placed.submitted)
                if placed.held is not None:
                    placed.held.prepared = await self._runner.prepare(tx, placed.held)
            held = placed.held
        finally:
            if held is None:
                self._room.release(user_id, room)
        if held is not None:
            self.worker.start(held)
        else:
            self._observer.queued(user_id, call, placed.submitted)
            if room:
                self._note_later(user_id, _SECOND_LOOK_SECONDS)
            else:
                self._wake([user_id])
        return placed.submitted

    async def cancel_run(self, user_id: int, run_id: UUID) -> None:
        """Stops what is unfinished of a run, wherever it runs.

        Raises:
            NoSuchRun: there is none of this user.
        """
        await self._cancel(user_id, lambda tx: cancel.cancel_run(tx, run_id), None)

    async def cancel_user(self, user_id: int) -> None:
        """Stops all unfinished work of a user who may not come in any more, run by run."""
        async with self._shards.user_tx(user_id) as tx:
            unfinished = await tx.fetch(_UNFINISHED, user_id)
        for run in unfinished:
            await self.cancel_run(user_id, run["id"])

    async def cancel_agent(self, user_id: int, agent_id: str, *, also: AlsoStopped | None = None) -> None:
        """Stops all unfinished work of an agent; `also` (its deletion) happens in the same transaction, which is tried
        again after a deadlock.

        Raises:
            NoSuchAgent: there is none of this user.
        """
        await self._cancel(user_id, lambda tx: cancel.cancel_agent(tx, agent_id), also)

    async def cancel_session(self, user_id: int, session_id: int, *, also: AlsoStopped | None = None) -> None:
        """Stops all unfinished work of a chat; `also` (its deletion) happens in the same transaction, which is tried
        again after a deadlock.

        Raises:
            NoSuchSession: there is none of this user.
        """
        await self._cancel(user_id, lambda tx: cancel.cancel_session(tx, session_id), also)

    async def retry_run(self, user_id: int, run_id: UUID) -> None:
        """Tries the failed and cancelled tasks of a run again.

        Raises:
            NoSuchRun, NotRetryable, AgentDeleted, AgentInactive, LimitReached: nothing was changed.
        """
        next_id = self._ids.uuid()

        async def try_again(tx: UserTx) -> None:
            await count_run(tx)
            await retry.retry_run(tx, run_id, next_id)

        await settle(self._shards, user_id, try_again)
        self._wake([user_id])

    async def cancel_task(self, user_id: int, run_id: UUID, name: str) -> None:
        """Stops one task of a run; what waits for it is skipped, the rest goes on.

        Raises:
            NoSuchRun, NoSuchTask: there is none of this user.
        """
        next_id = self._ids.uuid()
        await self._cancel(user_id, lambda tx: cancel.cancel_task(tx, run_id, name, next_id), None)

    async def retry_task(self, user_id: int, run_id: UUID, name: str) -> None:
        """Tries one task of a run again, with what was skipped because of it.

        Raises:
            NoSuchRun, NoSuchTask, NotRetryable, AgentDeleted, AgentInactive, LimitReached: nothing was changed.
        """
        next_id = self._ids.uuid()

        async def try_again(tx: UserTx) -> None:
            await count_run(tx)
            await retry.retry_task(tx, run_id, name, next_id)

        await settle(self._shards, user_id, try_again)
        self._wake([user_id])

    def wake(self, user_id: int) -> None:
        """This user's work may be seated now for a reason outside the bus: a plan was agreed to, a limit raised."""
        self._wake([user_id])

    def end_here(self, tasks: Sequence[UUID]) -> None:
        """Stops tasks that another process's user cancelled, if they run here."""
        self.worker.end(tasks, Ending.CANCELLED)

    async def _cancel(self, user_id: int, which: Callable[[UserTx], Awaitable[Halt]], also: AlsoStopped | None) -> None:
        async def write(tx: UserTx) -> Halt:
            halt = await which(tx)
            if also is not None:
                await also(tx)
            return halt

        async def cancel_and_tell() -> None:
            self._stopped(user_id, await settle(self._shards, user_id, write))

        # A caller who goes away between the commit and the word to the processes would let models go on for a while.
        await asyncio.shield(cancel_and_tell())

    def _stopped(self, user_id: int, halt: Halt) -> None:
        for task in halt.tasks:
            self.worker.end_epoch(task.task, task.epoch, Ending.CANCELLED)
        if halt.tasks or halt.runs:
            self._observer.stopped(user_id, halt.tasks, halt.runs)
        for session_id, run_id, approval_id in halt.approvals:
            self._observer.settled(user_id, session_id, run_id, approval_id)
        if halt.progress is not None and halt.tasks:
            place = halt.tasks[0]
            self._observer.progressed(user_id, place.session_id, place.run_id, halt.progress)
        if any(task.worker not in (None, self.worker.id) for task in halt.tasks):
            self._send(self._tell_others(user_id, [task.task for task in halt.tasks]))
        if halt.tasks:
            # A seat may be free that was held elsewhere, or the queue be shorter.
            self._wake([user_id])

    # ---- this process's share

    def _wake(self, user_ids: Sequence[int]) -> None:
        """Lets these users' work be looked at, here if this process takes work, elsewhere too if it is full."""
        if self._config.takes_queue and not self._room.closed:
            for user_id in user_ids:
                self._claimer.note(user_id)
        if not self._config.takes_queue or self._room.free <= 0:
            self._send(self._wakes.send(user_ids))

    def _note(self, user_id: int) -> None:
        if self._config.takes_queue and not self._room.closed:
            self._claimer.note(user_id)
        else:
            self._send(self._wakes.send([user_id]))

    def _slot_freed(self, user_id: int) -> None:
        self._claimer.slot_freed(user_id)

    def _note_later(self, user_id: int, seconds: float) -> None:
        def look() -> None:
            del self._later[timer]
            self._note(user_id)

        timer = asyncio.get_running_loop().call_later(seconds, look)
        self._later[timer] = user_id

    def _hurry_looks(self) -> None:
        """Leaves to others what this process was to look at later: nobody may be spoken to once it has stopped."""
        users = set(self._later.values())
        for timer in self._later:
            timer.cancel()
        self._later.clear()
        for user_id in users:
            self._note(user_id)

    def _send(self, word: Awaitable[None]) -> None:
        """Sends word over Redis without waiting for it: a Redis that hangs must not make users wait. What does not get
        through is made up for by sweeper and heartbeat."""

        async def send() -> None:
            with suppress(RedisError, OSError):
                await word

        errand = asyncio.create_task(send())
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _find_strays(self, shard: str) -> None:
        self._wake(await self._leases.find_strays(shard))

    async def _hear_wakes(self) -> None:
        await self._room.until_free()
        try:
            users = await self._wakes.receive(_WAKES_AT_ONCE)
            if self._room.closed:
                # Heard in the moment of leaving: somebody else is to hear it.
                await self._wakes.send(users)
                return
            for user_id in users:
                self._claimer.note(user_id)
        except (RedisError, OSError):
            await asyncio.sleep(_OUTAGE_PAUSE)

    @staticmethod
    def _loop(seconds: float, act: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        async def repeat() -> None:
            while True:
                try:
                    await act()
                except ArtelError as error:
                    _log.warning("a loop of the bus was held up", error=str(error))
                except Exception:
                    _log.exception("a loop of the bus stumbled")
                    await asyncio.sleep(_OUTAGE_PAUSE)
                await asyncio.sleep(seconds)

        return asyncio.create_task(repeat())
