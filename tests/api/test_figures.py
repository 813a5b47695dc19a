"""The figures of the specification, under their names, as they come about."""

from __future__ import annotations

import asyncio
import dataclasses
from decimal import Decimal
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from artel.app.gauges import Gauges
from artel.app.watching import MetricsPortTaken, watched
from artel.gateway.app import create_app
from artel.gateway.deps import GatewayOptions
from artel.store.engine import PoolSizes
from artel.store.pool import PoolExhausted
from artel.store.shards import Shards
from artel.telemetry.metrics import Metrics
from tests.api.test_health import _deps  # pyright: ignore[reportPrivateUsage]
from tests.support.api import Person, Site
from tests.support.figures import lived_in, spend
from tests.support.planning import TWO, asked, confirm, is_, until
from tests.support.plans import request
from tests.support.stores import Stores
from tests.support.tool_people import asked_about, chosen, no
from tests.support.tool_scripts import calling

NAMES = (
    "user_agent_count_avg",
    "direct_call_latency_p95",
    "qdrant_search_latency",
    "user_isolation_violations",
    "orchestrator_bypass_rate",
    "approval_response_time",
)
"""As the specification's section 15 has them."""
HISTOGRAMS = ("qdrant_search_latency", "approval_response_time")


def samples(text: str) -> dict[str, float]:
    """Values by name and labels, as they are written."""
    return {
        f"{sample.name}{sample.labels or ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scrape(site: Site) -> dict[str, float]:
    answer = await (await site.visitor()).get("/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


async def test_every_figure_of_the_specification_is_there_before_anything_happens() -> None:
    text = Metrics().render().decode()

    assert [name for name in NAMES if f"\n# TYPE {name} " not in text] == []
    assert all(samples(text)[name] == 0 for name in NAMES if name not in HISTOGRAMS)


async def test_direct_calls_and_plans(site: Site, boss: Person) -> None:
    before = await scrape(site)

    chat, run_id, approval = await asked(boss, request(TWO))
    await confirm(boss, approval)
    await confirm(boss, approval)
    await until(boss, run_id, is_("completed"))
    middle = await scrape(site)
    for _ in range(3):
        assert (await boss.say(chat, "@coder hello")).status_code == 200
    after = await scrape(site)

    def grown(name: str, since: dict[str, float], now: dict[str, float]) -> float:
        return now[name] - since.get(name, 0.0)

    assert grown("approval_response_time_count{'type': 'plan'}", before, after) == 1, "the second yes changed nothing"
    assert 0 < grown("approval_response_time_sum{'type': 'plan'}", before, after) < 60
    assert grown("artel_direct_call_first_token_seconds_count", before, middle) == 0, (
        "a plan's tasks are no direct calls"
    )
    assert grown("artel_direct_call_first_token_seconds_count", middle, after) == 3
    assert grown("artel_direct_call_seconds_count", middle, after) == 3
    assert 0 < after["direct_call_latency_p95"] < 10
    direct, auto = "artel_messages_sent_total{'mode': 'direct'}", "artel_messages_sent_total{'mode': 'auto'}"
    assert (grown(direct, before, after), grown(auto, before, after)) == (3, 1)
    assert after["orchestrator_bypass_rate"] == pytest.approx(after[direct] / (after[direct] + after[auto]))
    assert grown("artel_events_published_total{'type': 'message_completed'}", middle, after) == 3
    assert grown("artel_model_tokens_total{'direction': 'in', 'provider': 'openai'}", before, after) > 0


async def test_what_the_installation_is(two_shards: Stores) -> None:
    metrics = Metrics()
    gauges = Gauges(two_shards.shards, two_shards.redis, metrics)
    user = await lived_in(two_shards)
    await two_shards.new_user(shard="shard2")
    await gauges.look()
    await spend(two_shards, user, Decimal("0.5"))
    await gauges.look()

    seen = samples(metrics.render().decode())
    assert seen["user_agent_count_avg"] == 1.0, "two agents, two users"
    assert (seen["artel_users{'shard': 'shard1'}"], seen["artel_users{'shard': 'shard2'}"]) == (1, 1)
    assert (seen["artel_agents_active{'shard': 'shard1'}"], seen["artel_agents_active{'shard': 'shard2'}"]) == (2, 0)
    stores = ("postgres:shard1", "postgres:shard2", "redis")
    assert [seen[f"artel_store_up{{'store': '{store}'}}"] for store in stores] == [1, 1, 1]
    assert seen["artel_figures_age_seconds"] < 5
    assert "artel_spend_usd_total{'provider': 'openai'}" not in seen, "older than what was counted before"


async def test_spending_is_counted_once_from_its_rows(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    gauges = Gauges(stores.shards, stores.redis, metrics)
    await gauges.look()
    known: Any = gauges._known["shard1"]  # pyright: ignore[reportPrivateUsage]
    user = await lived_in(stores)
    # As if the process had begun before the calls were made.
    known.spent_to = known.spent_to.replace(year=known.spent_to.year - 1)
    await gauges.look()
    await gauges.look()

    assert samples(metrics.render().decode())["artel_spend_usd_total{'provider': 'openai'}"] == 0.75
    assert user


async def test_a_store_that_is_away_is_told_and_its_figures_stay(stores: Stores) -> None:
    metrics = Metrics()
    gauges = Gauges(stores.shards, stores.redis, metrics)
    await stores.new_user()
    await gauges.look()
    url = stores.databases[0].app
    away = Shards([url])
    await away.start()
    gauges._shards = away  # pyright: ignore[reportPrivateUsage]
    await away.stop()
    away.by_name["shard1"].pool._engine = Shards([url.set(port=1, host="127.0.0.1", query={})])._pools[0]._engine  # pyright: ignore

    await gauges.turn()

    seen = samples(metrics.render().decode())
    assert seen["artel_store_up{'store': 'postgres:shard1'}"] == 0
    assert away.by_name["shard1"].pool.figures.failures == 1
    assert seen["artel_users{'shard': 'shard1'}"] == 1


async def test_waiting_for_a_connection_is_counted(stores: Stores) -> None:
    shards = Shards([urls.app for urls in stores.databases], PoolSizes(kept=1, extra=0, wait_seconds=0.05))
    await shards.start()
    pool = shards.by_name["shard1"].pool
    line = await pool.take()
    with pytest.raises(PoolExhausted):
        await pool.take()
    waiting = asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    await pool.give_back(line)
    assert await waiting is line
    metrics = Metrics()
    Gauges(shards, stores.redis, metrics)

    seen = samples(metrics.render().decode())

    assert seen["artel_store_pool_waits_total{'shard': 'shard1'}"] == 2
    assert seen["artel_store_pool_exhausted_total{'shard': 'shard1'}"] == 1
    assert seen["artel_store_failures_total{'shard': 'shard1'}"] == 0
    assert seen["artel_store_pool_wait_seconds_total{'shard': 'shard1'}"] >= 0.04
    assert (seen["artel_store_pool_lent{'shard': 'shard1'}"], seen["artel_store_pool_most{'shard': 'shard1'}"]) == (
        1,
        1,
    )
    await pool.give_back(line)
    await shards.stop()


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 1), {}, 200),
        (("::1", 1), {}, 200),
        (("10.2.3.4", 1), {}, 200),
        (("::ffff:192.168.0.1", 1), {}, 200),
        (None, {}, 200),
        (("8.8.8.8", 1), {}, 401),
        (("::ffff:8.8.8.8", 1), {}, 401),
        (("2606:4700::1", 1), {}, 401),
        (("somewhere", 1), {}, 401),
        (("127.0.0.1", 1), {"X-Forwarded-For": "10.0.0.1"}, 401),
        (("127.0.0.1", 1), {"Forwarded": "for=10.0.0.1"}, 401),
        (("10.2.3.4", 1), {"X-Real-IP": "10.0.0.1"}, 401),
    ],
)
async def test_without_a_token_only_the_neighbourhood_reads_the_metrics(
    site: Site, client: Any, headers: dict[str, str], status: int
) -> None:
    app = create_app(dataclasses.replace(_deps(site), options=GatewayOptions()))
    transport = httpx.ASGITransport(app, client=client)
    async with httpx.AsyncClient(transport=transport, base_url="http://artel.test") as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_a_worker_is_watched_on_a_port_of_its_own(site: Site) -> None:
    settings = site.house.settings.model_copy(update={"metrics_port": 0})
    house = dataclasses.replace(site.house, settings=settings)

    async with watched(house) as address, httpx.AsyncClient(base_url=address or "") as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        assert (await http.get("/readyz")).json()["checks"]["redis"]["ok"]
        assert set(NAMES) - set(HISTOGRAMS) <= samples((await http.get("/metrics")).text).keys()
        assert (await http.get("/my/agents/")).status_code == 404
        taken = settings.model_copy(update={"metrics_port": int((address or "").rsplit(":", 1)[1])})
        with pytest.raises(MetricsPortTaken):
            async with watched(dataclasses.replace(house, settings=taken)):
                pass
    async with watched(site.house) as nowhere:
        assert nowhere is None


async def test_a_tool_that_is_refused_was_answered_and_one_that_is_stopped_was_not(site: Site, ann: Person) -> None:
    await ann.agent("Coder", tools=chosen(current_time="ask"))
    before = await scrape(site)
    count = "approval_response_time_count{'type': 'tool'}"

    _, approval = await asked_about(ann, calling([("current_time", {})]))
    await no(ann, approval, "not now")
    await no(ann, approval, "not now")
    run_id, _ = await asked_about(ann, calling([("current_time", {})]))
    await ann.http.post(f"/my/runs/{run_id}/cancel/")
    await until(ann, run_id, is_("cancelled"))

    assert (await scrape(site))[count] - before[count] == 1
