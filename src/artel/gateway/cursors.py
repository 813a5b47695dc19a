"""Positions in lists, opaque to clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Query
from starlette.requests import Request

from artel.chat.sessions import SessionCursor
from artel.kit.errors import FieldProblem, Invalid
from artel.kit.ids import MAX_NUMBER
from artel.kit.secrets import decode_bytes, encode_bytes
from artel.memory.memories import MemoryCursor

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Limit = Annotated[int, Query(ge=1, le=100, description="How many items at most.")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="The `next_cursor` of the page before; leave it out for the first.")
]


class BadCursor(Invalid):
    """The cursor is not one that this list gave. Start again without it."""

    slug = "bad-cursor"

    def __init__(self) -> None:
        super().__init__(fields=[FieldProblem("cursor", "Not a cursor of this list.", "bad_cursor")])


def session_cursor(position: SessionCursor) -> str:
    """For the list of conversations."""
    return _encode([(position.updated_at - _EPOCH) // _MICROSECOND, position.id])


def read_session_cursor(text: str | None) -> SessionCursor | None:
    """The opposite of `session_cursor`.

    Raises:
        BadCursor: it is something else.
    """
    if text is None:
        return None
    match _decode(text):
        case [int(micros), int(number)] if 0 <= micros <= MAX_NUMBER and 0 < number <= MAX_NUMBER:
            return SessionCursor(_EPOCH + micros * _MICROSECOND, number)
        case _:
            raise BadCursor


def message_cursor(position: UUID) -> str:
    """For the history of a conversation."""
    return encode_bytes(position.bytes)


def read_message_cursor(text: str | None) -> UUID | None:
    """The opposite of `message_cursor`.

    Raises:
        BadCursor: it is something else.
    """
    if text is None:
        return None
    try:
        return UUID(bytes=decode_bytes(text))
    except ValueError as error:
        raise BadCursor from error


def memory_cursor(position: MemoryCursor) -> str:
    """For the list of memories."""
    return _encode([(position.created_at - _EPOCH) // _MICROSECOND, str(position.id)])


def read_memory_cursor(text: str | None) -> MemoryCursor | None:
    """The opposite of `memory_cursor`.

    Raises:
        BadCursor: it is something else.
    """
    if text is None:
        return None
    match _decode(text):
        case [int(micros), str(number)] if 0 <= micros <= MAX_NUMBER:
            try:
                return MemoryCursor(_EPOCH + micros * _MICROSECOND, UUID(number))
            except ValueError as error:
                raise BadCursor from error
        case _:
            raise BadCursor


def account_cursor(position: int) -> str:
    """For the list of accounts."""
    return _encode([position])


def read_account_cursor(text: str | None) -> int | None:
    """The opposite of `account_cursor`.

    Raises:
        BadCursor: it is something else.
    """
    if text is None:
        return None
    match _decode(text):
        case [int(number)] if 0 < number <= MAX_NUMBER:
            return number
        case _:
            raise BadCursor


def next_link(request: Request, cursor: str) -> str:
    """The Link header (RFC 8288) that leads to the next page."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f'<{request.url.path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'


def _encode(position: Sequence[int | str]) -> str:
    return encode_bytes(orjson.dumps(position))


def _decode(text: str) -> list[Any]:
    try:
        value = orjson.loads(decode_bytes(text))
    except ValueError as error:
        raise BadCursor from error
    if not isinstance(value, list):
        raise BadCursor
    return cast(list[Any], value)
