"""Which models a provider offers, asked of it and remembered for a while."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import aiohttp
import orjson

from artel.llm.access import Access
from artel.llm.callee import Callee
from artel.llm.chat_stream import connection_error
from artel.llm.connections import Connections
from artel.llm.errors import ModelBadAnswer, ModelError
from artel.llm.http_errors import MAX_ERROR_BODY, error_from_response
from artel.llm.lru import Lru

_MAX_LIST_BYTES: Final = 8 * 1024 * 1024
_NOT_FOR_CHAT: Final = re.compile(
    r"embed|tts|whisper|transcri|dall-e|image|audio|realtime|moderation|sora|speech|rerank|davinci|babbage|"
    r"-live|imagen|veo|aqa|guard|instruct-0914|deep-research|computer-use"
)
_CONTEXT_FIELDS: Final = ("context_length", "max_model_len", "context_window", "inputTokenLimit", "max_input_tokens")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model, as its provider lists it."""

    name: str
    label: str
    context_tokens: int | None = None


@dataclass(slots=True)
class _Remembered:
    models: list[ListedModel] = field(default_factory=list[ListedModel])
    error: ModelError | None = None
    until: float = 0.0
    renewing: asyncio.Task[None] | None = None


class ModelLists:
    """The models of each access. fresh: seconds a list is believed; a failure is believed for `failed` seconds, and
    until it is over the last good list stands in."""

    def __init__(
        self,
        connections: Connections,
        *,
        fresh: float = 300.0,
        failed: float = 15.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._fresh = fresh
        self._failed = failed
        self._now = now
        self._known: Lru[tuple[str, str], _Remembered] = Lru(1024)
        self._asking: set[asyncio.Task[None]] = set()

    def known(self, access: Access) -> list[ListedModel]:
        """What is remembered, without asking."""
        return self._entry(access).models

    async def get(self, access: Access, timeout: float) -> tuple[list[ListedModel], ModelError | None]:
        """The list, from memory while it is fresh, and what went wrong if it could not be renewed.

        Callers at the same time share one question.
        """
        entry = self._entry(access)
        if self._now() >= entry.until:
            if entry.renewing is None or entry.renewing.done():
                entry.renewing = asyncio.create_task(self._renew(entry, access, timeout), name="llm-model-list")
                self._asking.add(entry.renewing)
                entry.renewing.add_done_callback(self._asking.discard)
            await asyncio.shield(entry.renewing)
        return entry.models, entry.error

    async def aclose(self) -> None:
        """Stops asking."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _renew(self, entry: _Remembered, access: Access, timeout: float) -> None:
        try:
            entry.models = await self.ask(access, timeout)
        except ModelError as error:
            entry.error = error
            entry.until = self._now() + self._failed
        else:
            entry.error = None
            entry.until = self._now() + self._fresh

    async def ask(self, access: Access, timeout: float, *, check_key: bool = False) -> list[ListedModel]:
        """Asks the provider. check_key: also where anyone may read the list.

        Raises:
            ModelError: it does not answer within `timeout` seconds, or not with a list.
        """
        callee = access.callee("")
        url, headers = _list_address(access)
        try:
            async with asyncio.timeout(timeout):
                if check_key and access.spec.key_path is not None:
                    await self._fetch(access, callee, access.base_url + access.spec.key_path, headers)
                body = await self._fetch(access, callee, url, headers)
        except (aiohttp.ClientError, OSError) as error:
            raise connection_error(error, callee) from error
        try:
            return read_list(orjson.loads(body))
        except (orjson.JSONDecodeError, ValueError) as error:
            raise callee.error(ModelBadAnswer, "page" if body.lstrip()[:1] == b"<" else None) from error

    async def _fetch(self, access: Access, callee: Callee, url: str, headers: Mapping[str, str]) -> bytes:
        session = self._connections.session(access)
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                refusal = await response.content.read(MAX_ERROR_BODY)
                raise error_from_response(response.status, response.headers, refusal, callee)
            pieces: list[bytes] = []
            size = 0
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > _MAX_LIST_BYTES:
                    raise callee.error(ModelBadAnswer, "huge")
                pieces.append(piece)
            return b"".join(pieces)

    def _entry(self, access: Access) -> _Remembered:
        return self._known.get((access.spec.provider, access.fingerprint), _Remembered)


def _list_address(access: Access) -> tuple[str, Mapping[str, str]]:
    key = access.credentials.api_key
    if access.spec.kind == "anthropic":
        headers = {"anthropic-version": "2023-06-01", **({"x-api-key": key} if key else {})}
        return f"{access.base_url}/v1/models?limit=1000", headers
    if access.spec.kind == "google":
        return f"{access.base_url}/v1beta/models?pageSize=1000", {"x-goog-api-key": key} if key else {}
    return f"{access.base_url}/models", {"Authorization": f"Bearer {key}"} if key else {}


def read_list(body: object) -> list[ListedModel]:
    """The models for conversation in a provider's list, by name.

    Raises:
        ValueError: it is not a list of models.
    """
    if not isinstance(body, dict):
        raise ValueError("not an object")
    fields = cast("dict[str, Any]", body)
    rows = fields.get("data", fields.get("models"))
    if not isinstance(rows, list):
        raise ValueError("no list of models")
    objects = [cast("dict[str, Any]", row) for row in cast("list[object]", rows) if isinstance(row, dict)]
    models = [model for row in objects if (model := _listed(row))]
    return sorted(models, key=lambda model: model.name)


def _listed(row: dict[str, Any]) -> ListedModel | None:
    name = row.get("id") or row.get("name")
    if not isinstance(name, str):
        return None
    name = name.removeprefix("models/")
    methods = row.get("supportedGenerationMethods")
    if _NOT_FOR_CHAT.search(name.lower()) or (isinstance(methods, list) and "generateContent" not in methods):
        return None
    label = row.get("display_name") or row.get("displayName") or name
    context = next((value for field in _CONTEXT_FIELDS if isinstance(value := row.get(field), int)), None)
    return ListedModel(name, label if isinstance(label, str) else name, context)
