"""Everything of one process, made in order and ended in reverse: stores, events, models, accounts, the bus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis

from artel import __version__
from artel.accounts.api_keys import ApiKeys
from artel.accounts.authentication import Authenticator
from artel.accounts.leaving import Leaving
from artel.accounts.oidc.door import OidcDoor
from artel.accounts.pace import EXPORTS, Pace
from artel.accounts.passwords import Passwords
from artel.accounts.principal import Principal
from artel.accounts.provider_keys import ProviderKeys
from artel.accounts.quotas import Quotas
from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.server_settings import Installation
from artel.accounts.sign_ins import SignIns
from artel.accounts.users import Users
from artel.agents.announcer import Announcer
from artel.agents.consent import Consent
from artel.agents.delegating import AskAgent
from artel.agents.memory_desk import MemoryDesk
from artel.agents.runner import AgentRunner
from artel.agents.tool_turn import ToolTurns
from artel.app.counting import EventCounts, count_call, count_recall
from artel.app.databases import Stores
from artel.app.draining import Draining
from artel.app.erasing import ErasureSweep, erasures_of, hear_of_the_gone
from artel.app.eviction import Eviction
from artel.app.expiry import expiry_sweep
from artel.app.files import FileRoom, open_files
from artel.app.gauges import Gauges
from artel.app.limits import limits_of
from artel.app.mcp import Mcp, open_mcp
from artel.app.memory import MemoryHouse, open_memory
from artel.app.models import default_model, server_credentials
from artel.app.moving import MoveRecovery
from artel.app.oidc import open_oidc
from artel.app.reading import open_reading
from artel.app.retention import tidying_sweep
from artel.app.tools import installed_tools
from artel.app.tracing import also_traced, open_traces, trace_call, trace_event, trace_recall, traced_runner
from artel.bus.bus import Bus, BusConfig
from artel.bus.finish import charge
from artel.events.client import redis_client
from artel.events.control import ControlChannel
from artel.events.guard import PrincipalGuard
from artel.events.hub import Hub
from artel.events.log import EventLog
from artel.events.outbox import Outbox
from artel.events.pulse import Pulse
from artel.events.subscriber import Subscriber
from artel.files.search import FileSearch
from artel.kit.errors import Unavailable
from artel.kit.ids import IdMaker
from artel.kit.secrets import SecretBox
from artel.llm.local import usual_candidates
from artel.llm.pool import ModelPool
from artel.memory.recall import Recall
from artel.orchestrator.brief import read_brief
from artel.orchestrator.dry_run import DryRun
from artel.orchestrator.prices import PriceReader
from artel.orchestrator.proposal import Proposals
from artel.orchestrator.runner import PlanRunner, TeamRunner
from artel.settings import Settings
from artel.store.shards import Shards, StoreUnavailable
from artel.store.sweeps import UserSweep
from artel.store.tx import check_owners
from artel.telemetry.metrics import Metrics
from artel.tools.registry import Toolbox, ToolRegistry

_TASKS_CANCELLED = "tasks_cancelled"
_START_PAUSE_SECONDS = 0.3

_log = structlog.get_logger("artel.house")


@dataclass(frozen=True, slots=True)
class Part:
    """How this process takes part: `tasks` at once, and whether it also takes work that waits in the queue."""

    tasks: int = 200
    takes_queue: bool = True


@dataclass(frozen=True, slots=True)
class House:
    """What is there once everything stands."""

    settings: Settings
    metrics: Metrics
    ids: IdMaker
    shards: Shards
    redis: Redis
    subscriber: Subscriber
    outbox: Outbox
    log: EventLog
    hub: Hub
    pulse: Pulse
    pool: ModelPool
    box: SecretBox
    users: Users
    passwords: Passwords
    installation: Installation
    quotas: Quotas
    sign_ins: SignIns
    api_keys: ApiKeys
    authenticator: Authenticator
    oidc: OidcDoor | None
    """None where there is no provider to sign in through."""
    revocations: Revocations
    provider_keys: ProviderKeys
    tools: Toolbox
    recall: Recall
    files: FileRoom
    memory: MemoryHouse | None
    """None where this process knows of no vector store."""
    mcp: Mcp
    prices: PriceReader
    proposals: Proposals
    dry_run: DryRun
    bus: Bus
    expiry: UserSweep
    leaving: Leaving
    draining: Draining
    erasing: ErasureSweep
    pace: Pace
    tidying: UserSweep


@asynccontextmanager
async def open_house(settings: Settings, stores: Stores, part: Part) -> AsyncGenerator[House]:
    """Makes the house; at the end running tasks are handed over and the last events sent."""
    async with AsyncExitStack() as stack:
        metrics, ids, box = Metrics(), IdMaker(), SecretBox(stores.secret_key, *stores.old_keys)
        metrics.build.labels(__version__).set(1)
        traces = await stack.enter_async_context(open_traces(settings))
        stack.callback(check_owners(lambda _place: metrics.user_isolation_violations.inc()))

        shards = Shards(stores.shards, stores.pool_sizes, stores.other_passwords, limits_of(settings))
        stack.push_async_callback(shards.stop)
        await started(shards)

        redis = redis_client(stores.redis_url)
        stack.push_async_callback(redis.aclose)
        subscriber = Subscriber(redis)
        log = EventLog(redis)
        counted = EventCounts(metrics)
        outbox = Outbox(log, on_emit=also_traced(traces, counted.emitted, trace_event), on_loss=metrics.events_lost.inc)
        hub = Hub(
            log,
            subscriber,
            on_violation=metrics.user_isolation_violations.inc,
            on_resync=counted.resynced,
            on_slow=metrics.sse_dropped.inc,
        )
        control = ControlChannel(redis, subscriber)
        pulse = Pulse()

        revocations = Revocations(control)
        passwords = Passwords()
        sign_ins, api_keys = SignIns(shards, ids, revocations), ApiKeys(shards, ids, revocations)
        users = Users(shards, passwords, revocations, settings.registration, ids)
        installation = Installation(shards, ids, control)
        quotas = Quotas(shards, redis, metrics.quota_counted_locally.inc)
        authenticator = Authenticator(shards, sign_ins, api_keys, revocations, lambda: subscriber.connected)
        subscriber.on_restored(authenticator.forget_all)
        guard = PrincipalGuard(hub, lambda principal: _may_listen(authenticator, principal))
        revocations.on(lambda revoked: _close_streams(hub, guard, revoked))
        subscriber.on_restored(guard.look_now)
        provider_keys = ProviderKeys(shards, box)
        oidc = await stack.enter_async_context(open_oidc(settings, shards, box, users, sign_ins, api_keys, revocations))

        pool = ModelPool(
            server_credentials(settings),
            default=default_model(settings),
            local=usual_candidates(settings.port) if settings.find_local_models else (),
            on_call=also_traced(traces, partial(count_call, metrics), trace_call),
        )
        await stack.enter_async_context(pool)

        files = stack.enter_context(open_files(settings, shards))
        memory = await stack.enter_async_context(open_memory(settings, stores, shards, pool, metrics))
        mcp = open_mcp(settings, shards, ids, box, files.limits)
        wake = memory.indexer.wake if memory else _nobody
        recalled = also_traced(traces, partial(count_recall, metrics), trace_recall)
        recall = Recall(memory.finder if memory else None, on_outcome=recalled)
        memory_desk = MemoryDesk(shards, recall, outbox.emit, wake)
        installed = await installed_tools(settings, FileSearch(shards), memory_desk, stack, files.texts.document)
        tools = Toolbox(ToolRegistry(installed), AskAgent(shards, ids), mcp.source)
        announcer = Announcer(outbox.emit, metrics, wake)
        agents = AgentRunner(
            pool=pool,
            keys=provider_keys,
            tools=ToolTurns(shards, ids, outbox.emit, files.pictures),
            emit=outbox.emit,
            first_text=metrics.first_text,
            toolbox=tools,
            brief=read_brief,
            recall=recall,
        )
        prices, proposals = PriceReader(pool, provider_keys), Proposals(ids, outbox.emit)
        runner = traced_runner(traces, TeamRunner(agents, PlanRunner(agents, shards, ids, prices, proposals)))
        dry_run = DryRun(agents, shards, prices, lambda tx, agent_id, use: charge(tx, ids.uuid(), agent_id, use))

        async def tell_others(user_id: int, tasks: Sequence[UUID]) -> None:
            await control.publish(_TASKS_CANCELLED, {"user_id": user_id, "tasks": [str(task) for task in tasks]})

        config = BusConfig(worker_id=uuid4().hex, slots=part.tasks, takes_queue=part.takes_queue, alone=stores.alone)
        bus = Bus(config, shards, redis, ids, runner, announcer, tell_others)
        eviction = Eviction(shards, bus)
        revocations.on(eviction.look)
        stack.push_async_callback(eviction.aclose)
        control.on(_TASKS_CANCELLED, lambda message: bus.end_here([UUID(task) for task in message["tasks"]]))
        hear_of_the_gone(control, bus.worker, outbox)
        metrics.tasks_running.set_function(lambda: len(bus.worker.held))
        metrics.sse_connections.set_function(lambda: len(hub))
        metrics.events_waiting.set_function(lambda: outbox.backlog)

        stack.push_async_callback(subscriber.aclose)
        subscriber.start()
        with suppress(Unavailable):
            # It hears as soon as Redis is back, and a process may start while that is away.
            await control.start()
        outbox.start()
        stack.push_async_callback(outbox.aclose)
        pulse.start()
        stack.push_async_callback(pulse.aclose)
        stack.push_async_callback(hub.aclose)
        guard.start()
        stack.push_async_callback(guard.aclose)
        gauges = Gauges(shards, redis, metrics)
        gauges.start()
        quotas.start()
        stack.push_async_callback(quotas.aclose)
        stack.push_async_callback(gauges.aclose)
        leaving, pace = Leaving(shards, passwords, revocations), Pace(redis)
        erasing = erasures_of(
            shards,
            leaving,
            log,
            memory.contexts if memory else None,
            control,
            lambda user: pace.forget(EXPORTS, str(user)),
        )
        expiry = expiry_sweep(
            shards, lambda user: Consent(user, shards, ids, tools, files.limits, outbox.emit, bus.wake).expire()
        )
        expiry.start()
        stack.push_async_callback(expiry.aclose)
        erasing.start()
        stack.push_async_callback(erasing.aclose)
        tidying = tidying_sweep(settings, shards, bus, wake)
        tidying.start()
        stack.push_async_callback(tidying.aclose)
        if len(shards.by_name) > 1:
            moves = MoveRecovery(shards, lambda user_id: revocations.publish(Revoked(user_id, None)))
            moves.start()
            stack.push_async_callback(moves.aclose)
        if settings.read_chats:
            await stack.enter_async_context(
                open_reading(shards, ids, agents, outbox.emit, memory.finder if memory else None)
            )
        await bus.start()
        stack.push_async_callback(bus.stop)

        yield House(
            settings=settings,
            metrics=metrics,
            ids=ids,
            shards=shards,
            redis=redis,
            subscriber=subscriber,
            outbox=outbox,
            log=log,
            hub=hub,
            pulse=pulse,
            pool=pool,
            box=box,
            users=users,
            passwords=passwords,
            installation=installation,
            quotas=quotas,
            sign_ins=sign_ins,
            api_keys=api_keys,
            authenticator=authenticator,
            oidc=oidc,
            revocations=revocations,
            provider_keys=provider_keys,
            tools=tools,
            recall=recall,
            files=files,
            memory=memory,
            mcp=mcp,
            prices=prices,
            proposals=proposals,
            dry_run=dry_run,
            bus=bus,
            expiry=expiry,
            draining=Draining(bus, hub, outbox, settings.drain_seconds, settings.drain_notice_seconds),
            leaving=leaving,
            erasing=erasing,
            pace=pace,
            tidying=tidying,
        )


async def started(shards: Shards, patience_seconds: float = 30.0) -> None:
    """Starts the shards; waits for one that does not answer, such as a server that is being restarted.

    Raises:
        StoreUnavailable: it did not come back in time.
        DirectoryMissing: they are not this installation's.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            await shards.start()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            _log.warning("a database does not answer; waiting for it")
            await asyncio.sleep(_START_PAUSE_SECONDS)
        else:
            return


def _nobody(user_id: int) -> None:
    """Nobody remembers what this user says."""


async def _may_listen(authenticator: Authenticator, principal: object) -> bool:
    return isinstance(principal, Principal) and await authenticator.is_valid(principal)


def _close_streams(hub: Hub, guard: PrincipalGuard, revoked: Revoked) -> None:
    if revoked.proofs is None:
        guard.look_now()
    else:
        hub.close(lambda principal: isinstance(principal, Principal) and revoked.covers(principal))
