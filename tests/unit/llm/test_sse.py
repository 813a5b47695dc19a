"""The parser of server-sent events: any cut of the bytes gives the same events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.llm import sse
from artel.llm.sse import EventTooLarge, SseParser


def parse(*chunks: bytes) -> list[bytes]:
    parser = SseParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.finish()


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\ndata:  b\n\n", [b"a", b" b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"data: one\ndata: two\n\n", [b"one\ntwo"]),
        (b": comment\n\ndata: a\n: another\n\n", [b"a"]),
        (b"event: delta\nid: 7\nretry: 10\ndata: a\n\n", [b"a"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data\n\n", [b""]),
        (b"\n\n\n", []),
        (b"datax: a\n\n", []),
        (b"data: last", [b"last"]),
        (b"data: last\r", [b"last"]),
        (b"data: [DONE]\n", [b"[DONE]"]),
        (b"", []),
        (b"\xef", []),
    ],
)
def test_events_of_the_standard(raw: bytes, events: list[bytes]) -> None:
    assert parse(raw) == events


LINES = st.lists(
    st.sampled_from(
        [b"data: x", b"data:", b'data: {"a": 1}', b"data: \xd0\xb4", b"", b": hm", b"event: e", b"data", b"data:  y"]
    ),
    max_size=12,
)


@given(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans(), st.data())
def test_any_cut_gives_the_same_events(lines: list[bytes], end: bytes, bom: bool, data: st.DataObject) -> None:
    # given a stream
    raw = (b"\xef\xbb\xbf" if bom else b"") + b"".join(line + end for line in lines)
    # when it is cut anywhere
    places = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    cuts = [raw[start:stop] for start, stop in zip([0, *places], [*places, len(raw)], strict=True)]
    # then nothing changes
    assert parse(*cuts) == parse(raw)
    assert parse(*(raw[place : place + 1] for place in range(len(raw)))) == parse(raw)


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    parser = SseParser()
    parser.feed(b"data: " + b"x" * 50)
    with pytest.raises(EventTooLarge):
        parser.feed(b"x" * 60)


def test_an_event_of_many_lines_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    with pytest.raises(EventTooLarge):
        SseParser().feed(b"data: 0123456789\n" * 12)
