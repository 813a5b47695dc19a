"""For those who run the server: is it alive, can it serve, what does it count."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import AsyncExitStack

import httpx

from artel.gateway.app import create_app
from artel.gateway.deps import GatewayDeps, GatewayOptions
from artel.kit.errors import Unavailable
from tests.support.api import Person, Site


def _deps(site: Site) -> GatewayDeps:
    app = site.app
    while not hasattr(app, "state"):
        app = getattr(app, "_app", None) or app.app  # pyright: ignore
    return app.state.deps  # pyright: ignore


async def _get(deps: GatewayDeps, path: str, **headers: str) -> httpx.Response:
    async with AsyncExitStack() as stack:
        transport = httpx.ASGITransport(create_app(deps))
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://artel.test"))
        return await http.get(path, headers=headers)


async def test_all_is_well(site: Site) -> None:
    http = await site.visitor()

    ready = await http.get("/readyz")

    assert (await http.get("/healthz")).json() == {"status": "ok"}
    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {"postgres:shard1", "redis"}
    assert all(check["ok"] and check["ms"] >= 0 for check in ready.json()["checks"].values())


async def test_a_store_that_is_away_or_hangs_is_named(site: Site) -> None:
    async def broken() -> None:
        raise Unavailable from ConnectionRefusedError("secret-host:5432")

    async def hanging() -> None:
        await asyncio.Event().wait()

    deps = _deps(site)
    sick = dataclasses.replace(
        deps,
        checks={**deps.checks, "qdrant": broken, "postgres:shard2": hanging},
        options=GatewayOptions(check_seconds=0.2),
    )

    ready = await _get(sick, "/readyz")

    assert ready.status_code == 503
    assert ready.headers["retry-after"]
    checks = ready.json()["checks"]
    assert checks["redis"]["ok"]
    assert checks["qdrant"]["error"] == "ConnectionRefusedError"
    assert checks["postgres:shard2"]["error"] == "no answer in time"
    assert "secret-host" not in ready.text
    assert (await _get(sick, "/healthz")).status_code == 200


async def test_metrics_count_by_template_and_hold_no_ids(site: Site, ann: Person) -> None:
    chat = await ann.chat()
    await ann.http.get(f"/my/chat/{chat}/")
    await ann.http.get("/my/chat/12345/")
    await ann.http.get("/whatever/i/like")

    text = (await (await site.visitor()).get("/metrics")).text

    for status in (200, 404):
        assert f'artel_http_requests_total{{method="GET",route="/my/chat/{{session_id}}/",status="{status}"}}' in text
    assert "user_isolation_violations" in text
    assert str(chat) not in text
    assert "whatever" not in text


async def test_metrics_may_want_a_token(site: Site) -> None:
    guarded = dataclasses.replace(_deps(site), options=GatewayOptions(metrics_token="a-long-token"))

    assert (await _get(guarded, "/metrics")).status_code == 401
    assert (await _get(guarded, "/metrics", Authorization="Bearer wrong")).status_code == 401
    assert (await _get(guarded, "/metrics", Authorization="Bearer a-long-token")).status_code == 200
