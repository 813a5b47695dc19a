"""The confined process that reads pages: decoding, and the readable text of HTML.

Payload: a line of JSON {"url", "charset", "markup"}, then the body. Answer: JSON {"title", "text", "cut"}.
"""

from __future__ import annotations

import codecs
import importlib
import json
import sysconfig
from collections.abc import Sequence
from typing import Any, Final

import trafilatura
from charset_normalizer import from_bytes
from charset_normalizer.constant import IANA_SUPPORTED

from artel.kit.confined.child import no_new_processes
from artel.tools.builtin.web.decoding import decode
from artel.tools.builtin.web.outline import Outline

# lxml has no types.
_etree: Final[Any] = importlib.import_module("lxml.etree")
_html: Final[Any] = importlib.import_module("lxml.html")

MAX_TEXT: Final = 400_000
"""Characters of a page that are kept."""
MAX_TITLE: Final = 300
MAX_ELEMENTS: Final = 40_000
"""Of a page whose article is looked for, which takes about 0.1 ms an element; of a larger one all words are taken."""
_SHORT: Final = 2000
"""Characters of a page that is answered whole: to look for the article would cost its headings and links."""
_SAMPLE: Final = 1 << 17
_GUESSED: Final = ["cp1251", "koi8_r", "cp866", "cp1252", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
"""Charsets of pages that say nothing; among more of them a short text is taken for another's."""
_WARMING: Final = (
    f"<html><head><title>A</title></head><body><article>{'<p>One, and two.</p>' * 200}</article></body></html>"
)


def prepare() -> Sequence[str]:
    """Reads one page, so that what is imported late is there, and keeps the libraries readable for what is left."""
    read_markup(_WARMING, "https://example.com/")
    guess("Слово".encode("cp1251"))
    for charset in IANA_SUPPORTED:
        codecs.lookup(charset)
    return [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]


def run(payload: bytes) -> bytes:
    """The answer to a page."""
    no_new_processes()
    line, _, body = payload.partition(b"\n")
    head = json.loads(line)
    text = decode(body, head["charset"], markup=head["markup"])
    if text is None:
        text = guess(body)
    title, text = read_markup(text, head["url"]) if head["markup"] else ("", text)
    return json.dumps({"title": title, "text": text[:MAX_TEXT], "cut": len(text) > MAX_TEXT}).encode()


def guess(body: bytes) -> str:
    """The text of bytes that nobody says anything about."""
    best = from_bytes(body[:_SAMPLE], cp_isolation=_GUESSED).best()
    return body.decode(best.encoding if best else "cp1252", "replace")


def read_markup(markup: str, url: str) -> tuple[str, str]:
    """The title and the readable text of HTML, as Markdown with links."""
    try:
        # Read from bytes, for a text may not say what it is encoded in; with the encoding said here, pages need not.
        tree = _html.document_fromstring(markup.encode(), parser=_html.HTMLParser(encoding="utf-8"))
    except _etree.ParserError:  # there is nothing in it
        return "", ""
    title = " ".join(tree.xpath("string(//title)").split())[:MAX_TITLE]
    outline = Outline(url, MAX_TEXT)
    whole = outline.of(tree)
    if outline.is_list or len(whole) < _SHORT or int(tree.xpath("count(//*)")) > MAX_ELEMENTS:
        return title, whole
    return title, _article(tree, url) or whole


def _article(tree: Any, url: str) -> str | None:
    return trafilatura.extract(
        tree, url=url, output_format="markdown", include_links=True, include_tables=True, favor_recall=True
    )
