"""Model servers on this machine, found by themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import orjson

from artel.llm.model_lists import ListedModel, read_list
from artel.llm.providers import PROVIDERS

_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a server of a provider may listen."""

    provider: str
    base_url: str


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that was found, with the models it has."""

    base_url: str
    models: tuple[ListedModel, ...]


def usual_candidates(own_port: int | None = None) -> list[Candidate]:
    """Where Ollama, LM Studio, llama.cpp and vLLM usually listen; never the port of this very server.

    Inside a container also on the machine that runs it.
    """
    contained = any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
    hosts = ("127.0.0.1", "host.docker.internal") if contained else ("127.0.0.1",)
    return [
        Candidate(spec.provider, f"http://{host}:{spec.local_port}/v1")
        for host in hosts
        for spec in PROVIDERS.values()
        if spec.local_port is not None and spec.local_port != own_port
    ]


class LocalServers:
    """Looks for the candidates, each for at most `patience` seconds, all at once; what it finds holds for `fresh`."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        patience: float = 0.3,
        fresh: float = 30.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._candidates = candidates
        self._patience = patience
        self._fresh = fresh
        self._now = now
        self._found: dict[str, LocalServer] = {}
        self._until = 0.0
        self._looking: asyncio.Task[None] | None = None

    def base_url(self, provider: str) -> str | None:
        """Where the server of this provider was found last."""
        server = self._found.get(provider)
        return server.base_url if server else None

    def models(self, provider: str) -> tuple[ListedModel, ...]:
        """The models it had then."""
        server = self._found.get(provider)
        return server.models if server else ()

    def found(self) -> list[str]:
        """The providers with a server, in the order of the candidates."""
        return list(self._found)

    async def look(self, session: aiohttp.ClientSession) -> None:
        """Looks around unless it was done a moment ago; callers at the same time share one look."""
        if self._candidates and self._now() >= self._until:
            await asyncio.shield(self.look_in_background(session))

    def look_in_background(self, session: aiohttp.ClientSession) -> asyncio.Task[None]:
        """Begins to look around, or answers the look that is under way."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(session), name="llm-local-servers")
        return self._looking

    async def aclose(self) -> None:
        """Stops looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self, session: aiohttp.ClientSession) -> None:
        answers = await asyncio.gather(*(self._ask(session, candidate) for candidate in self._candidates))
        found: dict[str, LocalServer] = {}
        for candidate, models in zip(self._candidates, answers, strict=True):
            if models and candidate.provider not in found:
                found[candidate.provider] = LocalServer(candidate.base_url, tuple(models))
        self._found = found
        self._until = self._now() + self._fresh

    async def _ask(self, session: aiohttp.ClientSession, candidate: Candidate) -> list[ListedModel]:
        try:
            async with (
                asyncio.timeout(self._patience),
                session.get(f"{candidate.base_url}/models", allow_redirects=False) as response,
            ):
                if response.status != 200:
                    return []
                return read_list(orjson.loads(await response.content.read(_MAX_BYTES)))
        except (aiohttp.ClientError, OSError, ValueError):  # a TimeoutError is an OSError
            return []
