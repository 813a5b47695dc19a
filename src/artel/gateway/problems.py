"""RFC 9457: every error answer is a problem."""

from __future__ import annotations

from math import ceil
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from artel.kit.errors import ArtelError

PROBLEM_TYPE = "application/problem+json"


class ProblemField(BaseModel):
    """One thing that is wrong with one field."""

    field: str = Field(examples=["model.provider"])
    message: str = Field(examples=["There is no such provider."])


class Problem(BaseModel):
    """What went wrong, for programs (`type`, `status`, `errors`) and for people (`title`, `detail`)."""

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is nothing of yours under this address."])
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
    }
    if error.fields:
        content["errors"] = [{"field": each.field, "message": each.message} for each in error.fields]
    headers: dict[str, str] = {}
    if retry_after is not None:
        content["retry_after"] = retry_after
        headers["Retry-After"] = str(retry_after)
    elif error.status in (429, 503):
        headers["Retry-After"] = "2"
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(content), error.status, headers, PROBLEM_TYPE)
