"""What an HTTP status and its body say about a failed call, in the words of our errors.

The same rules serve compatible servers and the SDKs of Anthropic and Google, whose errors carry the same three
things: a status, a short code or type, and a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

import orjson

from artel.llm.callee import Callee
from artel.llm.errors import (
    ModelBadAnswer,
    ModelContextTooLong,
    ModelError,
    ModelKeyMissing,
    ModelKeyRefused,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnknown,
)

_QUOTA: Final = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_error|credit balance|insufficient (?:balance|credits|funds)|"
    r"payment required|out of credits"
)
_CONTEXT: Final = re.compile(
    r"context_length|maximum context|context window|context length|context size|prompt is too long|too many tokens|"
    r"input is too long|exceeds? the (?:available )?context|input token count|request_too_large|max_tokens_exceeded"
)
_KEY: Final = re.compile(
    r"(?:invalid|incorrect|expired|bad|no)[ _]api[ _]key|api[ _]key[ _](?:not valid|invalid|expired)"
)
_MODEL: Final = re.compile(
    r"model_not_found|not_found_error|unknown model|invalid model|no (?:such )?model|no endpoints found|"
    r"not a valid model|model.{0,120}(?:not found|not exist|not available|not supported for|no longer|decommission)|"
    r"(?:no|not have) access to (?:the )?model"
)
_FILTERED: Final = re.compile(r"content_filter|content_policy|content management policy|moderation|flagged|safety")
_OVERLOADED: Final = re.compile(r"overloaded|at capacity|server_busy|model is (?:currently )?loading")
_RATE: Final = re.compile(r"rate[ _]limit|too many requests|resource_exhausted")

MAX_ERROR_BODY: Final = 64 * 1024
"""Bytes of an error's body that are read."""


def error_from_response(status: int, headers: Mapping[str, str], body: bytes, callee: Callee) -> ModelError:
    """The error that an HTTP answer other than 200 stands for."""
    if body.lstrip()[:1] == b"<" and status in {404, 405}:
        return callee.error(ModelBadAnswer, "page")
    code, text = describe_body(body)
    return classify(status, code, text, callee, retry_after=parse_retry_after(headers.get("Retry-After")))


def error_from_chunk(body: Mapping[str, Any], callee: Callee) -> ModelError:
    """The error that a chunk of a stream reports; its code may be an HTTP status."""
    code, text = _describe(body)
    raw = body.get("error")
    number: object = cast("dict[str, Any]", raw).get("code") if isinstance(raw, dict) else None
    status = number if isinstance(number, int) and 400 <= number <= 599 else 500
    return classify(status, code, text, callee)


def classify(
    status: int, code: str, text: str | None, callee: Callee, *, retry_after: float | None = None
) -> ModelError:
    """The error for a status, a short machine-readable code or type ("" when there is none) and the provider's text."""
    clues = f"{code} {text or ''}".lower()
    if found := _by_clues(status, clues, text, callee):
        return found
    if status in {401, 403, 407}:
        if not callee.has_key:
            return callee.error(ModelKeyMissing, says=text)
        return callee.error(ModelKeyRefused, says=text)
    if status == 404 or 300 <= status < 400:
        # Not a word of a model: the address itself is wrong.
        return callee.error(ModelBadAnswer, "page", says=text)
    if status in {408, 504}:
        return callee.error(ModelTimeout, says=text, retryable=True)
    if status in {425, 429} or _RATE.search(clues):
        return callee.error(ModelRateLimited, says=text, retry_after=retry_after)
    if status >= 500 or _OVERLOADED.search(clues):
        return callee.error(ModelOverloaded, says=text, retry_after=retry_after)
    return callee.error(ModelRefused, "request", says=text)


def _by_clues(status: int, clues: str, text: str | None, callee: Callee) -> ModelError | None:
    """What the words say, where statuses are too coarse: providers disagree on them."""
    if status == 402 or _QUOTA.search(clues):
        return callee.error(ModelRateLimited, "quota", says=text, retryable=False)
    if status == 413 or (status != 429 and _CONTEXT.search(clues)):
        return callee.error(ModelContextTooLong, says=text)
    if status < 500 and _KEY.search(clues):
        return callee.error(ModelKeyRefused if callee.has_key else ModelKeyMissing, says=text)
    if status in {400, 403, 404, 422} and _MODEL.search(clues):
        return callee.error(ModelUnknown, says=text)
    if status in {400, 403, 422} and _FILTERED.search(clues):
        return callee.error(ModelRefused, says=text)
    return None


def describe_body(body: bytes) -> tuple[str, str | None]:
    """The code and the text in an error's body; the shapes of OpenAI, Ollama, FastAPI, Anthropic and Google."""
    try:
        parsed: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", body[:MAX_ERROR_BODY].decode("utf-8", "replace")
    if isinstance(parsed, list) and parsed:
        parsed = cast("list[object]", parsed)[0]
    return _describe(cast("dict[str, Any]", parsed)) if isinstance(parsed, dict) else ("", None)


def _describe(body: Mapping[str, Any]) -> tuple[str, str | None]:
    error = body.get("error", body)
    if isinstance(error, str):
        return "", error
    if not isinstance(error, dict):
        return "", None
    details = cast("dict[str, Any]", error)
    codes = [value for key in ("code", "type", "status") if isinstance(value := details.get(key), str)]
    text = next((value for key in ("message", "detail", "error") if isinstance(value := details.get(key), str)), None)
    return " ".join(codes), text


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait: the header holds seconds or a date (RFC 9110, section 10.2.3). None when it says neither."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    # NaN and infinities are floats too.
    return max(0.0, seconds) if seconds < 86_400 * 365 else None
