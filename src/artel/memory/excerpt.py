"""The part of a text that answers a question, where the whole is too long to be told."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from artel.memory.words import WordReader

_TOKEN: Final = re.compile(r"\S+")
_LEAD: Final = 0.25
"""How much of an excerpt stands before the first matching word: what it is about is usually said before it."""


def excerpt(text: str, words: Collection[str], limit: int, reader: WordReader) -> str:
    """At most `limit` characters (and a sign at either end that something is left out) around the most of the words.

    words: of the question, as the reader gives them. Without a match it is the beginning.
    """
    if len(text) <= limit:
        return text
    places = [found.start() for found in _TOKEN.finditer(text) if not set(reader.words(found[0])).isdisjoint(words)]
    begin = _begin(places, len(text), limit)
    end = min(begin + limit, len(text))
    # Words stay whole, where there are any.
    if begin and (space := _space_after(text, begin, begin + limit // 8)) is not None:
        begin = space
    if end < len(text) and (space := text.rfind(" ", end - limit // 8, end)) > begin:
        end = space
    return ("…" if begin else "") + text[begin:end].strip() + ("…" if end < len(text) else "")


def _begin(places: list[int], length: int, limit: int) -> int:
    room = int(limit * (1 - _LEAD))
    best, most, last = 0, 0, 0
    for number, place in enumerate(places):
        while last < len(places) and places[last] < place + room:
            last += 1
        if last - number > most:
            best, most = place, last - number
    return max(0, min(best - int(limit * _LEAD), length - limit))


def _space_after(text: str, begin: int, end: int) -> int | None:
    space = text.find(" ", begin, end)
    return None if space < 0 else space + 1
