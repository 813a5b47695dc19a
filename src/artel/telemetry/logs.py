"""Structured logs on standard error: ids of requests, users and runs, never their content and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"

_SECRET_KEY = re.compile(
    r"password|passwd|secret|token$|_tokens?_value|authorization|cookie|api_?key|credential|dsn", re.IGNORECASE
)
_CONTENT_KEYS = frozenset(
    {
        "content",
        "text",
        "prompt",
        "system_prompt",
        "instruction",
        "instructions",
        "arguments",
        "answer",
        "body",
        "email",
    }
)
_SECRET_IN_TEXT = re.compile(
    r"(?P<url>://[^/\s:@]*:)[^@/\s]+(?=@)"  # a password in a URL
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{8,}"
    r"|(?P<key>\b(?:sk-|artel_\d+_))[\w-]{8,}"
)
_DEEPEST = 6


def configure_logging(
    output_format: Literal["console", "json"] = "console", level: str = "info", stream: TextIO = sys.stderr
) -> None:
    """Sends everything, the libraries' records included, through one formatter. The later call wins.

    Start uvicorn with `log_config=None`, so that it leaves this alone. Its access log is silent, because a query string
    may hold what a user searches for; the gateway logs requests by route. Libraries speak from WARNING up whatever the
    level: at DEBUG the clients of model providers write whole conversations.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _drop_duplicates],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(output_format, stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    ours = logging.getLevelNamesMapping()[level.upper()]
    levels = {
        "": max(ours, logging.WARNING),
        "artel": ours,
        "uvicorn": max(ours, logging.INFO),
        "uvicorn.error": max(ours, logging.INFO),
        "uvicorn.access": logging.ERROR,
        # The library of MCP logs what servers send, at every level: theirs to choose, and as much as they like.
        **dict.fromkeys(("mcp", "client"), logging.CRITICAL + 1),
    }
    for name, number in levels.items():
        logging.getLogger(name).setLevel(number)
    logging.captureWarnings(True)


def hide_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor that masks what looks like a secret or like users' content, by key and by shape, however deep."""
    del logger, method
    return {key: _masked(key, value, 0) for key, value in event.items()}


def _renderers(output_format: Literal["console", "json"], colors: bool) -> Sequence[Processor]:
    if output_format == "json":
        # Without locals: they hold everything that must not get into a log.
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return (
            structlog.processors.ExceptionRenderer(tracebacks),
            hide_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        )
    return (
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback),
    )


def _drop_duplicates(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Uvicorn repeats its message with colour codes."""
    del logger, method
    event.pop("color_message", None)
    return event


def _masked(key: str, value: object, depth: int) -> object:
    if key in _CONTENT_KEYS or _SECRET_KEY.search(key):
        return HIDDEN if value else value
    if isinstance(value, str):
        return _SECRET_IN_TEXT.sub(_keep_beginning, value)
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(k): _masked(str(k), v, depth + 1) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_masked("", item, depth + 1) for item in cast("Sequence[object]", value)]
    return value


def _keep_beginning(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None) + HIDDEN
