"""Texts and JSON as PostgreSQL can store them. What models and tools write may hold what it refuses: NUL characters and
lone surrogates; an answer that was paid for must not be lost over one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import orjson

_NUL = "\0"


def stored_text(text: str) -> str:
    """The text without NUL characters, and with "?" for lone surrogates."""
    if text.isascii():
        return text.replace(_NUL, "") if _NUL in text else text
    return text.encode("utf-8", "replace").decode().replace(_NUL, "")


def stored_json(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """The value as JSON whose texts are as `stored_text` makes them. default: as for `orjson.dumps`.

    Raises:
        TypeError: it cannot be JSON.
    """
    try:
        text = orjson.dumps(value, default=default).decode()
    except TypeError:
        return orjson.dumps(_cleaned(value), default=default).decode()
    if "\\u0000" not in text:
        return text
    return orjson.dumps(_cleaned(orjson.loads(text))).decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return stored_text(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in cast(dict[Any, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in cast(list[Any], value)]
    return value
