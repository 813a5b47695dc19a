"""The small port on which a worker, which serves nobody, is watched: is it alive, can it work, what does it count."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Final

import structlog
import uvicorn

from artel.app.gateway import probes_for
from artel.app.house import House
from artel.app.sockets import address_of, bound
from artel.kit.errors import ArtelError

_BACKLOG: Final = 64
_DRAIN_SECONDS: Final = 2

_log = structlog.get_logger("artel.server")


class MetricsPortTaken(ArtelError):
    """The port for the metrics is already in use. Choose another one with ARTEL_METRICS_PORT."""

    slug = "metrics-port-taken"


class _Probes(uvicorn.Server):
    """Leaves signals to whoever runs the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def watched(house: House) -> AsyncGenerator[str | None]:
    """Answers `/healthz`, `/readyz` and `/metrics` meanwhile; the address, None where no port was asked for.

    Raises:
        MetricsPortTaken: another program has the port.
    """
    if house.settings.metrics_port is None:
        yield None
        return
    with bound(house.settings.host, house.settings.metrics_port, MetricsPortTaken, _BACKLOG) as listener:
        config = uvicorn.Config(
            probes_for(house),
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        server = _Probes(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="probes")
        address = address_of(listener)
        _log.info("metrics_served", address=address)
        try:
            yield address
        finally:
            server.should_exit = True
            await serving
