"""A data directory and whoever serves it, which may be killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.support.model_server import ModelServer
from tests.support.serve import Serve, StartServe

PASSWORD = "correct horse battery"


class Household:
    """One data directory, and whoever serves it now."""

    def __init__(self, start: StartServe, data: Path, model: ModelServer, **environment: str) -> None:
        self._start = start
        self._environment = environment
        self.data = data
        self._model = model
        self._serve: Serve | None = None
        self.http = httpx.AsyncClient()

    @classmethod
    @asynccontextmanager
    async def lasting(
        cls, start: StartServe, data: Path, model: ModelServer, **environment: str
    ) -> AsyncGenerator[Self]:
        """One for all tests of a module, served already: each makes a newcomer of its own, and whoever is killed has a
        successor with the same data. It asks the model nothing of its own accord, while tests count what it is asked.
        """
        house = cls(start, data, model, ARTEL_REGISTRATION="open", ARTEL_READ_CHATS="false", **environment)
        await house.begin()
        yield house
        await house.http.aclose()

    async def begin(self) -> None:
        """Starts a server."""
        access = {"OPENAI_BASE_URL": self._model.base_url, "OPENAI_API_KEY": "test-key"}
        self._serve = self._start(self.data, **access, **self._environment)
        self.http.base_url = httpx.URL(await asyncio.to_thread(self._serve.url))

    async def die(self) -> None:
        """Kills it; nobody serves until `begin`."""
        assert self._serve is not None
        self._serve.send(signal.SIGKILL)
        await asyncio.to_thread(self._serve.wait)

    async def kill(self) -> None:
        """Kills it, and starts another."""
        await self.die()
        await self.begin()

    async def stop(self) -> None:
        """Stops it in order; nobody serves until `begin`."""
        assert self._serve is not None
        self._serve.send(signal.SIGTERM)
        assert await asyncio.to_thread(self._serve.wait) == 0

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._serve is not None
        return self._serve.process.pid

    @property
    def environment(self) -> dict[str, str]:
        """For a command beside the server."""
        return {**os.environ, "ARTEL_DATA_DIR": str(self.data)}

    async def newcomer(self) -> str:
        """The address of a new account, which is signed in instead of whoever was."""
        email = f"{uuid4().hex}@example.org"
        self.http.cookies.clear()
        await self.post("/auth/register", {"email": email, "password": PASSWORD})
        return email

    async def post(self, path: str, body: Any) -> Any:
        """The JSON of the answer."""
        answer = await self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def run(self, run_id: str) -> dict[str, Any]:
        """The run now."""
        return (await self.http.get(f"/my/runs/{run_id}/")).json()

    async def until(self, run_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The run, as soon as it is so."""
        async with asyncio.timeout(40):
            while not holds(run := await self.run(run_id)):  # noqa: ASYNC110  # the API tells only when asked
                await asyncio.sleep(0.05)
        return run
