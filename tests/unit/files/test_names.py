"""What a file may be called."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artel.files.names import MAX_NAME, clean_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("Отчёт за март.docx", "Отчёт за март.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\notes.txt", "notes.txt"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nSet-Cookie: x=y.txt", "a Set-Cookie x=y.txt".replace("Cookie x", "Cookie: x")),
        ("a\0b.txt", "ab.txt"),
        ("a \0 b.txt", "a b.txt"),
        ("holiday\u202egpj.exe", "holidaygpj.exe"),
        ("  . spaced  out .txt ", "spaced out .txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
        ("a." + "x" * 300, "a." + "x" * 198),
    ],
)
def test_a_name_is_made_harmless(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@settings(max_examples=500)
@given(st.text(max_size=400))
def test_whatever_is_sent_becomes_a_name(sent: str) -> None:
    name = clean_name(sent)

    assert 0 < len(name) <= MAX_NAME
    assert "/" not in name
    assert "\\" not in name
    assert name.isprintable()
    assert name.encode()
    assert clean_name(name) == name
