"""What a file is, by its bytes."""

from __future__ import annotations

import pytest

from artel.files.kinds import is_program, is_text, may_open_in_browser, media_type_of
from tests.support import documents

_OOXML = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (documents.picture("PNG"), "a.txt", "image/png"),
        (documents.picture("JPEG"), "", "image/jpeg"),
        (documents.picture("GIF"), "", "image/gif"),
        (documents.picture("WEBP"), "", "image/webp"),
        (documents.picture("BMP"), "", "image/bmp"),
        (documents.picture("AVIF"), "", "image/avif"),
        (documents.picture("TIFF"), "", "image/tiff"),
        (documents.pdf("x"), "a.html", "application/pdf"),
        (b"\0junk\n" + documents.pdf("x"), "", "application/pdf"),
        (b"%PDF-1.4 all of it ASCII", "", "application/pdf"),
        (documents.docx("x"), "a.zip", f"{_OOXML}.wordprocessingml.document"),
        (documents.xlsx(("x",)), "", f"{_OOXML}.spreadsheetml.sheet"),
        (documents.pptx("x"), "", f"{_OOXML}.presentationml.presentation"),
        (documents.odt("x"), "", "application/vnd.oasis.opendocument.text"),
        (documents.epub("x"), "", "application/epub+zip"),
        (documents.zipped({"a": "b"}), "a.docx", "application/zip"),
        (documents.zipped({}, ("mimetype", "application/x-unheard-of")), "", "application/zip"),
        (documents.rtf("x"), "", "application/rtf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a.DOC", "application/msword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a", "application/x-ole-storage"),
        (documents.wav(), "", "audio/wav"),
        (b"RIFF\0\0\0\0AVI \0", "", "video/x-msvideo"),
        (b"RIFF\0\0\0\0????\0", "", "application/octet-stream"),
        (b"ID3\x04\0\0", "", "audio/mpeg"),
        (b"\xff\xfb\x90\0", "", "audio/mpeg"),
        (b"\xff\xf1\x50\0", "", "audio/aac"),
        (b"OggS\0\x02OpusHead", "", "audio/ogg"),
        (b"OggS\0\x02\x80theora", "", "video/ogg"),
        (b"\x1aE\xdf\xa3\0webm A_OPUS", "", "audio/webm"),
        (b"\x1aE\xdf\xa3\0webm V_VP9 A_OPUS", "", "video/webm"),
        (b"\0\0\0\x20ftypM4A \0", "", "audio/mp4"),
        (b"\0\0\0\x20ftypisom\0", "", "video/mp4"),
        (b"\0\0\0\x20ftypheic\0", "", "image/heic"),
        (b"\0\1\2\3", "a.png", "application/octet-stream"),
    ],
)
def test_the_bytes_say_what_it_is(content: bytes, name: str, expected: str) -> None:
    assert media_type_of(content, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("plain", "a.txt", "text/plain"),
        ("plain", "a.png", "text/plain"),
        ("plain", "", "text/plain"),
        ("a;b", "a.CSV", "text/csv"),
        ("# a", "read.me.md", "text/markdown"),
        ("{}", "a.json", "application/json"),
        ("a: 1", "a.yml", "application/yaml"),
        ("print(1)", "a.py", "text/plain"),
        ("alert(1)", "a.js", "text/javascript"),
        ("<!DOCTYPE html><p>x", "a.txt", "text/html"),
        ("\n <!-- x --> <script>alert(1)</script>", "a.txt", "text/html"),
        ("<?xml version='1.0'?>\n<html/>", "a.txt", "text/html"),
        ("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.png", "image/svg+xml"),
        ("<?xml version='1.0'?><svg onload='x'/>", "a.txt", "image/svg+xml"),
        ("harmless", "a.svg", "image/svg+xml"),
        ("harmless", "a.htm", "text/html"),
        # They begin as a signature does.
        ("ID3 tags are old", "", "text/plain"),
        ("About %PDF-1.7 files", "", "text/plain"),
        ("MZ is a movie zone", "", "text/plain"),
    ],
)
def test_texts_are_told_apart_by_name_unless_they_could_act(text: str, name: str, expected: str) -> None:
    assert media_type_of(text.encode(), name) == expected
    assert not is_program(text.encode())


def test_texts_of_before_unicode_are_texts() -> None:
    assert media_type_of("явка с повинной".encode("cp1251"), "a.txt") == "text/plain"  # begins like an MP3
    assert media_type_of("привет".encode("koi8-r"), "") == "text/plain"
    assert media_type_of("привет".encode("utf-16"), "a.csv") == "text/csv"


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF\x02", b"MZ\x90\0\3", b"\xcf\xfa\xed\xfe\7", b"\xca\xfe\xba\xbe\0", b"\0asm\1\0\0\0"],
)
def test_programs_are_known(content: bytes) -> None:
    assert is_program(content)


@pytest.mark.parametrize(
    ("media_type", "opens", "is_a_text"),
    [
        ("image/png", True, False),
        ("application/pdf", True, False),
        ("text/plain", True, True),
        ("audio/ogg", True, False),
        ("image/svg+xml", False, True),
        ("text/html", False, False),
        ("text/javascript", False, True),
        ("application/xml", False, True),
        ("application/octet-stream", False, False),
        ("video/mp4", False, False),
    ],
)
def test_nothing_that_could_act_opens_in_a_browser(media_type: str, *, opens: bool, is_a_text: bool) -> None:
    assert may_open_in_browser(media_type) is opens
    assert is_text(media_type) is is_a_text
