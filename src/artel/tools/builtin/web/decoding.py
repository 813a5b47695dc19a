"""From the bytes of a page to its text, whatever charset it says or does not say it is in.

Source: the order of the HTML standard's "determining the character encoding": byte order mark, what the server said,
what the page says of itself, and then a guess.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the one of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAID_INSIDE: Final = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]{0,500}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_HEAD: Final = 4096
# What pages mean by these names; the standard reads them so, too.
_MEANT: Final = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "x-sjis": "cp932", "gb2312": "gb18030", "gbk": "gb18030",
}  # fmt: skip
_NO_CHARSETS: Final = frozenset(
    ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7", "mbcs", "oem")
)
"""Codecs of Python's that no page is in; some take very long over a long text."""


def decode(body: bytes, said: str | None, *, markup: bool) -> str | None:
    """The text; None when nothing says what it is in and it is not UTF-8.

    said: the charset of the server. markup: look also for what the page says itself.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    inside = _SAID_INSIDE.search(body[:_HEAD]) if markup else None
    for charset in (said, inside and inside[1].decode()):
        if charset and (known := _known(charset)):
            return body.decode(known, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _known(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower()
    name = _MEANT.get(name, name)
    try:
        b"a".decode(name, "replace")  # refuses what turns bytes into bytes, such as zlib
        proper = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if proper.replace("-", "_") in _NO_CHARSETS else name
