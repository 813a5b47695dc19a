"""The confined program that reads the text out of a file: kreuzberg for documents, a guess of the encoding for texts.

A payload is the media type, a line feed, and the file's bytes; the answer is its text in UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Final

import kreuzberg
from charset_normalizer import from_bytes

from artel.files.kinds import PDF, is_text

MAX_CHARS: Final = 2_000_000
"""Of a file's text; what is longer is cut."""

_GUESSED_FROM: Final = 200_000
"""Bytes that show a text's encoding."""
_ENCODINGS: Final = ["cp1251", "koi8_r", "cp866", "cp1252"]
_MORE_ENCODINGS: Final = (
    *("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "iso-8859-2", "iso-8859-5", "iso-8859-15", "koi8-u"),
    *(f"cp125{number}" for number in range(9)),
    *("gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
"""That pages say they are in."""
_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_A_PDF: Final = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
trailer<</Size 4/Root 1 0 R>>
%%EOF
"""
"""The least that the PDF library takes: it is loaded with its first document."""


def prepare() -> Sequence[str]:
    """Loads everything that reads documents, so that nothing needs to be read once the walls stand."""
    for encoding in _MORE_ENCODINGS:
        codecs.lookup(encoding)
    from_bytes(b"\xcf\xf0\xe8\xe2\xe5\xf2", cp_isolation=_ENCODINGS).best()
    for media_type, document in (("text/html", b"<p>-"), (PDF, _A_PDF)):
        kreuzberg.extract_bytes_sync(document, media_type, _how())
    return ()


def run(payload: bytes) -> bytes:
    """The text; whoever called hears of no reason when there is none."""
    kind, _, content = payload.partition(b"\n")
    return read(kind.decode(), content).encode("utf-8", "replace")


def read(media_type: str, content: bytes) -> str:
    """The text of a file of a known type.

    Raises:
        Exception: it cannot be read: whatever the parser thinks of.
    """
    if is_text(media_type):
        return _tidy(decode(content))
    if media_type == "text/html":
        content = as_utf8(content)
    return _tidy(kreuzberg.extract_bytes_sync(content, media_type, _how()).content)


def as_utf8(page: bytes) -> bytes:
    """A web page in UTF-8: by its mark, by what it says of itself, or by a guess."""
    if not page.startswith(tuple(mark for mark, _ in _BOMS)) and (said := _CHARSET.search(page[:4096])):
        try:
            return _CHARSET.sub(b'<meta charset="utf-8"', page.decode(said[1].decode(), "replace").encode(), count=1)
        except LookupError:
            pass
    return decode(page).encode("utf-8", "replace")


def decode(content: bytes) -> str:
    """A text in Unicode, or in one of the encodings that Russian and Western texts were written in before it."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        guess = from_bytes(content[:_GUESSED_FROM], cp_isolation=_ENCODINGS).best()
        return content.decode(guess.encoding if guess else "cp1252", "replace")


def _how() -> kreuzberg.ExtractionConfig:
    return kreuzberg.ExtractionConfig(
        use_cache=False, output_format="markdown", concurrency=kreuzberg.ConcurrencyConfig(max_threads=1)
    )


def _tidy(text: str) -> str:
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return _BLANK_LINES.sub("\n\n", text).strip("\n")[:MAX_CHARS]
