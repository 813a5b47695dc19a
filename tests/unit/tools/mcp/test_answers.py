"""What of a tool's answer a model is given."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from mcp_types import CallToolResult

from artel.tools.mcp.wire.answers import MAX_PICTURE_BYTES, read_answer
from tests.support.mcp_evil import PIXEL


def answer(*content: dict[str, Any], **more: Any) -> CallToolResult:
    return CallToolResult.model_validate({"content": list(content), **more})


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def picture(data: bytes | str, kind: str = "image/png") -> dict[str, Any]:
    encoded = data if isinstance(data, str) else base64.b64encode(data).decode()
    return {"type": "image", "data": encoded, "mimeType": kind}


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (answer(), ""),
        (answer(text("a"), text("b")), "a\nb"),
        (answer({"type": "audio", "data": "AAAA", "mimeType": "audio/wav"}), "[sound, left out]"),
        (answer({"type": "resource_link", "uri": "file:///etc/x", "name": "x"}), "[link: x file:///etc/x]"),
        (answer({"type": "resource", "resource": {"uri": "a:b", "text": "within"}}), "within"),
        (answer({"type": "resource", "resource": {"uri": "a:b", "blob": "AAAA"}}), "[file, left out: a:b]"),
        (answer(structuredContent={"a": 1}), {"a": 1}),
        (answer(text('{"a": 1}'), structuredContent={"a": 1}), {"a": 1}),
        (answer(text("5"), structuredContent={"result": 5}), {"result": 5}),
        (answer(text("five"), structuredContent={"result": "five"}), {"result": "five"}),
        (answer(text("so"), structuredContent={"a": 1}), {"structured": {"a": 1}, "text": "so"}),
        (answer(text("7"), structuredContent={"a": 1}), {"structured": {"a": 1}, "text": "7"}),
        (answer(text("short"), structuredContent={"a": "x" * 60_000}), "short"),
        (answer(text("short"), structuredContent={"a": 10**40}), "short"),
    ],
)
def test_texts_and_data(result: CallToolResult, value: Any) -> None:
    assert read_answer(result).value == value


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PIXEL, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_is_what_it_begins_with(data: Any, kind: str) -> None:
    read = read_answer(answer(picture(data, "image/svg+xml"), text("look")))

    assert read.value == "[picture 1]\nlook"
    assert [each.media_type for each in read.pictures] == [kind]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<svg onload=alert(1)>", "of a kind that is not shown"),
        ("not base64!", "unreadable"),
        ("A" * (MAX_PICTURE_BYTES * 2), "larger than"),
    ],
)
def test_what_is_no_picture_is_left_out(data: Any, why: str) -> None:
    read = read_answer(answer(picture(data)))

    assert why in read.value
    assert read.pictures == []


def test_at_most_four_pictures() -> None:
    read = read_answer(answer(*(picture(PIXEL) for _ in range(6))))

    assert len(read.pictures) == 4
    assert read.value.count("more than 4") == 2
