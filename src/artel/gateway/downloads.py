"""Gives a file's bytes out: nothing in it can act as a page of this server, and a part of it can be asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers

from artel.files.kinds import PDF, may_open_in_browser
from artel.kit.errors import BadRequest
from artel.store.tool_tables import StoredFile

_SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'; sandbox"
_NO_SANDBOX: Final = "default-src 'none'; frame-ancestors 'none'"
"""For PDFs: browsers' own viewers refuse to open in a sandbox, and let nothing in a PDF reach the page's address."""
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_NOT_IN_TOKENS: Final = re.compile(r'[^\x20-\x7e]|["\\%]')


class BadRange(BadRequest):
    """The file has no such bytes."""

    status = 416
    slug = "range-not-satisfiable"


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` to before `end`."""

    start: int
    end: int
    is_part: bool = False


def etag_of(row: StoredFile) -> str:
    """The content's hash."""
    return f'"{row.sha256.hex()}"'


def headers_of(row: StoredFile, span: Span, *, download: bool) -> dict[str, str]:
    """Everything that a client is told about the bytes."""
    opens = may_open_in_browser(row.media_type) and not download
    headers = {
        "Content-Type": row.media_type,
        "Content-Length": str(span.end - span.start),
        "Content-Disposition": disposition("inline" if opens else "attachment", row.name),
        "Content-Security-Policy": _NO_SANDBOX if row.media_type == PDF else _SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        **kept_by_browsers(row),
    }
    if span.is_part:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{row.size}"
    return headers


def kept_by_browsers(row: StoredFile) -> dict[str, str]:
    """A browser may keep the bytes, and asks each time whether it may still show them."""
    return {"ETag": etag_of(row), "Cache-Control": "private, no-cache"}


def disposition(kind: str, name: str) -> str:
    """Content-Disposition (RFC 6266): the name in plain characters for old clients, and as it is (RFC 8187)."""
    plain = _NOT_IN_TOKENS.sub("_", name)
    header = f'{kind}; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def span_of(row: StoredFile, asked: Headers) -> Span:
    """The bytes that are asked for: all, or one range. Several ranges, or anything unknown, get all (RFC 9110, 14.2).

    Raises:
        BadRange: there are none of those.
    """
    whole = Span(0, row.size)
    found = _RANGE.fullmatch(asked.get("range", "").replace(" ", ""))
    if found is None or asked.get("if-range", etag_of(row)) != etag_of(row):
        return whole
    first, last = found[1], found[2]
    if not first and not last:
        return whole
    if first:
        start, end = int(first), min(int(last) + 1, row.size) if last else row.size
        if last and int(last) < start:
            return whole
    else:
        start, end = max(0, row.size - int(last)), row.size
    if start >= end:
        raise BadRange
    return Span(start, end, is_part=True)
