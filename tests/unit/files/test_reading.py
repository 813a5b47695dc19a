"""The program that reads texts, here in this very process."""

from __future__ import annotations

from pathlib import Path

import pytest

from artel.files.reading import MAX_CHARS, as_utf8, decode, prepare, read, run
from tests.support import documents

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю."


def test_as_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # the PDF library is unpacked there

    assert prepare() == ()

    assert run(b"text/plain\n" + RUSSIAN.encode("cp1251")).decode() == RUSSIAN
    assert run(b"text/html\n<h1>One</h1>") == b"# One"
    assert run(b"application/pdf\n" + documents.pdf("Two")) == b"Two"


def test_long_texts_are_cut() -> None:
    assert len(read("text/plain", b"x" * (MAX_CHARS + 10))) == MAX_CHARS


def test_texts_are_tidied() -> None:
    assert read("text/plain", b"\na\r\nb\rc\0\n\n \n\n\nd\n") == "a\nb\nc\n\nd"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "utf-8-sig"),
        (RUSSIAN, "utf-16"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp866"),
        ("Größe und Straße, naïve façade à la carte", "cp1252"),
    ],
)
def test_texts_are_read_in_whatever_they_were_written(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "page",
    [
        f'<meta charset="windows-1251"><p>{RUSSIAN}</p>'.encode("cp1251"),
        f'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>{RUSSIAN}</p>'.encode("koi8-r"),
        f"<p>{RUSSIAN}</p>".encode("cp1251"),
        f"<meta charset=nonesuch><p>{RUSSIAN}</p>".encode(),
        f"\ufeff<meta charset=windows-1251><p>{RUSSIAN}</p>".encode(),
    ],
)
def test_pages_are_read_as_they_say(page: bytes) -> None:
    assert RUSSIAN in as_utf8(page).decode()
    assert RUSSIAN in read("text/html", page)
