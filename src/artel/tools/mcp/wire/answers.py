"""What a tool of a server answered, as a model may be given it: text or JSON of bounded length, and pictures.

Sound and files are only mentioned. Links stay text: nothing here follows one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any, Final

import orjson
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from artel.tools.mcp.model import Picture, ToolAnswer

MAX_TEXT: Final = 50_000
MAX_PICTURES: Final = 4
MAX_PICTURE_BYTES: Final = 5_000_000
MAX_ERROR: Final = 4_000

_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def read_answer(result: CallToolResult) -> ToolAnswer:
    """Of a call that went well."""
    pictures: list[Picture] = []
    text = "\n".join(_texts(result.content, pictures))
    structured = result.structured_content
    if structured is not None and _fits(structured):
        # By the specification the text is then the same once more, unless it says something else.
        value: Any = {"structured": structured, "text": _cut(text)}
        return ToolAnswer(structured if _says_the_same(text, structured) else value, pictures)
    return ToolAnswer(_cut(text), pictures)


def read_error(result: CallToolResult) -> str:
    """Why the tool failed, in the server's words."""
    said = "\n".join(_texts(result.content, [])).strip()[:MAX_ERROR]
    return said or "The tool failed and did not say why."


def _texts(blocks: Iterable[ContentBlock], pictures: list[Picture]) -> Iterable[str]:
    for block in blocks:
        if isinstance(block, TextContent):
            yield block.text
        elif isinstance(block, ImageContent):
            yield _picture(block, pictures)
        elif isinstance(block, AudioContent):
            yield "[sound, left out]"
        elif isinstance(block, ResourceLink):
            yield f"[link: {block.name[:200]} {block.uri[:2_000]}]"
        elif isinstance(block.resource, TextResourceContents):
            yield block.resource.text
        else:
            yield f"[file, left out: {block.resource.uri[:2_000]}]"


def _picture(block: ImageContent, pictures: list[Picture]) -> str:
    if len(pictures) == MAX_PICTURES:
        return f"[picture, left out: more than {MAX_PICTURES}]"
    if len(block.data) > MAX_PICTURE_BYTES * 4 // 3 + 4:
        return f"[picture, left out: larger than {MAX_PICTURE_BYTES} bytes]"
    try:
        content = base64.b64decode(block.data, validate=True)
    except (binascii.Error, ValueError):
        return "[picture, left out: unreadable]"
    media_type = _kind(content)
    if media_type is None:
        return "[picture, left out: of a kind that is not shown]"
    pictures.append(Picture(media_type, content))
    return f"[picture {len(pictures)}]"


def _kind(content: bytes) -> str | None:
    """By its first bytes: what it is called is the server's word."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), None)


def _fits(structured: Any) -> bool:
    try:
        return len(orjson.dumps(structured)) <= MAX_TEXT
    except TypeError:
        return False


def _says_the_same(text: str, structured: Any) -> bool:
    if not text.strip():
        return True
    # Many servers wrap what is no object.
    if structured == {"result": text}:
        return True
    try:
        said = orjson.loads(text)
    except ValueError:
        return False
    return bool(structured in (said, {"result": said}))


def _cut(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n[cut: the first {MAX_TEXT} of {len(text)} characters]"
