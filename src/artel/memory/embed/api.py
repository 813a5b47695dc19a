"""Any server that speaks OpenAI's embeddings API: OpenAI itself, Ollama, LM Studio, llama.cpp, vLLM and so on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import aiohttp
import orjson

from artel.kit.stored import stored_text
from artel.llm.access import Access
from artel.llm.chat_stream import connection_error
from artel.llm.connections import Connections
from artel.llm.errors import ModelBadAnswer, ModelError
from artel.llm.http_errors import MAX_ERROR_BODY, error_from_response
from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.vectors import BadVector, Space, Vector, as_vector, check_vector

_QUESTION_SECONDS: Final = 5.0
_PASSAGES_SECONDS: Final = 60.0
_MAX_TEXTS: Final = 64
_MAX_CHARACTERS: Final = 100_000
"""Of all texts of one request."""
_MAX_ANSWER: Final = 32 * 1024 * 1024


class ApiEmbedder:
    """A model behind an access; implements `Embedder`. What an access may reach decides `connections`, as for chats."""

    def __init__(self, connections: Connections, access: Access, model: str, dimension: int) -> None:
        self._connections = connections
        self._access = access
        self._model = model
        slug = re.sub("[^a-z0-9.]+", "-", f"{access.spec.provider}-{model}".lower()).strip("-")
        self.space = Space(f"{slug}-{dimension}", dimension)

    @classmethod
    async def open(cls, connections: Connections, access: Access, model: str) -> ApiEmbedder:
        """Asks the model for one vector, to learn how long they are.

        Raises:
            EmbedderUnavailable, BadVector: it does not answer as it should.
        """
        [vector] = await _embed(connections, access, model, ["dimension"], _PASSAGES_SECONDS)
        return cls(connections, access, model, len(vector))

    async def question(self, text: str) -> Vector:
        """See `Embedder`."""
        [vector] = await self._ask([text], _QUESTION_SECONDS)
        return vector

    async def passages(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder`."""
        return [vector for some in _batches(texts) for vector in await self._ask(some, _PASSAGES_SECONDS)]

    async def aclose(self) -> None:
        """The connections belong to others."""

    async def _ask(self, texts: Sequence[str], timeout: float) -> list[Vector]:
        vectors = await _embed(self._connections, self._access, self._model, texts, timeout)
        for vector in vectors:
            check_vector(vector, self.space.dimension)
        return vectors


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    some: list[str] = []
    characters = 0
    for text in texts:
        if some and (len(some) == _MAX_TEXTS or characters + len(text) > _MAX_CHARACTERS):
            yield some
            some, characters = [], 0
        some.append(text)
        characters += len(text)
    if some:
        yield some


async def _embed(
    connections: Connections, access: Access, model: str, texts: Sequence[str], timeout: float
) -> list[Vector]:
    callee = access.callee(model)
    try:
        async with asyncio.timeout(timeout):
            body = await _post(connections, access, model, texts)
    except (aiohttp.ClientError, OSError) as error:
        raise _told(connection_error(error, callee)) from error
    except ModelError as error:
        raise _told(error) from error
    try:
        return _read_vectors(body, len(texts))
    except (ValueError, TypeError, KeyError) as error:
        raise _told(callee.error(ModelBadAnswer)) from error


async def _post(connections: Connections, access: Access, model: str, texts: Sequence[str]) -> bytes:
    key = access.credentials.api_key
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    # Without `encoding_format`: what is asked for in base64 many compatible servers send as numbers anyway.
    asked = orjson.dumps({"model": model, "input": [stored_text(text) for text in texts]})
    url = f"{access.base_url}/embeddings"
    async with connections.session(access).post(url, data=asked, headers=headers, allow_redirects=False) as response:
        if response.status != 200:
            refusal = await response.content.read(MAX_ERROR_BODY)
            raise error_from_response(response.status, response.headers, refusal, access.callee(model))
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > _MAX_ANSWER:
                raise access.callee(model).error(ModelBadAnswer, "huge")
            pieces.append(piece)
        return b"".join(pieces)


def _read_vectors(body: bytes, count: int) -> list[Vector]:
    """The vectors of an answer, in the order of the texts whatever order they came in.

    Raises:
        ValueError, TypeError, KeyError: it is no answer.
        BadVector: it holds another number of vectors, or some that are none.
    """
    rows: list[dict[str, Any]] = orjson.loads(body)["data"]
    if not isinstance(rows, list):  # pyright: ignore[reportUnnecessaryIsInstance]  # a server says what it likes
        raise ValueError("no list")
    if len(rows) != count:
        raise BadVector(f"{count} embeddings were asked for, and {len(rows)} came.")
    vectors = [as_vector(row["embedding"]) for row in sorted(rows, key=lambda row: row["index"])]
    for vector in vectors:
        check_vector(vector, len(vector))
    return vectors


def _told(error: ModelError) -> EmbedderUnavailable:
    """In the provider's name: its words may be for the user's eyes, so they do not belong in a log."""
    return EmbedderUnavailable(error.message(), retryable=error.retryable, retry_after=error.retry_after)
