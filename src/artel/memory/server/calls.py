"""One call to the server: how long it may take, and what its failure means."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from artel.memory.context import ContextFull, ContextLost, ContextUnavailable
from artel.memory.vectors import BadVector

_NO_COLLECTION: Final = re.compile(r"collection", re.IGNORECASE)
_NO_ROOM: Final = re.compile(r"no space left|disk is full|low disk|not enough (?:disk )?space", re.IGNORECASE)
_BAD_VECTOR: Final = re.compile(r"vector (?:name|dimension)|dimension error", re.IGNORECASE)


@asynccontextmanager
async def call(seconds: float) -> AsyncGenerator[None]:
    """Everything that may go wrong inside becomes one of ours.

    Raises:
        ContextLost: there is no such collection.
        ContextFull: the server has no room.
        BadVector: a vector does not fit.
        ContextUnavailable: anything else.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except UnexpectedResponse as error:
        raise _told(error) from error
    except ResourceExhaustedResponse as error:
        raise ContextUnavailable(retry_after=error.retry_after_s) from error
    except (ApiException, QdrantException, OSError) as error:
        raise ContextUnavailable from error


def _told(error: UnexpectedResponse) -> Exception:
    text = error.content.decode(errors="replace")
    if error.status_code == 404 and _NO_COLLECTION.search(text):
        return ContextLost()
    if _NO_ROOM.search(text):
        return ContextFull()
    if error.status_code == 400 and _BAD_VECTOR.search(text):
        return BadVector()
    return ContextUnavailable()
