"""From bytes to the words of a page, without a server or a process in between."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from artel.tools.builtin.web import reading
from artel.tools.builtin.web.decoding import decode

URL = "https://example.org/dir/page"
PARAGRAPH = (
    "This is paragraph number {} of an article about how an artel of builders puts a house by a river, in many words."
)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program as it is, but for the wall around the processes of this one."""
    monkeypatch.setattr(reading, "no_new_processes", lambda: None)

    def run(body: bytes | str, *, charset: str | None = None, markup: bool = True) -> dict[str, Any]:
        content = body.encode() if isinstance(body, str) else body
        head = json.dumps({"url": URL, "charset": charset, "markup": markup}).encode()
        return json.loads(reading.run(head + b"\n" + content))

    return run


def words(run: Any, body: str) -> list[str]:
    return run(f"<html><body>{body}</body></html>")["text"].splitlines()


@pytest.mark.parametrize(
    ("body", "said", "text"),
    [
        (b"\xef\xbb\xbfa", "cp1251", "a"),
        ("é".encode("utf-16"), None, "é"),
        ("é".encode("utf-32"), None, "é"),
        ("\ufeffé".encode("utf-16-be"), "utf-8", "é"),
        ("\ufeffé".encode("utf-32-be"), None, "é"),
        ("д".encode("cp1251"), "Windows-1251", "д"),
        ("д".encode(), "cp-nonsense", "д"),
        ("д".encode(), "base64", "д"),
        ("д".encode(), "idna", "д"),
        ("д".encode(), "utf-7", "д"),
        ("д".encode(), "unicode_escape", "д"),
        (b"\x93a\x94", "iso-8859-1", "“a”"),
        (b"\xff\xfe\xfd"[1:], None, None),
        (b"a\xff", "utf-8", "a\ufffd"),
        (b"<meta charset=koi8-r>\xc1", None, "<meta charset=koi8-r>а"),
        (b"<?xml version='1.0' encoding='cp1251'?>\xe0", None, "<?xml version='1.0' encoding='cp1251'?>а"),
        (b"<meta charset=koi8-r>\xe0", "cp1251", "<meta charset=koi8-r>а"),
        (b"<meta charset='nothing'>\xd0\xb0", None, "<meta charset='nothing'>а"),
    ],
)
def test_the_charset_is_the_first_that_is_known(body: bytes, said: str | None, text: str | None) -> None:
    assert decode(body, said, markup=True) == text


def test_a_text_says_nothing_of_its_charset() -> None:
    assert decode(b"<meta charset=koi8-r>\xc1", None, markup=False) is None


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("<p>Привет, мир!</p>", "cp1251"),
        ("<p>Сегодня в городе прошёл дождь, и река вышла из берегов.</p>", "koi8-r"),
        ("“quotes” and cafés — it’s", "cp1252"),
        ("<p>これは日本語のページです。今日は良い天気ですね。</p>", "cp932"),
        ("<p>这是一个中文网页，今天天气很好。</p>", "gb18030"),
    ],
)
def test_a_short_text_is_guessed_too(text: str, charset: str) -> None:
    assert reading.guess(text.encode(charset)) == text


def test_bytes_of_which_nothing_is_known_are_guessed(run: Any) -> None:
    text = "Простые русские слова, по которым можно узнать, в чём они записаны."

    assert run(text.encode("cp1251"), markup=False) == {"title": "", "text": text, "cut": False}
    assert run(bytes(range(128, 256)), markup=False)["text"] != ""
    assert reading.guess(b"\x81\x8d") != ""


def test_an_article_is_found_among_everything_else(run: Any) -> None:
    body = "".join(f"<p>{PARAGRAPH.format(number)}</p>" for number in range(40))
    around = "<title>A house</title><nav><a href=/x>Home</a></nav><article>{}</article><footer>(c)</footer>"
    found = run(around.format(f"<h1>House</h1>{body}"))

    assert found["title"] == "A house"
    assert PARAGRAPH.format(7) in found["text"]
    assert "Home" not in found["text"]
    assert "(c)" not in found["text"]


def test_a_list_of_links_keeps_them(run: Any) -> None:
    links = "".join(
        f"<li><a href='../p/{number}'>The entry of number {number}, and its long title</a></li>" for number in range(99)
    )
    text = run(f"<body><nav><ul>{links}</ul></nav><p>{PARAGRAPH}</p></body>")["text"]

    assert text.splitlines()[3] == "- [The entry of number 3, and its long title](https://example.org/p/3)"
    assert text.splitlines()[99] == PARAGRAPH


def test_a_page_of_too_many_elements_is_answered_whole(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ELEMENTS", 50)
    body = "".join(f"<p>{PARAGRAPH.format(number)}</p>" for number in range(60))

    assert "Home" in run(f"<nav>Home</nav><article>{body}</article>")["text"]


def test_a_page_whose_article_is_not_found_is_answered_whole(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def finds_nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(reading.trafilatura, "extract", finds_nothing)

    assert "Home" in run(f"<nav>Home</nav>{'<p>words and words</p>' * 200}")["text"]


def test_a_text_is_cut(run: Any) -> None:
    found = run("word " * 100_000, markup=False)

    assert (len(found["text"]), found["cut"]) == (reading.MAX_TEXT, True)
    assert run(f"<p>{'word ' * 100_000}")["cut"] in (True, False)
    assert len(run(f"<title>{'t' * 1000}</title>x")["title"]) == reading.MAX_TITLE


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("<h1>A</h1><h3>B</h3>c", ["# A", "### B", "c"]),
        ("a<br>b<hr>c", ["a", "b", "c"]),
        ("<p>a <b>b</b> <i>c</i>\n d</p>", ["a b c d"]),
        ("<ul><li>a<li>b</ul>", ["- a", "- b"]),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", ["a | b", "1 | 2"]),
        ("<a href='x'>a</a>", ["[a](https://example.org/dir/x)"]),
        ("<a href='//other.org/x'>a</a> tail", ["[a](https://other.org/x) tail"]),
        ("<a href='#x'>a</a><a>b</a><a href='javascript:x()'>c</a><a href='http://[bad/'>d</a>", ["abcd"]),
        ("<a href='x'> </a>", []),
        (f"<a href='{'x' * 400}'>a</a>", ["a"]),
        ("<a href='x'>one<p>two</p></a>", ["one", "two"]),
        ("<p>a<script>x</script>b<style>y</style>c</p>", ["abc"]),
        ("<svg><text>x</text></svg><template><p>y</template><select><option>z</select>", []),
        ("<div><div><div>deep</div></div>tail</div>", ["deep", "tail"]),
        ("a<!-- comment -->b<?pi x?>c", ["abc"]),
        ("<div>-</div><div>|</div>", []),
    ],
)
def test_the_words_of_a_page_line_by_line(run: Any, body: str, lines: list[str]) -> None:
    assert words(run, body) == lines


@pytest.mark.parametrize("body", ["", "  ", "<!-- -->", "<html></html>", "\0"])
def test_nothing_is_made_of_nothing(run: Any, body: str) -> None:
    assert run(body)["text"].strip("\ufffd") == ""


@pytest.mark.parametrize(
    "body",
    ["<div>" * 100_000, "<b>" * 50_000 + "x" + "</b>" * 50_000, "<table><tr><td>" * 20_000, "&amp;" * 100_000,
     "<a<b<c" * 50_000, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><p>&e;</p>',
     "<p>" + "\ud7ff\ufffe" * 1000],
)  # fmt: skip
def test_hostile_markup_is_only_markup(run: Any, body: str) -> None:
    assert "root:" not in run(body)["text"]


def test_what_is_needed_later_is_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    readable = reading.prepare()

    assert any(path.endswith("site-packages") for path in readable)
    assert {"encodings.cp1251", "encodings.koi8_r", "encodings.gb18030"} <= set(sys.modules)
