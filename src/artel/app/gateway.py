"""The house's HTTP side, composed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from artel import __version__
from artel.accounts.admin_log import AdminLog
from artel.accounts.administration import Administration
from artel.accounts.attempts import Attempts
from artel.accounts.password_links import PasswordLinks
from artel.app.house import House
from artel.app.retention import bounds_of
from artel.files.store import MEGABYTE
from artel.gateway.app import api, create_app, create_probes
from artel.gateway.deps import GatewayDeps, GatewayOptions
from artel.gateway.openapi import describe
from artel.kit.clock import utc_now
from artel.memory.state import MemoryState, read_state
from artel.space.export.desk import ExportDesk
from artel.space.factory import SpaceFactory
from artel.space.foreign import ForeignIds
from artel.space.memory import SharedMemory
from artel.space.registry import SpaceRegistry
from artel.store.health import ShardsHealth, store_checks
from artel.store.idempotency import IdempotencyStore
from artel.store.limits import Limits

_PAGE_PLACES = (
    Path(__file__).parents[1] / "web_dist",
    Path(__file__).parents[3] / "web" / "dist",
)
"""In an installed wheel, and in a checkout."""


def gateway_for(house: House) -> ASGIApp:
    """The application that serves this house."""
    return create_app(_deps(house))


def probes_for(house: House) -> ASGIApp:
    """What a process that serves no users answers to those who watch over it."""
    return create_probes(_deps(house))


def _deps(house: House) -> GatewayDeps:
    factory = SpaceFactory(
        shards=house.shards,
        ids=house.ids,
        bus=house.bus,
        hub=house.hub,
        log=house.log,
        emit=house.outbox.emit,
        pool=house.pool,
        provider_keys=house.provider_keys,
        prices=house.prices,
        proposals=house.proposals,
        dry_run=house.dry_run,
        toolbox=house.tools,
        file_limits=house.files.limits,
        read_text=house.files.texts.read,
        mcp_servers=house.mcp.servers,
        mcp_sign_ins=house.mcp.sign_ins,
        memory=_shared_memory(house),
        about_to_ask=house.recall.begin,
        retention_bounds=bounds_of(house.settings),
        on_sent=house.metrics.sent,
        on_answer=lambda kind, seconds: house.metrics.approval_response_time.labels(kind).observe(seconds),
    )
    token = house.settings.metrics_token
    return GatewayDeps(
        spaces=SpaceRegistry(factory.build),
        users=house.users,
        sign_ins=house.sign_ins,
        api_keys=house.api_keys,
        authenticator=house.authenticator,
        attempts=Attempts(house.redis),
        administration=Administration(house.shards, house.ids, house.sign_ins, house.revocations),
        admin_log=AdminLog(house.shards),
        installation=house.installation,
        password_links=PasswordLinks(house.shards, house.ids, house.passwords),
        quotas=house.quotas,
        health=ShardsHealth(house.shards),
        usual_limits=_usual_limits(house),
        open_streams=lambda: len(house.hub),
        idempotency=IdempotencyStore(house.shards, house.box),
        foreign=ForeignIds(house.shards),
        leaving=house.leaving,
        erasures=house.erasing.erasures,
        exports=ExportDesk(house.shards, house.pace, utc_now, __version__),
        pulse=house.pulse,
        metrics=house.metrics,
        checks=store_checks(house.shards, house.redis),
        oidc=house.oidc,
        memory_troubles=house.memory.troubles if house.memory else None,
        drains=lambda: house.draining.begun,
        version=__version__,
        options=GatewayOptions(
            public_url=house.settings.public_url,
            trusted_proxies=house.settings.trusted_proxies,
            max_upload_bytes=house.files.limits.file_bytes,
            metrics_token=token.get_secret_value() if token else None,
            page=next((place for place in _PAGE_PLACES if (place / "index.html").is_file()), None),
        ),
    )


def _usual_limits(house: House) -> Limits:
    return replace(house.shards.usual_limits, storage_mb=house.files.limits.total_bytes // MEGABYTE)


def _shared_memory(house: House) -> SharedMemory:
    memory = house.memory

    async def read(user_id: int) -> MemoryState:
        troubles = await memory.troubles() if memory else None
        async with house.shards.user_tx(user_id) as tx:
            return await read_state(tx, troubles, memory.embedder if memory else None)

    if memory is None:
        return SharedMemory(None, read, lambda _: None)
    return SharedMemory(memory.finder, read, memory.indexer.wake)


@cache
def openapi_document() -> Mapping[str, Any]:
    """The API's schema, without starting anything; made once."""
    return describe(api(__version__))
