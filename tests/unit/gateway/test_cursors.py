"""Positions in lists."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from artel.chat.sessions import SessionCursor
from artel.gateway.cursors import (
    BadCursor,
    message_cursor,
    next_link,
    read_message_cursor,
    read_session_cursor,
    session_cursor,
)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 2**53 - 1),
)
def test_a_session_cursor_comes_back_exactly(moment: datetime, number: int) -> None:
    position = SessionCursor(moment, number)

    assert read_session_cursor(session_cursor(position)) == position


@given(st.uuids())
def test_a_message_cursor_comes_back_exactly(position: UUID) -> None:
    assert read_message_cursor(message_cursor(position)) == position


@given(st.text(max_size=60))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    for read in (read_session_cursor, read_message_cursor):
        with suppress(BadCursor):
            read(text)


def test_no_cursor_is_the_beginning() -> None:
    assert read_session_cursor(None) is None
    assert read_message_cursor(None) is None
    with pytest.raises(BadCursor) as refused:
        read_message_cursor("")
    assert [field.field for field in refused.value.fields] == ["cursor"]


def test_the_link_keeps_the_other_parameters() -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "path": "/my/x/",
        "query_string": b"limit=3&cursor=old&q=a%20b",
        "headers": [],
    }

    assert next_link(Request(scope), "new=") == '</my/x/?limit=3&q=a+b&cursor=new%3D>; rel="next"'
