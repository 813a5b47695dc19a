"""What a child process and its callers say to each other over a unix socket.

A frame is two lengths (little-endian, 32 bits: of the whole rest, and of the header), a header in JSON, and a block of
bytes: single-precision vectors one after the other, because numbers in JSON would cost more than the search.

    request   {"n": 7, "op": "search", ...}           + block
    answer    {"n": 7, "ok": true, "value": ...}      + block
              {"n": 7, "ok": false, "kind": "lost", "detail": "..."}
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

MAX_FRAME: Final = 64 * 1024 * 1024
"""Bytes. A batch of 128 points with two vectors of 3,072 numbers is 4 MB."""

_LENGTHS: Final = struct.Struct("<II")


class BadFrame(ConnectionError):
    """The other side does not speak this protocol; nothing more can be read from it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    header: dict[str, Any]
    block: bytes


def pack(header: Mapping[str, Any], block: bytes = b"") -> bytes:
    """The bytes of a frame.

    Raises:
        ValueError: it is larger than `MAX_FRAME`.
    """
    head = orjson.dumps(header)
    size = _LENGTHS.size - 4 + len(head) + len(block)
    if size > MAX_FRAME:
        raise ValueError(f"a frame of {size} bytes")
    return b"".join((_LENGTHS.pack(size, len(head)), head, block))


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame; None when the other side has hung up between two.

    Raises:
        ConnectionError: it broke off in the middle, or sent something else.
    """
    try:
        total, head = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        if total > MAX_FRAME or head + 4 > total:
            raise BadFrame(f"a frame of {total} bytes with a header of {head}")
        body = await reader.readexactly(total - 4)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ConnectionResetError("broke off in the middle of a frame") from error
        return None
    try:
        header = orjson.loads(body[:head])
    except orjson.JSONDecodeError as error:
        raise BadFrame("a header that is no JSON") from error
    if not isinstance(header, dict):
        raise BadFrame("a header that is no object")
    return Frame(header, body[head:])  # pyright: ignore[reportUnknownArgumentType]
