"""All the words of a page with its links, in one pass over its tree: for pages that are no article, or too large."""

from __future__ import annotations

import importlib
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

_etree: Final[Any] = importlib.import_module("lxml.etree")  # it has no types

# Not the whole head: where a page leaves its tags out, the parser puts everything there.
_SILENT: Final = frozenset(
    ("script", "style", "noscript", "template", "title", "svg", "math", "iframe", "object", "select", "textarea",
     "button")
)  # fmt: skip
_BLOCKS: Final = frozenset(
    ("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form", "header",
     "hr", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul")
)  # fmt: skip
_HEADINGS: Final = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MAX_LINK: Final = 300


class Outline:
    """Writes a tree as lines of text; links as Markdown."""

    def __init__(self, url: str, most: int) -> None:
        self._url = url
        self._most = most
        self._lines: list[str] = []
        self._line: list[str] = []
        self._length = 0
        self._linked = 0
        self._links: list[tuple[int, str]] = []
        """Of the open links: where in the line their text begins, and where they lead."""

    def of(self, tree: Any) -> str:
        """The text of the whole tree, or of as much as fits."""
        silent: Any = None
        for event, element in _etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
            if event == "start":
                if silent is None and element.tag in _SILENT:
                    silent = element
                if silent is None:
                    self._open(element)
                    self._say(element.text)
            elif event == "end":
                if silent is None:
                    self._close(element)
                elif element is silent:
                    silent = None
            if event != "start" and silent is None:
                self._say(element.tail)
            if self._length > self._most:
                break
        self._break()
        return "\n".join(self._lines)

    @property
    def is_list(self) -> bool:
        """Whether most of the words lead elsewhere."""
        return self._linked * 2 > self._length

    def _open(self, element: Any) -> None:
        tag = element.tag
        if tag in _HEADINGS or tag in _BLOCKS or tag == "li":
            self._break()
            self._line += [_HEADINGS[tag]] if tag in _HEADINGS else ["- "] if tag == "li" else []
        elif tag in ("td", "th") and self._line:
            self._line.append(" | ")
        elif tag == "a":
            self._links.append((len(self._line), self._target(element.get("href"))))

    def _close(self, element: Any) -> None:
        if element.tag == "a" and self._links:
            begin, target = self._links.pop()
            words = "".join(self._line[begin:]).strip()
            if target and words and begin <= len(self._line):
                self._line[begin:] = [f"[{words}]({target})"]
        elif element.tag in _HEADINGS or element.tag in _BLOCKS or element.tag == "li":
            self._break()

    def _say(self, words: str | None) -> None:
        if words:
            self._length += len(words)
            self._linked += len(words) if self._links else 0
            self._line.append(words)

    def _break(self) -> None:
        line = " ".join("".join(self._line).split())
        if line.strip("-# |"):
            self._lines.append(line)
        self._line = []
        self._links = [(0, target) for _, target in self._links]

    def _target(self, href: str | None) -> str:
        if not href or href.startswith("#"):
            return ""
        try:
            target = urljoin(self._url, href.strip())
            scheme = urlsplit(target).scheme
        except ValueError:
            return ""
        return target if scheme in ("http", "https") and len(target) <= _MAX_LINK else ""
