"""Texts read in a confined process, also out of files that mean harm."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest

from artel.files.kinds import media_type_of
from artel.files.reading import MAX_CHARS
from artel.files.texts import NoText, TextReader
from artel.kit.confined.limits import MEBIBYTE, Limits
from tests.support import documents

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю."


@pytest.fixture
def reader(tmp_path: Path) -> TextReader:
    return TextReader(tmp_path)


async def _text(reader: TextReader, content: bytes, name: str = "") -> tuple[str, str | None]:
    return await reader.read(media_type_of(content, name), content)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (documents.docx(RUSSIAN, "second"), "a.docx", [RUSSIAN, "second"]),
        (documents.xlsx(("Item", "Price"), ("Чай", "300")), "a.xlsx", ["Чай", "300"]),
        (documents.pptx(RUSSIAN), "a.pptx", [RUSSIAN]),
        (documents.odt(RUSSIAN), "a.odt", [RUSSIAN]),
        (documents.epub(RUSSIAN), "a.epub", [RUSSIAN]),
        (documents.rtf(RUSSIAN), "a.rtf", [RUSSIAN]),
        (documents.pdf("Hello from a page"), "a.pdf", ["Hello from a page"]),
        (f"<html><body><h1>Заголовок</h1><p>{RUSSIAN}</p><script>evil()</script>".encode(), "a.html", [RUSSIAN]),
        (
            f'<html><meta charset="windows-1251"><body>{RUSSIAN}</body></html>'.encode("cp1251"),
            "a.html",
            [RUSSIAN],
        ),
        (f"<html><body>{RUSSIAN}</body></html>".encode("cp1251"), "a.html", [RUSSIAN]),
        (f"<html><meta charset=nonesuch>{RUSSIAN}</html>".encode(), "a.html", [RUSSIAN]),
        (RUSSIAN.encode(), "a.txt", [RUSSIAN]),
        (RUSSIAN.encode("cp1251"), "a.txt", [RUSSIAN]),
        (f"имя;цена\n{RUSSIAN};300".encode("cp1251"), "a.csv", [f"имя;цена\n{RUSSIAN};300"]),
        (RUSSIAN.encode("utf-16"), "a.txt", [RUSSIAN]),
        (f"\ufeff{RUSSIAN}".encode(), "a.md", [RUSSIAN]),
        (b'{"a": [1, 2]}', "a.json", ['{"a": [1, 2]}']),
    ],
)
async def test_the_usual_formats_are_read(reader: TextReader, content: bytes, name: str, expected: list[str]) -> None:
    status, text = await _text(reader, content, name)

    assert status == "ready"
    for part in expected:
        assert part in (text or "")
    assert "evil" not in (text or "")


@pytest.mark.parametrize(
    "content", [documents.picture(), documents.wav(), documents.zipped({"a": "b"}), b"\0\1", documents.docx(), b" \n "]
)
async def test_where_there_is_no_text_none_is_found(reader: TextReader, content: bytes) -> None:
    assert await _text(reader, content) == ("none", None)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 and then nothing",
        documents.pdf("Hello")[:400],
        documents.pdf("secret", encrypted=True),
        documents.docx("x")[:300] + b"word/document.xml",
        documents.zipped({"word/document.xml": "<w:document><w:body>&lol;"}),
        b"{\\rtf1 " + b"{" * 200_000,
    ],
)
async def test_what_cannot_be_read_is_told_and_harms_nobody(reader: TextReader, content: bytes) -> None:
    status, text = await _text(reader, content)

    assert status in ("failed", "none")
    assert text is None


async def test_a_bomb_goes_off_elsewhere(reader: TextReader) -> None:
    bomb = await asyncio.to_thread(documents.zip_bomb, 600)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    status, text = await _text(reader, bomb)

    assert len(bomb) < 3_000_000
    assert status == "failed" or len(text or "") <= MAX_CHARS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


async def test_a_parser_that_does_not_come_back_is_ended(tmp_path: Path) -> None:
    hasty = TextReader(tmp_path, Limits(seconds=0.01, cpu_seconds=5, address_space=1024 * MEBIBYTE, answer=1000))

    assert await hasty.read("text/plain", b"hello") == ("failed", None)


async def test_the_pdf_library_is_loaded_from_a_place_of_our_own(reader: TextReader, tmp_path: Path) -> None:
    found = await asyncio.gather(*(_text(reader, documents.pdf(f"page {number}")) for number in range(4)))

    assert [text for _, text in found] == ["page 0", "page 1", "page 2", "page 3"]
    assert _libraries(tmp_path) == ["libpdfium.so"]


def _libraries(scratch: Path) -> list[str]:
    return [path.name for path in scratch.rglob("*pdfium*.so")]


async def test_a_document_from_elsewhere_is_read_by_its_bytes(reader: TextReader) -> None:
    assert await reader.document(documents.docx(RUSSIAN), "application/pdf", "a.pdf") == RUSSIAN


@pytest.mark.parametrize(
    ("content", "says"), [(documents.picture(), "There is no text"), (b"%PDF-1.7 nothing", "could not be read")]
)
async def test_a_document_from_elsewhere_without_text(reader: TextReader, content: bytes, says: str) -> None:
    with pytest.raises(NoText, match=says):
        await reader.document(content, "application/pdf", "a.pdf")
