"""A made-up life in Russian, in the form of LongMemEval (Wu et al., ICLR 2025): what an assistant was told in fifty
chats, and questions of its five abilities. There is no such set in Russian.

It is synthetic and ours, so it says how memory changes and not how good it is beside others. `data/diary.tsv` has what
is asked and what was said of it, in other words; `{1:a|b}` is chosen for each life, `{1}` is what was chosen. The rest
of every chat is of `data/memories.tsv`: the same person's other facts, and what chats are full of.

- *extraction*: said once. *advice*: the assistant said it. *several*: needs all of what was said in several chats.
  *temporal*: asks for a time. *update*: what was said last holds, and is the only evidence.
- *abstention*: something near was said, the answer never.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.long.told import Asked, Life, Sitting, Turn

SITTINGS: Final = 50
LIVES: Final = 2
_DATA: Final = Path(__file__).parents[1] / "data"
_BEGIN: Final = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
_DAYS: Final = timedelta(days=6)
_CHOICE: Final = re.compile(r"\{(\d)(?::([^}]*))?\}")
_RUSSIAN: Final = re.compile("[а-яё]{3}", re.IGNORECASE)
_HEARD: Final = (
    "Понял, запомню.",
    "Спасибо, учту.",
    "Хорошо, буду иметь в виду.",
    "Записал. Если хотите, позже напомню или подберу что-нибудь по теме.",
    "Отличная новость! Расскажите, чем ещё могу быть полезен.",
    "Понимаю. Держите меня в курсе, при необходимости разберём подробнее.",
    "Сочувствую. Скажите, если понадобится составить план или список дел.",
)
"""Half of them are worth remembering by their length, and say nothing."""

Said = tuple[str, str, str]
"""Key, role, text."""


@dataclass(slots=True)
class Choices:
    """What was chosen in one line of the data."""

    random: random.Random
    chosen: dict[str, str]

    def fill(self, text: str) -> str:
        """Chooses what is to be chosen."""
        return _CHOICE.sub(lambda found: self._one(found[1], found[2]), text)

    def _one(self, number: str, choices: str | None) -> str:
        if choices is not None:
            self.chosen[number] = self.random.choice(choices.split("|"))
        return self.chosen[number]


def lives() -> list[Life]:
    """The same for ever."""
    return [_life(number) for number in range(LIVES)]


def _life(number: int) -> Life:
    chance = random.Random(number)
    chats: list[list[list[Said]]] = [[] for _ in range(SITTINGS)]
    asked: list[Asked] = []
    for line, row in enumerate(_rows("diary.tsv")):
        category, question, *texts = row
        said = _said(line, texts, Choices(chance, {}))
        at = sorted(chance.sample(range(SITTINGS), len(said)))
        for place, turns in zip(at, said, strict=True):
            key, role, _ = turns[-1]
            heard = [(f"{key}-heard", "assistant", chance.choice(_HEARD))] if role == "user" else []
            chats[place].append([*turns, *heard])
        asked.append(Asked(category, question, _evidence(category, [turns[-1][0] for turns in said])))
    for other, row in enumerate(_rows("memories.tsv")):
        if _RUSSIAN.search(row[3]):
            role = "assistant" if row[2] == "assistant" else "user"
            chats[other % SITTINGS].append([(f"other-{other}", role, row[3])])
    return Life(f"diary-{number}", [_sitting(place, chat, chance) for place, chat in enumerate(chats)], asked)


def _said(line: int, texts: Sequence[str], choices: Choices) -> list[list[Said]]:
    """What is said together: each text, or a question and the assistant's answer (@) to it."""
    found: list[list[Said]] = []
    for number, text in enumerate(map(choices.fill, texts)):
        key = f"{line}-{number}"
        if text.startswith("@"):
            found[-1].append((key, "assistant", text[1:]))
        else:
            found.append([(key, "user", text)])
    return found


def _evidence(category: str, keys: Sequence[str]) -> frozenset[str]:
    if category == "abstention":
        return frozenset()
    return frozenset(keys[-1:] if category == "update" else keys)


def _sitting(place: int, chat: list[list[Said]], chance: random.Random) -> Sitting:
    chance.shuffle(chat)
    turns = [
        Turn(key, "user" if role == "user" else "assistant", text, is_answer=number > 0)
        for said in chat
        for number, (key, role, text) in enumerate(said)
    ]
    return Sitting(_BEGIN + place * _DAYS, turns)


def _rows(name: str) -> Iterator[list[str]]:
    for line in (_DATA / name).read_text(encoding="utf-8").splitlines():
        yield line.split("\t")
