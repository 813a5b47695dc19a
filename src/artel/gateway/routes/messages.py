"""Sending a message: F9, the product's hot path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from artel.bus.model import Submitted
from artel.chat.views import MessageView
from artel.gateway.deps import Space
from artel.gateway.idempotency import OnceDep, json_answer
from artel.gateway.json_route import resource
from artel.gateway.openapi import problems
from artel.gateway.shapes import chat as shapes
from artel.gateway.shapes.common import SessionId
from artel.space.awaited import AwaitedAnswer
from artel.space.space import UserWorkerSpace
from artel.store.tx import UserTx

MAX_WAIT = 120

router = resource("/my/chat", "Chat")
Also = Callable[[UserTx, Submitted], Awaitable[None]] | None


@router.post(
    "/{session_id}/message/",
    status_code=202,
    response_model=shapes.Sent,
    summary="Send a message",
    responses={200: {"model": shapes.Answered, "description": "The answer came in time."}, **problems(404, 409)},
)
async def send(
    session_id: SessionId,
    body: shapes.MessageIn,
    space: Space,
    once: OnceDep,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for the answer.")] = 0,
) -> Response:
    """Stores the message and sets its answer in motion.

    The answer goes to the event stream piece by piece, and whole into the history. With `?wait` it is also the
    answer to this request, with status 200, if it is over in time.
    """
    if not wait:
        content, _ = await once.create(
            lambda also: space.send(
                session_id, body.content, body.target_agent, attachments=body.attachments, also=also
            ),
            shapes.sent,
            202,
        )
        return json_answer(content, 202)
    awaited = AwaitedAnswer()
    async with space.waiting_for(awaited) as waiter:
        content, is_new = await once.create(
            lambda also: _send(space, session_id, body, awaited, also), shapes.sent, 202
        )
        answer_id = awaited.answer_id = UUID(content["answer_id"])
        awaited.run_id = UUID(content["run_id"]) if content["mode"] == "auto" else None
        answer = None if is_new else await space.answer(answer_id)
        if answer is None:
            await waiter.result(wait)
            answer = await space.answer(answer_id)
    return json_answer(content, 202) if answer is None else _answered(content, answer)


async def _send(
    space: UserWorkerSpace, session_id: int, body: shapes.MessageIn, awaited: AwaitedAnswer, also: Also
) -> Submitted:
    async def note(tx: UserTx, submitted: Submitted) -> None:
        awaited.answer_id = submitted.answer_id
        awaited.run_id = submitted.run_id if submitted.mode == "auto" else None
        if also is not None:
            await also(tx, submitted)

    return await space.send(session_id, body.content, body.target_agent, attachments=body.attachments, also=note)


def _answered(sent: dict[str, Any], answer: MessageView) -> Response:
    return json_answer({**shapes.message(answer).model_dump(mode="json"), **sent}, 200)
