"""Texts cut into passages: small enough to mean one thing, large enough to be understood alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from artel.memory.words import WordReader

LONGEST: Final = 900
"""Characters of a passage."""
LONGEST_CODE: Final = 1_500
"""Of a block of code, which is kept whole up to here."""
FEWEST_WORDS: Final = 3

_FENCE: Final = re.compile(r"^(?:```|~~~)[^\n]*\n.*?^(?:```|~~~)[ \t]*$", re.MULTILINE | re.DOTALL)
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_SENTENCE: Final = re.compile(r"(?<=[.!?…。！？])[\"»”')\]]*\s+|\n")


def is_worth_it(text: str, reader: WordReader) -> bool:
    """Whether a text says something: three words of its own, or an identifier. Courtesies do not."""
    return len(reader.words(text)) >= FEWEST_WORDS or bool(reader.identifiers(text))


def passages(text: str, title: str = "", at_most: int | None = None) -> list[str]:
    """The passages of a text, in its order. Each begins with the title, if there is one, so that it is found alone.

    at_most: the rest of a longer text is left out.
    """
    found: list[str] = []
    text = text.strip()
    for passage in _whole(text) if len(text) <= LONGEST else _gathered(text, LONGEST - len(title)):
        if at_most is not None and len(found) == at_most:
            break
        found.append(passage)
    return [f"{title}\n{passage}" for passage in found] if title else found


def _whole(text: str) -> Iterator[str]:
    if text:
        yield text


def _gathered(text: str, room: int) -> Iterator[str]:
    """Pieces put together as long as they fit."""
    gathered = ""
    for piece, joint in _pieces(text, room):
        if gathered and len(gathered) + len(joint) + len(piece) > room:
            yield gathered
            gathered = ""
        gathered = f"{gathered}{joint}{piece}" if gathered else piece
    if gathered:
        yield gathered


def _pieces(text: str, room: int) -> Iterator[tuple[str, str]]:
    """The smallest parts that a passage may be made of, each with what joins it to the one before."""
    for block, is_code in _blocks(text):
        if is_code and len(block) <= LONGEST_CODE:
            yield block, "\n\n"
            continue
        for paragraph in _PARAGRAPH.split(block):
            joint = "\n\n"
            for part in _parts(paragraph.strip(), room):
                yield part, joint
                joint = " "


def _blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Prose and blocks of code in turn."""
    begin = 0
    for fence in _FENCE.finditer(text):
        yield text[begin : fence.start()], False
        yield fence.group(), True
        begin = fence.end()
    yield text[begin:], False


def _parts(paragraph: str, room: int) -> Iterator[str]:
    if len(paragraph) <= room:
        yield from _whole(paragraph)
        return
    for sentence in _SENTENCE.split(paragraph):
        yield from _cut(sentence.strip(), room)


def _cut(sentence: str, room: int) -> Iterator[str]:
    """A sentence that is longer than any passage, cut between words, or anywhere where there are none."""
    while len(sentence) > room:
        end = sentence.rfind(" ", room // 2, room + 1)
        end = room if end < 0 else end
        yield sentence[:end].rstrip()
        sentence = sentence[end:].lstrip()
    yield from _whole(sentence)
