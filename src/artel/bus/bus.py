"""The bus of one process: what the house above asks of it, and the loops that keep it going."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.bus import cancel, submit
from artel.bus.claim import claim
from artel.bus.lease import Leases, Sweeper
from artel.bus.model import Call, Ending, Held, Observer, Runner, Stopped, Submitted, TellOthers
from artel.bus.wake import Wakes
from artel.bus.worker import Worker
from artel.kit.errors import ArtelError
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tx import UserTx

_CLAIMS_AT_ONCE = 8
_WAKES_AT_ONCE = 64
_OUTAGE_PAUSE = 1.0

_log = structlog.get_logger("artel.bus")

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
        self._due: dict[int, None] = {}
        self._something_due = asyncio.Event()
        self._slot_freed = asyncio.Event()
        self.worker = Worker(
            config.worker_id,
            shards,
            ids,
            runner,
            observer,
            slots=config.slots,
            slot_freed=self._slot_freed.set,
            seat_freed=self._note,
        )
        self._leases = Leases(shards, self.worker, config.lease_seconds, config.stray_seconds)
        self._sweeper = Sweeper(shards, observer, self._wake)
        self._loops: list[asyncio.Task[None]] = []

    # ---- life

    async def start(self) -> None:
        """Takes a lease and begins to look for work."""
        await self._leases.beat()
        if self._config.alone:
            await self._leases.bury_others()
        with suppress(RedisError, OSError):
            await self._wakes.join()
        loops = [self._every(self._config.beat_seconds, self._leases.beat)]
        loops += [self._every(self._config.sweep_seconds, self._sweeper.sweep)]
        loops += [self._every(self._config.stray_seconds / 2, self._find_strays), self._serve_due()]
        if self._config.takes_queue:
            loops.append(self._hear_wakes())
        self._loops = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Hands every task over and gives the lease up."""
        # The heartbeat goes on until the tasks are handed over.
        for loop in self._loops[1:]:
            loop.cancel()
        users = {held.user_id for held in self.worker.held.values()}
        await self.worker.hand_over()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        with suppress(ArtelError):
            await self._leases.resign()
        await self._wakes.send(users)
        await self._wakes.leave()

    # ---- commands

    async def submit(self, user_id: int, call: Call, *, also: Also | None = None) -> Submitted:
        """Stores a call and, if its agent has a free seat, starts it here and now.

        also: further writes in the same transaction.

        Raises:
            NoSuchAgent, NoSuchSession, AgentInactive: nothing was stored.
        """
        # Not to be torn apart by a caller who goes away: a task seated here must also be started here.
        return await asyncio.shield(self._submit(user_id, call, also))

    async def _submit(self, user_id: int, call: Call, also: Also | None) -> Submitted:
        worker = self.worker.id if self.worker.free > 0 else None
        async with self._shards.user_tx(user_id) as tx:
            placed = await submit.submit(tx, self._ids, call, worker)
            if placed.held is not None:
                placed.held.prepared = await self._runner.prepare(tx, placed.held)
            if also is not None:
                await also(tx, placed.submitted)
        if placed.held is not None:
            self.worker.start(placed.held)
        else:
            self._observer.queued(user_id, call, placed.submitted)
            if worker is None:
                await self._wake([user_id])
        return placed.submitted

    async def cancel_run(self, user_id: int, run_id: UUID) -> None:
        """Stops what is unfinished of a run, wherever it runs.

        Raises:
            NoSuchRun: there is none of this user.
        """
        async with self._shards.user_tx(user_id) as tx:
            stopped = await cancel.cancel_run(tx, run_id)
        await self._stopped(user_id, stopped)

    async def cancel_agent(self, user_id: int, agent_id: str, *, also: AlsoStopped | None = None) -> None:
        """Stops all unfinished work of an agent; `also` (its deletion) happens in the same transaction.

        Raises:
            NoSuchAgent: there is none of this user.
        """
        async with self._shards.user_tx(user_id) as tx:
            stopped = await cancel.cancel_agent(tx, agent_id)
            if also is not None:
                await also(tx)
        await self._stopped(user_id, stopped)

    async def cancel_session(self, user_id: int, session_id: int, *, also: AlsoStopped | None = None) -> None:
        """Stops all unfinished work of a chat; `also` (its deletion) happens in the same transaction.

        Raises:
            NoSuchSession: there is none of this user.
        """
        async with self._shards.user_tx(user_id) as tx:
            stopped = await cancel.cancel_session(tx, session_id)
            if also is not None:
                await also(tx)
        await self._stopped(user_id, stopped)

    async def retry_run(self, user_id: int, run_id: UUID) -> None:
        """Tries the failed and cancelled tasks of a run again.

        Raises:
            NoSuchRun, NotRetryable: nothing was changed.
        """
        async with self._shards.user_tx(user_id) as tx:
            await cancel.retry_run(tx, run_id)
        await self._wake([user_id])

    def end_here(self, tasks: Sequence[UUID]) -> None:
        """Stops tasks that another process's user cancelled, if they run here."""
        for task in tasks:
            self.worker.end(task, Ending.CANCELLED)

    async def _stopped(self, user_id: int, stopped: Sequence[Stopped]) -> None:
        if not stopped:
            return
        tasks = [task.task for task in stopped]
        self.end_here(tasks)
        if any(task.worker not in (None, self.worker.id) for task in stopped):
            await self._tell_others(user_id, tasks)
        self._observer.stopped(user_id, stopped)
        # A seat may be free that was held elsewhere, or the queue be shorter.
        await self._wake([user_id])

    # ---- this process's share

    async def _wake(self, user_ids: Sequence[int]) -> None:
        if self._config.takes_queue and self.worker.free > 0:
            for user_id in user_ids:
                self._note(user_id)
        else:
            await self._wakes.send(user_ids)

    def _note(self, user_id: int) -> None:
        self._due[user_id] = None
        self._something_due.set()

    async def _serve_due(self) -> None:
        """Claims for users whose turn it is; a process that takes nothing from the queue passes them on."""
        while True:
            await self._something_due.wait()
            self._something_due.clear()
            users = list(self._due)
            self._due.clear()
            if not self._config.takes_queue:
                await self._pass_on(users)
                continue
            for start in range(0, len(users), _CLAIMS_AT_ONCE):
                await asyncio.gather(*(self._claim(user) for user in users[start : start + _CLAIMS_AT_ONCE]))

    async def _find_strays(self) -> None:
        await self._wake(await self._leases.find_strays())

    async def _pass_on(self, users: Sequence[int]) -> None:
        await self._wakes.send(users)

    async def _claim(self, user_id: int) -> None:
        if self.worker.free <= 0:
            await self._wakes.send([user_id])
            return
        seated: list[Held] = []
        try:
            async with self._shards.user_tx(user_id) as tx:
                seated = await claim(tx, self.worker.id, self.worker.free)
                for held in seated:
                    held.prepared = await self._runner.prepare(tx, held)
        except ArtelError as error:
            # Whatever was seated is rolled back; the sweeper comes by again.
            _log.warning("claim failed", user_id=user_id, error=str(error))
            return
        for held in seated:
            self.worker.start(held)

    async def _hear_wakes(self) -> None:
        while True:
            if self.worker.free <= 0:
                self._slot_freed.clear()
                await self._slot_freed.wait()
            try:
                for user_id in await self._wakes.receive(_WAKES_AT_ONCE):
                    self._note(user_id)
            except (RedisError, OSError):
                await asyncio.sleep(_OUTAGE_PAUSE)

    @staticmethod
    async def _every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except Exception:
                _log.exception("a loop of the bus stumbled")
            await asyncio.sleep(seconds)
