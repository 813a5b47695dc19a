"""`artel worker` as a process: watched on its own port, and gone when it is told to go."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import orjson

from tests.support.stores import SECRET_KEY, Stores


async def test_a_worker_answers_those_who_watch_and_leaves_when_told(stores: Stores, tmp_path: Path) -> None:
    urls = stores.databases[0]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "ARTEL_"))},
        "DATABASE_URL": urls.app.set(drivername="postgresql").render_as_string(hide_password=False),
        "ARTEL_MIGRATION_URL": urls.migrator.set(drivername="postgresql").render_as_string(hide_password=False),
        "REDIS_URL": stores.redis_url,
        "ARTEL_SECRET_KEY": SECRET_KEY,
        "ARTEL_DATA_DIR": str(tmp_path),
        "ARTEL_METRICS_PORT": "0",
        "ARTEL_LOG_FORMAT": "json",
        "ARTEL_FIND_LOCAL_MODELS": "false",
    }
    program = [str(Path(sys.executable).with_name("artel")), "worker"]
    pipe = asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(*program, env=environment, stdout=pipe, stderr=pipe)
    try:
        assert worker.stdout is not None
        assert worker.stderr is not None
        address = await _address(worker.stderr)
        assert (await worker.stdout.readline()).decode() == f"worker pid {worker.pid}\n"
        async with httpx.AsyncClient(base_url=address) as http:
            assert (await http.get("/healthz")).json() == {"status": "ok"}
            assert (await http.get("/readyz")).status_code == 200
            text = (await http.get("/metrics")).text
        assert "\norchestrator_bypass_rate 0.0\n" in text
        assert "\nartel_tasks_running 0.0\n" in text
    finally:
        worker.send_signal(signal.SIGTERM)
        code = await worker.wait()
    assert code == 0


async def _address(lines: asyncio.StreamReader) -> str:
    seen: list[bytes] = []
    while line := await lines.readline():
        seen.append(line)
        if b"metrics_served" in line:
            return orjson.loads(line)["address"]
    raise AssertionError(b"".join(seen).decode())
