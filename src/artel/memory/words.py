"""Words, numbers and names in Russian and English text, brought to the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Protocol

import snowballstemmer  # pyright: ignore[reportMissingTypeStubs]

_TOKEN: Final = re.compile(r"[^\W_]+(?:[-.,'’_@/:+#&][^\W_]+)*")
_PART: Final = re.compile(r"[^\W\d_]+|\d+")
_THOUSANDS: Final = re.compile(r"(?<![+\d.,-])\d{1,3}(?: \d{3})+(?![\d-])")
"""47 300 is one number; parts of telephone numbers are not."""
_CAMEL: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[а-яё\d])(?=[А-ЯЁ])")
_CYRILLIC: Final = re.compile("[а-я]")
_ALIKE: Final = str.maketrans("авекмнорстухі", "abekmhopctyxi")
"""Cyrillic letters that look like Latin ones: nobody knows which of them a licence plate was typed with."""
_LONGEST: Final = 64
_REMEMBERED: Final = 50_000

_RUSSIAN: Final = """
а без более бы был была были было быть в вам вас ваш весь во вот все всего всех вы где да даже для до
его ее ей ему если есть еще же за здесь и из или им их к как какая какие каким каких какой какого какое какую ко когда
кого кому кто куда ли либо лишь мне меня много мой моя мое мои моей моем моего моему мою моих моим мы на над нам нами
нас наш наша наше наши него нее ней нет ни них но ну о об один он она они оно от очень по под после при про раз с сам
свой своя себя со сколько так такой там то тоже той только том тот ты тебе тебя твой тут у уж уже хотя чего чей чем что
чтобы чья эта эти это этого этой этом этот эту я
"""
_ENGLISH: Final = """
a about after all also am an and any are as at be been before being but by can could did do does doing
for from had has have having he her here hers him his how i if in into is it its just me more most my no nor not of off
on once only or our ours out over own same she should so some such than that the their theirs them then there these they
this those through to too under until up very was we were what when where which while who whom whose why will with would
you your yours
"""
_COURTESIES: Final = """
привет здравствуй здравствуйте спасибо пожалуйста пока ок окей ага угу хорошо ладно понятно продолжай
hello hi hey thanks thank please ok okay yes bye continue
"""
STOP_WORDS: Final = frozenset(f"{_RUSSIAN} {_ENGLISH} {_COURTESIES}".split())
"""What says nothing of a text's subject; in their compared form but for the stem."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


class WordReader:
    """Reads words. For one thread: its stemmers have state.

    Words get their stem by their script; ё is е. What holds a digit, a dot or a dash inside is kept whole, with
    look-alike letters made one, and its parts are given too: LH-1187 is found by LH-1187, and less surely by 1187.
    """

    def __init__(self) -> None:
        self._russian: _Stemmer = snowballstemmer.stemmer("russian")  # pyright: ignore[reportUnknownMemberType]
        self._english: _Stemmer = snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownMemberType]
        self._stems: dict[str, str] = {}

    def words(self, text: str) -> list[str]:
        """All of a text, in order, repetitions included; without stop words."""
        plain = unicodedata.normalize("NFKC", text)
        plain = _THOUSANDS.sub(lambda found: found.group().replace(" ", ""), plain)
        return [word for found in _TOKEN.finditer(plain) for word in self._forms(found.group())]

    def identifiers(self, text: str) -> set[str]:
        """What names one thing and no other: words with a digit in them, of three characters or more."""
        return {word for word in self.words(text) if len(word) >= 3 and any(map(str.isdigit, word))}

    def _forms(self, token: str) -> Iterator[str]:
        whole = _folded(token)
        camel = _CAMEL.split(token)
        parts = _PART.findall(whole) if len(camel) == 1 else [_folded(part) for part in camel]
        if len(parts) == 1:
            if whole not in STOP_WORDS:
                yield self._stem(whole[:_LONGEST])
            return
        yield whole[:_LONGEST]
        for part in parts:
            if len(part) > 1 and part not in STOP_WORDS:
                yield self._stem(part[:_LONGEST])

    def _stem(self, word: str) -> str:
        stem = self._stems.get(word)
        if stem is None:
            if len(self._stems) >= _REMEMBERED:
                self._stems.clear()
            stem = self._stems[word] = self._stemmed(word)
        return stem

    def _stemmed(self, word: str) -> str:
        if _CYRILLIC.search(word):
            return self._russian.stemWord(word)
        return self._english.stemWord(word) if word.isascii() and word.isalpha() else word


def _folded(token: str) -> str:
    plain = token.lower().replace("ё", "е")
    return plain.translate(_ALIKE) if any(map(str.isdigit, plain)) else plain
