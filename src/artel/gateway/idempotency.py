"""`Idempotency-Key`: a creating request that is sent twice creates once and is answered twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from artel.gateway.deps import deps_of, principal_of
from artel.kit.errors import ArtelError
from artel.store.idempotency import AnsweredBefore, IdempotencyStore, RequestKey, StoredAnswer
from artel.store.tx import UserTx

T = TypeVar("T")
Also = Callable[[UserTx, T], Awaitable[None]]

_JSON = "application/json"


def json_answer(content: object, status: int = 200) -> Response:
    """An answer whose content is JSON already, but for its bytes."""
    return Response(orjson.dumps(content), status, media_type=_JSON)


@dataclass(frozen=True, slots=True)
class Once:
    """Carries a creation out at most once for each key of a user."""

    user_id: int
    request: RequestKey | None
    """None when the client sent no key."""
    store: IdempotencyStore

    @classmethod
    def of(cls, store: IdempotencyStore, user_id: int, key: str | None, request: Request, content: bytes) -> Once:
        """content: what tells this request from another with the same key."""
        if key is None:
            return cls(user_id, None, store)
        return cls(user_id, RequestKey.of(key, request.method, request.scope["path"], content), store)

    async def create(
        self,
        act: Callable[[Also[T] | None], Awaitable[T]],
        answer: Callable[[T], Any],
        status: int = 201,
    ) -> tuple[Any, bool]:
        """Creates by `act`, which runs what it is given in its own transaction; or finds what was answered before.

        answer: makes the content of the answer, plain JSON, of what was created. Answers the content, and whether it
        was created now.

        Raises:
            KeyReused: the key came before with another request.
        """
        request = self.request
        if request is None:
            return answer(await act(None)), True
        before = await self.store.find(self.user_id, request)
        if before is not None:
            return orjson.loads(before.body), False
        contents: list[Any] = []

        async def keep(tx: UserTx, created: T) -> None:
            contents.append(answer(created))
            await self.store.keep(tx, request, StoredAnswer(status, orjson.dumps(contents[0]).decode()))

        try:
            await act(keep)
        except ArtelError as error:
            # A twin of this request may have been faster, and is then why this one failed.
            twin = await self.store.find(self.user_id, request)
            if twin is None:
                raise _of_the_twin(error) from error
            return orjson.loads(twin.body), False
        return contents[0], True


def _of_the_twin(error: ArtelError) -> ArtelError:
    # The twin's answer was there a moment ago and is gone: the client may simply ask again.
    return AnsweredBefore(retry_after=1) if isinstance(error, AnsweredBefore) else error


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of your choice. A request repeated with it within 24 hours gets the first answer.",
    ),
]


async def once(request: Request, idempotency_key: IdempotencyKey = None) -> Once:
    """The request's key, if it has one."""
    store, user_id = deps_of(request).idempotency, principal_of(request).user_id
    return Once.of(store, user_id, idempotency_key, request, await request.body() if idempotency_key else b"")


OnceDep = Annotated[Once, Depends(once)]
