"""Logs: one format for all, ids that travel by themselves, and nothing that must stay private."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from artel.telemetry.context import log_context
from artel.telemetry.logs import HIDDEN, configure_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield io.StringIO()
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    configure_logging("json", "info", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_ids_of_the_context_are_on_every_line(lines: Lines) -> None:
    log = structlog.get_logger("artel.test")

    with log_context(user_id=7, run_id=UUID(int=1)):
        log.info("inside")
        logging.getLogger("artel.other").warning("from the standard library")
    log.info("outside")

    inside, foreign, outside = lines()
    assert inside["user_id"] == foreign["user_id"] == "7"
    assert inside["run_id"] == "00000000-0000-0000-0000-000000000001"
    assert "user_id" not in outside
    assert (inside["event"], inside["level"], inside["logger"]) == ("inside", "info", "artel.test")


@pytest.mark.parametrize(
    "key",
    [
        "api_key",
        "password",
        "Authorization",
        "cookie",
        "token",
        "access_token",
        "content",
        "system_prompt",
        "OPENAI_API_KEY",
    ],
)
def test_secrets_and_content_are_hidden_by_key(lines: Lines, key: str) -> None:
    structlog.get_logger("artel").info("event", **{key: "private", "nested": {"list": [{key: "private"}]}})

    (line,) = lines()
    assert line[key] == HIDDEN
    assert line["nested"]["list"][0][key] == HIDDEN


@pytest.mark.parametrize(
    "text",
    [
        "could not connect to postgresql://artel:private-password@db/artel",
        "header was Authorization: Bearer private-password-123",
        "the key sk-private-password-1 was refused",
        "the key artel_17_private-password was refused",
    ],
)
def test_secrets_are_hidden_by_shape(lines: Lines, text: str) -> None:
    structlog.get_logger("artel").info(text, note=text)
    logging.getLogger("asyncio").error(text)

    for line in lines():
        assert "private-password" not in json.dumps(line)
        assert HIDDEN in line["event"]


def test_numbers_of_tokens_are_not_secrets(lines: Lines) -> None:
    structlog.get_logger("artel").info("usage", input_tokens=12, output_tokens=34)

    (line,) = lines()
    assert (line["input_tokens"], line["output_tokens"]) == (12, 34)


def test_an_exception_shows_its_place_but_no_variables(lines: Lines) -> None:
    def fail(prompt: str) -> None:
        raise ValueError("broken")

    try:
        fail("private words")
    except ValueError:
        structlog.get_logger("artel").exception("run.failed")

    (line,) = lines()
    assert line["exception"][0]["exc_type"] == "ValueError"
    assert line["exception"][0]["frames"][-1]["name"] == "fail"
    assert "private words" not in json.dumps(line)


def test_a_secret_inside_an_exception_is_hidden(lines: Lines) -> None:
    try:
        raise ConnectionError("redis://default:private-password@cache:6379 is down")
    except ConnectionError:
        structlog.get_logger("artel").exception("redis.down")

    assert "private-password" not in json.dumps(lines())


def test_libraries_stay_quiet_at_debug_and_access_is_never_logged(stream: io.StringIO) -> None:
    configure_logging("json", "debug", stream)

    logging.getLogger("openai._base_client").debug("Request options: the whole conversation")
    logging.getLogger("uvicorn.access").info('"GET /my/memory/?q=private HTTP/1.1" 200')
    logging.getLogger("uvicorn.error").info("Started server process", extra={"color_message": "\x1b[1m"})
    structlog.get_logger("artel").debug("ours")

    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert events == ["Started server process", "ours"]
    assert "color_message" not in stream.getvalue()


def test_the_level_holds_back_what_is_below(stream: io.StringIO) -> None:
    configure_logging("json", "error", stream)

    structlog.get_logger("artel").warning("less")
    logging.getLogger("asyncio").warning("less")

    assert stream.getvalue() == ""


def test_the_console_format_hides_too(stream: io.StringIO) -> None:
    configure_logging("console", "info", stream)

    structlog.get_logger("artel").info("login.refused", password="private", reason="unknown")

    assert "login.refused" in stream.getvalue()
    assert "reason=unknown" in stream.getvalue()
    assert "private" not in stream.getvalue()
