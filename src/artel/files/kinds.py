"""What a file is, by its bytes: what a client says of a type is nobody's proof.

Nothing is parsed here, only looked at: a hostile file can at most be taken for another kind. Signatures as in the
WHATWG's MIME Sniffing standard and in the formats' own specifications.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

UNKNOWN: Final = "application/octet-stream"
PDF: Final = "application/pdf"
_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_ZIP: Final = "application/zip"

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"})
"""Those that browsers show and that can be made ready for a model."""
DOCUMENTS: Final = frozenset(
    {
        *(PDF, _WORD, _SHEET, _SLIDES, "application/epub+zip", "application/rtf", "text/html"),
        *(f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")),
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
    }
)
"""Those whose text a parser reads."""
_PLAIN_TEXTS: Final = frozenset({"application/json", "application/xml", "application/yaml", "image/svg+xml"})

_TEXTUAL_STARTS: Final = ((b"%PDF-", PDF), (b"{\\rtf", "application/rtf"))
_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
)
_MPEG_FRAME: Final = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xfb]")
_AAC_FRAME: Final = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_BRANDS: Final = (
    (b"avif", "image/avif"),
    (b"avis", "image/avif"),
    (b"hei", "image/heic"),
    (b"mif1", "image/heic"),
    (b"M4A", "audio/mp4"),
    (b"M4B", "audio/mp4"),
    (b"qt", "video/quicktime"),
)
_RIFF: Final = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_IN_ZIP: Final = ((b"word/document.xml", _WORD), (b"xl/workbook.xml", _SHEET), (b"ppt/presentation.xml", _SLIDES))
_ZIP_MIMETYPE: Final = re.compile(rb"mimetype(?:.{0,64}?)(application/[a-z0-9.+-]+)", re.DOTALL)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_NAMES: Final = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
}
_PROGRAMS: Final = (
    b"\x7fELF",
    *(b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),
    b"\xca\xfe\xba\xbe",
    b"\0asm",
)

_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_NOT_IN_TEXTS: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
_MARKUP: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*"
    rb"<(?P<tag>!doctype\s+html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p|svg|!doctype\s+svg)"
    rb"[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_HEAD: Final = 4096
_NAMES: Final = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".json": "application/json",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
}
"""Of texts: there a name may only say what kind of text it is."""


def media_type_of(content: bytes, name: str) -> str:
    """The type of these bytes. `name` decides between kinds of texts, and between old office documents."""
    suffix = PurePosixPath(name).suffix.lower()
    for start, media_type in _TEXTUAL_STARTS:
        if content.startswith(start):
            return media_type
    # Texts first: a signature is short, and a text may happen to begin with one.
    if _is_text(content):
        return _kind_of_text(content, suffix)
    return _by_signature(content, suffix) or UNKNOWN


def is_program(content: bytes) -> bool:
    """Whether these bytes are a program for some machine (a script is a text)."""
    if content.startswith(_PROGRAMS):
        return True
    return content.startswith(b"MZ") and b"\0" in content[:64]


def is_text(media_type: str) -> bool:
    """Whether a file of this type is a text as it stands."""
    return media_type != "text/html" and (media_type.startswith("text/") or media_type in _PLAIN_TEXTS)


def may_open_in_browser(media_type: str) -> bool:
    """Whether a browser may show it on this server's own address: nothing that could carry a script."""
    return media_type in PICTURES or media_type in (PDF, "text/plain") or media_type.startswith("audio/")


def _by_signature(content: bytes, suffix: str) -> str | None:
    for start, media_type in _STARTS:
        if content.startswith(start):
            return media_type
    if content.startswith(b"RIFF"):
        return _RIFF.get(content[8:12])
    if content.startswith(b"BM") and int.from_bytes(content[2:6], "little") == len(content):
        return "image/bmp"
    if content[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS if content[8:12].startswith(brand)), "video/mp4")
    if content.startswith(b"OggS"):
        return "video/ogg" if b"theora" in content[:_HEAD] else "audio/ogg"
    if content.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"V_" in content[:_HEAD] else "audio/webm"
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_zip(content)
    if content.startswith(_OLE):
        return _OLE_NAMES.get(suffix, "application/x-ole-storage")
    if b"%PDF-" in content[:1024]:
        return PDF
    if _AAC_FRAME.match(content):
        return "audio/aac"
    return "audio/mpeg" if _MPEG_FRAME.match(content) else None


def _kind_of_zip(content: bytes) -> str:
    # EPUB and OpenDocument say it in their first entry, which is not compressed.
    if named := _ZIP_MIMETYPE.search(content[:256]):
        media_type = named[1].decode()
        return media_type if media_type in DOCUMENTS else _ZIP
    return next((media_type for entry, media_type in _IN_ZIP if entry in content), _ZIP)


def _is_text(content: bytes) -> bool:
    if content.startswith(_BOMS):
        return True
    return not any(byte in content for byte in _NOT_IN_TEXTS)


def _kind_of_text(content: bytes, suffix: str) -> str:
    if found := _MARKUP.match(content[:_HEAD]):
        return "image/svg+xml" if b"svg" in found["tag"].lower() else "text/html"
    return _NAMES.get(suffix, "text/plain")
