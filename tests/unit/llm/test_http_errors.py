"""Statuses and bodies of many providers, in the words of our errors."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from artel.llm.callee import Callee
from artel.llm.http_errors import error_from_chunk, error_from_response, parse_retry_after

CALLEE = Callee("openai", "OpenAI", "gpt-x")


def openai(message: str, code: str | None = None, kind: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


CASES: list[tuple[int, object, str, str | None]] = [
    (401, openai("Incorrect API key provided: sk-abc123456.", "invalid_api_key"), "model_key_refused", None),
    (401, b"", "model_key_refused", None),
    (403, {"detail": "forbidden"}, "model_key_refused", None),
    (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
                      "status": "INVALID_ARGUMENT"}}], "model_key_refused", None),
    (404, openai("The model `gpt-x` does not exist or you do not have access to it.", "model_not_found"),
     "model_unknown", None),
    (404, {"error": 'model "llama9" not found, try pulling it first'}, "model_unknown", None),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-x"}}, "model_unknown", None),
    (400, openai("foo/bar is not a valid model ID"), "model_unknown", None),
    (403, openai("Project does not have access to model `o9`"), "model_unknown", None),
    (404, {"detail": "Not Found"}, "model_bad_answer", "page"),
    (404, b"<html>nothing here</html>", "model_bad_answer", "page"),
    (405, b"<html>", "model_bad_answer", "page"),
    (301, b"", "model_bad_answer", "page"),
    (429, openai("Rate limit reached for gpt-x", "rate_limit_exceeded"), "model_rate_limited", None),
    (429, openai("You exceeded your current quota, please check your plan.", "insufficient_quota"),
     "model_rate_limited", "quota"),
    (429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded for metric per minute"}}],
     "model_rate_limited", None),
    (429, openai("Requests exceed the context length rate"), "model_rate_limited", None),
    (402, {"error": {"code": 402, "message": "Insufficient credits"}}, "model_rate_limited", "quota"),
    (400, {"type": "error", "error": {"type": "invalid_request_error",
                                      "message": "Your credit balance is too low to access the API"}},
     "model_rate_limited", "quota"),
    (400, openai("This model's maximum context length is 8192 tokens", "context_length_exceeded"),
     "model_context_too_long", None),
    (400, {"type": "error", "error": {"type": "invalid_request_error",
                                      "message": "prompt is too long: 215000 tokens > 200000 maximum"}},
     "model_context_too_long", None),
    (500, {"error": "the request exceeds the available context size"}, "model_context_too_long", None),
    (400, openai("The input token count (9) exceeds the maximum"), "model_context_too_long", None),
    (413, b"", "model_context_too_long", None),
    (400, openai("blocked by our content management policy", "content_filter"), "model_refused", None),
    (403, openai("Your input was flagged: violence", "403"), "model_refused", None),
    (400, openai("Unsupported value: 'temperature'"), "model_refused", "request"),
    (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, "model_refused", "request"),
    (408, b"", "model_timeout", None),
    (504, b"<html>gateway timeout</html>", "model_timeout", None),
    (500, openai("The server had an error"), "model_overloaded", None),
    (502, b"<html>bad gateway</html>", "model_overloaded", None),
    (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, "model_overloaded", None),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "model_overloaded", None),
    (400, {"error": {"message": "Overloaded right now: server_busy"}}, "model_overloaded", None),
    (418, b"\xff\xfe nonsense", "model_refused", "request"),
    (500, b"[]", "model_overloaded", None),
    (500, b'{"error": 7}', "model_overloaded", None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "variant"), CASES)
def test_what_a_refusal_means(status: int, body: object, code: str, variant: str | None) -> None:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    error = error_from_response(status, {}, raw, CALLEE)
    assert (error.code, error.variant) == (code, variant)
    assert "sk-abc" not in error.detail
    assert "gpt-x" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [
        (500, b"", True),
        (529, b"", True),
        (429, b"", True),
        (504, b"", True),
        (429, orjson.dumps(openai("no", "insufficient_quota")), False),
        (401, b"", False),
        (400, b"", False),
        (404, b"", False),
        (413, b"", False),
    ],
)
def test_only_passing_faults_are_worth_repeating(status: int, body: bytes, retryable: bool) -> None:
    assert error_from_response(status, {}, body, CALLEE).retryable is retryable


def test_a_keyless_server_that_wants_a_key_is_missing_one() -> None:
    keyless = Callee("vllm", "vLLM", "m", has_key=False)
    assert error_from_response(401, {}, b"", keyless).code == "model_key_missing"
    assert error_from_response(400, {}, orjson.dumps(openai("Invalid API key")), keyless).code == "model_key_missing"


def test_the_wait_that_was_asked_for_is_passed_on() -> None:
    assert error_from_response(429, {"Retry-After": "7"}, b"", CALLEE).retry_after == 7
    assert error_from_response(503, {"Retry-After": "2.5"}, b"", CALLEE).retry_after == 2.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("3", 3.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1.5", 1.5),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2026 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
        ("Wednesday, 21-Oct-26 07:28:30 GMT", 30.0),
    ],
)
def test_retry_after_holds_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"message": "Provider returned error", "code": 502}}, "model_overloaded"),
        ({"error": {"message": "slow down", "code": 429}}, "model_rate_limited"),
        ({"error": {"message": "Rate limit exceeded", "type": "rate_limit"}}, "model_rate_limited"),
        ({"error": "boom"}, "model_overloaded"),
        ({"error": {"message": "prompt is too long"}}, "model_context_too_long"),
        ({"error": {"code": 7}}, "model_overloaded"),
    ],
)
def test_errors_inside_a_stream_carry_their_status_with_them(body: dict[str, object], code: str) -> None:
    assert error_from_chunk(body, CALLEE).code == code
