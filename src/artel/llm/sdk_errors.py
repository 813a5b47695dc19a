"""The errors of Pydantic AI's own models (Anthropic, Google) in the words of ours."""

from __future__ import annotations

from typing import Any, cast

import httpx2
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRequestTimeout,
    ModelTimeoutError,
    UserError,
)

from artel.kit.guard import ForbiddenAddress
from artel.llm.callee import Callee
from artel.llm.errors import ModelBadAnswer, ModelError, ModelRefused, ModelTimeout, ModelUnreachable
from artel.llm.http_errors import classify, describe_body

SDK_ERRORS = (AgentRunError, UserError, TimeoutError, httpx2.HTTPError)
"""What a model of Pydantic AI may raise for reasons that are not bugs of ours."""


def from_sdk_error(error: Exception, callee: Callee) -> ModelError:
    """One of SDK_ERRORS as a ModelError."""
    if isinstance(error, ModelHTTPError):
        return _from_status(error, callee)
    if isinstance(error, TimeoutError | ModelTimeoutError | ModelRequestTimeout):
        return callee.error(ModelTimeout)
    if _caused_by(error, ForbiddenAddress):
        return callee.error(ModelUnreachable, "address", retryable=False)
    if isinstance(error, httpx2.HTTPError):
        return callee.error(ModelTimeout if isinstance(error, httpx2.ReadTimeout) else ModelUnreachable)
    if isinstance(error, ModelConnectionError):
        return callee.error(ModelUnreachable, "lost" if error.in_stream else None)
    if isinstance(error, ModelAPIError):
        code = f"{error.provider_error_code or ''} {error.provider_error_type or ''}".strip()
        return classify(500, code, error.message, callee, retry_after=error.retry_after)
    if isinstance(error, ContentFilterError):
        return callee.error(ModelRefused)
    if isinstance(error, UserError):
        return callee.error(ModelRefused, "request", says=error.message)
    return callee.error(ModelBadAnswer)


def _from_status(error: ModelHTTPError, callee: Callee) -> ModelError:
    body: object = error.body
    code, text = "", None
    if isinstance(body, str):
        code, text = describe_body(body.encode())
    elif isinstance(body, dict):
        details: dict[str, Any] = cast("dict[str, Any]", body)
        inner = details.get("error", details)
        if isinstance(inner, dict):
            inner = cast("dict[str, Any]", inner)
            message = inner.get("message")
            text = message if isinstance(message, str) else None
            code = " ".join(value for key in ("type", "code", "status") if isinstance(value := inner.get(key), str))
    code = f"{code} {error.provider_error_code or ''} {error.provider_error_type or ''}".strip()
    return classify(error.status_code, code, text, callee, retry_after=error.retry_after)


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, kind):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
