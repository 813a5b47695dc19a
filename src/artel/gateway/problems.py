"""RFC 9457: every error answer is a problem."""

from __future__ import annotations

from math import ceil
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from artel.kit.errors import ArtelError, FieldProblem

PROBLEM_TYPE = "application/problem+json"


class ProblemField(BaseModel):
    """One thing that is wrong with one field."""

    field: str = Field(examples=["model.provider"])
    message: str = Field(examples=["String should have at most 60 characters"])
    reason: str = Field(
        examples=["string_too_long"], description="Which of all messages it is, for programs that say it otherwise."
    )
    figures: dict[str, str | int | float] | None = Field(
        default=None, examples=[{"max_length": 60}], description="What the message names; left out when nothing."
    )


class Problem(BaseModel):
    """What went wrong, for programs (`type`, `status`, `errors`) and for people (`title`, `detail`)."""

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is nothing of yours under this address."])
    reason: str = Field(
        examples=["no-such-run"],
        description="Which of all details it is: finer than the type, for programs that say it otherwise.",
    )
    figures: dict[str, str | int | float] | None = Field(
        default=None, description="What the detail names, such as a limit; left out when nothing."
    )
    errors: list[ProblemField] | None = Field(default=None, description="Left out when no field is to blame.")
    retry_after: int | None = Field(default=None, description="Seconds; left out when waiting does not help.")


def problem(error: ArtelError) -> Response:
    """The error as an answer."""
    retry_after = None if error.retry_after is None else max(1, ceil(error.retry_after))
    content: dict[str, Any] = {
        "type": f"/problems/{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "reason": error.reason,
    }
    if error.figures:
        content["figures"] = error.figures
    if error.fields:
        content["errors"] = [_as_json(each) for each in error.fields]
    headers: dict[str, str] = {}
    if retry_after is not None:
        content["retry_after"] = retry_after
        headers["Retry-After"] = str(retry_after)
    elif error.status in (429, 503):
        headers["Retry-After"] = "2"
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(content), error.status, headers, PROBLEM_TYPE)


def _as_json(each: FieldProblem) -> dict[str, Any]:
    content: dict[str, Any] = {"field": each.field, "message": each.message, "reason": each.reason}
    if each.figures:
        content["figures"] = dict(each.figures)
    return content
