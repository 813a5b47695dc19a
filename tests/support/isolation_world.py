"""Two processes over two shards, a victim whose space is full, and those who would like to see it."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import pytest
import structlog

from artel.app.gateway import gateway_for
from artel.app.house import House
from artel.store.engine import PoolSizes
from artel.store.roles import DatabaseUrls
from artel.telemetry.logs import configure_logging
from tests.support.house import house_over
from tests.support.isolation_http import Caller, Reply, Wire, http_session
from tests.support.isolation_people import PASSWORD, People
from tests.support.isolation_plans import equip
from tests.support.isolation_snapshot import Ledger, open_ledger
from tests.support.isolation_victim import Victim, make_victim
from tests.support.live_http import live_server
from tests.support.mcp_oauth import OAuthSite
from tests.support.model_server import ModelServer
from tests.support.oidc_site import CLIENT_ID, OidcSite
from tests.support.stores import Stores, installation

EMAIL = "victim-of-all@example.org"
_FIRST_USER = 700_000


@dataclass(frozen=True)
class Layout:
    """How a world differs from the others."""

    name: str
    victims_shard: str
    row_level_security: bool
    """False: the product connects as a role that it does not bind, so that only its own filters are left."""


ALL_LAYERS = Layout("all layers", victims_shard="shard2", row_level_security=True)
FILTERS_ALONE = Layout("filters alone", victims_shard="shard1", row_level_security=False)
LAYOUTS = (ALL_LAYERS, FILTERS_ALONE)
"""In each there are attackers on the victim's shard and on the other one."""


def in_worlds(*layouts: Layout) -> pytest.MarkDecorator:
    """`@in_worlds(ALL_LAYERS)`: the test runs in these alone."""
    return pytest.mark.parametrize("world", layouts, ids=lambda layout: layout.name.replace(" ", "-"), indirect=True)


@dataclass(frozen=True)
class Site:
    """Two processes over the same stores, and a scripted model that both of them ask."""

    stores: Stores
    houses: tuple[House, House]
    wires: tuple[Wire, Wire]
    model: ModelServer
    people: People
    ledger: Ledger

    @property
    def denied(self) -> int:
        """`user_isolation_denied`, of both processes."""
        return sum(house.metrics.user_isolation_denied.value for house in self.houses)

    @property
    def violations(self) -> int:
        """`user_isolation_violations`, of both processes."""
        return sum(house.metrics.user_isolation_violations.value for house in self.houses)

    async def public_answers(self) -> list[Reply]:
        """What the server says of itself, to nobody in particular."""
        targets = ("/metrics", "/readyz", "/healthz", "/my/openapi.json", "/auth/options/", "/my/docs")
        nobody = [Caller("nobody", wire, {}) for wire in self.wires]
        return [await caller.send("GET", target) for caller in nobody for target in targets]


@dataclass(frozen=True)
class World(Site):
    """A site with a victim, and everything that an attack on them needs."""

    layout: Layout
    victim: Victim
    owner: Caller
    """An administrator with a password: whatever the product can do, they can."""
    attackers: Sequence[Caller]
    logs: io.StringIO

    @property
    def neighbour(self) -> Caller:
        """An attacker on the victim's own shard."""
        return next(each for each in self.attackers if each.name.endswith(self.layout.victims_shard))


@asynccontextmanager
async def open_site(stores: Stores, sizes: PoolSizes | None = None) -> AsyncGenerator[Site]:
    """The site, ready to serve. sizes: of each process's pool of connections to each shard."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        model = await enter(ModelServer())
        mcp = await enter(OAuthSite())
        oidc = await enter(OidcSite())
        provider = {"ARTEL_OIDC_ISSUER": oidc.issuer, "ARTEL_OIDC_CLIENT_ID": CLIENT_ID}
        session = await enter(http_session())
        houses: list[House] = []
        wires: list[Wire] = []
        for _ in range(2):
            house = await enter(house_over(stores, model, None, sizes, None, **provider))
            port = await enter(live_server(gateway_for(house), house.hub.shut))
            houses.append(house)
            wires.append(Wire(session, port, model.base_url, mcp.url))
        people = People(houses[0], stores, wires)
        ledger = await enter(open_ledger(stores))
        yield Site(stores, (houses[0], houses[1]), (wires[0], wires[1]), model, people, ledger)


@asynccontextmanager
async def open_world(layout: Layout, databases: Sequence[DatabaseUrls], redis_url: str) -> AsyncGenerator[World]:
    """The world, which leaves the stores empty at its end."""
    if not layout.row_level_security:
        databases = [replace(urls, app=urls.migrator) for urls in databases]
    async with AsyncExitStack() as stack:
        logs = stack.enter_context(_logs())
        stores = await stack.enter_async_context(installation(tuple(databases), redis_url))
        stack.push_async_callback(stores.empty)
        # Ids that stand in no example of the documentation.
        await stores.as_migrator("select setval(pg_get_serial_sequence('users', 'id'), $1)", _FIRST_USER)
        site = await stack.enter_async_context(open_site(stores))
        victim = await _victim(site.people, site.ledger, layout)
        owner = await site.people.registered("the owner", "owner@example.org", PASSWORD, role="admin")
        await equip(owner)
        attackers = await site.people.attackers()
        yield World(**vars(site), layout=layout, victim=victim, owner=owner, attackers=attackers, logs=logs)


async def _victim(people: People, ledger: Ledger, layout: Layout) -> Victim:
    # A new account goes where the fewest are; these are the first.
    if layout.victims_shard != next(iter(people.stores.shards.by_name)):
        await people.newcomer("who was here first")
    password = "a password of the victim alone"
    caller = await people.registered("the victim", EMAIL, password)
    entry = await people.stores.shards.entry(caller.user_id)
    assert entry.shard == layout.victims_shard
    return await make_victim(people, ledger, caller, password)


@contextmanager
def _logs() -> Generator[io.StringIO]:
    """What the product logs, as it would stand on standard error."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging("json", "debug", stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
