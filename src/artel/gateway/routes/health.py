"""For those who run the server."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address
from typing import Any, Final

from fastapi import Request, Response

from artel.gateway.deps import Deps, GatewayDeps, MemoryTroubles
from artel.gateway.idempotency import json_answer
from artel.gateway.json_route import resource
from artel.kit.errors import Unauthenticated, Unavailable
from artel.kit.secrets import same_bytes
from artel.store.health import Check
from artel.telemetry.metrics import CONTENT_TYPE

_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers by which a proxy tells for whom it asks."""

router = resource("", "Server")


@router.get("/healthz", summary="Is the process alive?", openapi_extra={"security": []})
async def alive() -> dict[str, str]:
    """Looks at nothing else."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Can it serve?",
    responses={503: {"description": "A store does not answer, or the process is leaving (`draining`)."}},
    openapi_extra={"security": []},
)
async def ready(deps: Deps) -> Response:
    """Asks every store now: `{status, checks: {store: {ok, ms, error?}, memory: {ok, ms, troubles}}}`.

    Without memory it serves all the same: the status is then `degraded`. A process that was told to stop is `draining`.
    """
    if deps.drains():
        answer = json_answer({"status": "draining", "version": deps.version, "checks": {}}, 503)
        answer.headers["Retry-After"] = "2"
        return answer
    content, all_well = await readiness(deps)
    answer = json_answer(content, 200 if all_well else 503)
    if not all_well:
        answer.headers["Retry-After"] = "2"
    return answer


async def readiness(deps: GatewayDeps) -> tuple[dict[str, Any], bool]:
    """What `/readyz` answers, and whether every store is well."""
    seconds = deps.options.check_seconds
    *results, memory = await asyncio.gather(
        *(_ask(check, seconds) for check in deps.checks.values()), _ask_memory(deps.memory_troubles, seconds)
    )
    all_well = all(result["ok"] for result in results)
    is_degraded = bool(memory) and not memory["ok"]
    content = {
        "status": "unavailable" if not all_well else "degraded" if is_degraded else "ok",
        "version": deps.version,
        "checks": {**dict(zip(deps.checks, results, strict=True)), **({"memory": memory} if memory else {})},
    }
    return content, all_well


@router.get("/metrics", summary="Prometheus metrics", response_class=Response, openapi_extra={"security": []})
async def metrics(request: Request, deps: Deps) -> Response:
    """Wants the administrator's token when there is one; else only this machine and its network are answered."""
    token = deps.options.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not same_bytes(given.encode(), token.encode()):
            raise Unauthenticated("The metrics want a token: 'Authorization: Bearer <token>'.")
    elif not _is_near(request):
        raise Unauthenticated("The metrics are for this machine and its network. Set ARTEL_METRICS_TOKEN to open them.")
    return Response(deps.metrics.render(), media_type=CONTENT_TYPE)


def _is_near(request: Request) -> bool:
    """Whether a request comes from this machine or a private network, and from nobody behind a proxy."""
    if any(name in request.headers for name in _PASSED_ON):
        return False
    if request.client is None:
        return True
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


async def _ask(check: Check, seconds: float) -> dict[str, Any]:
    began = time.perf_counter()
    error: str | None = None
    try:
        async with asyncio.timeout(seconds):
            await check()
    except TimeoutError:
        error = "no answer in time"
    except Unavailable as unavailable:
        error = type(unavailable.__cause__ or unavailable).__name__
    result = {"ok": error is None, "ms": round((time.perf_counter() - began) * 1_000, 2)}
    return result if error is None else {**result, "error": error}


async def _ask_memory(troubles: MemoryTroubles | None, seconds: float) -> dict[str, Any]:
    """Whose memory has troubles is nobody's affair here."""
    if troubles is None:
        return {}
    began = time.perf_counter()
    try:
        async with asyncio.timeout(seconds):
            kinds = sorted({trouble.kind for trouble in await troubles()})
    except TimeoutError:
        kinds = ["unreachable"]
    return {"ok": not kinds, "ms": round((time.perf_counter() - began) * 1_000, 2), "troubles": kinds}
