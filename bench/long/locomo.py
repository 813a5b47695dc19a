"""Reads LoCoMo (Maharana et al., "Evaluating Very Long-Term Conversational Memory of LLM Agents", ACL 2024): ten
conversations of two people over months, with questions and the turns that answer them.

Its data are CC BY-NC 4.0 and no part of Artel: `locomo10.json` is brought along by whoever measures, and only figures
are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from bench.long.told import Asked, Life, Sitting, Turn

CATEGORIES: Final[Mapping[int, str]] = {
    1: "multi-hop",
    2: "temporal",
    3: "open-domain",
    4: "single-hop",
    5: "adversarial",
}
"""As the numbers of questions in the paper's table 5 tell."""

PAPER: Final[Mapping[str, Mapping[str, float]]] = {
    "single-hop": {"recall_at_5": 0.680, "recall_at_10": 0.777},
    "multi-hop": {"recall_at_5": 0.354, "recall_at_10": 0.466},
    "temporal": {"recall_at_5": 0.704, "recall_at_10": 0.773},
    "open-domain": {"recall_at_5": 0.331, "recall_at_10": 0.408},
    "adversarial": {"recall_at_5": 0.439, "recall_at_10": 0.547},
    "all": {"recall_at_5": 0.567, "recall_at_10": 0.662},
}
"""Table 3 of the paper: DRAGON over single turns."""

_SITTING: Final = re.compile(r"session_(\d+)")
_KEY: Final = re.compile(r"D(\d+):0*(\d+)")


def read(path: Path) -> list[Life]:
    """All conversations of the file."""
    return [_life(sample) for sample in orjson.loads(path.read_bytes())]


def _life(sample: Mapping[str, Any]) -> Life:
    talk = sample["conversation"]
    numbers = sorted(int(found[1]) for name in talk if (found := _SITTING.fullmatch(name)) and talk[name])
    sittings = [
        Sitting(_time(talk[f"session_{number}_date_time"]), _turns(talk[f"session_{number}"], talk["speaker_a"]))
        for number in numbers
    ]
    there = {turn.key for sitting in sittings for turn in sitting.turns}
    return Life(sample["sample_id"], sittings, list(_asked(sample["qa"], there)))


def _turns(said: Sequence[Mapping[str, Any]], user: str) -> list[Turn]:
    """One of the two is the user and the other the assistant, who answers. What a photo shows is told, as in the
    paper."""
    return [
        Turn(
            turn["dia_id"],
            "user" if turn["speaker"] == user else "assistant",
            f"{turn['speaker']}: {turn['text']}".strip()
            + (f"\n[photo: {turn['blip_caption']}]" if turn.get("blip_caption") else ""),
            is_answer=turn["speaker"] != user and number > 0,
        )
        for number, turn in enumerate(said)
    ]


def _asked(questions: Sequence[Mapping[str, Any]], there: set[str]) -> Iterator[Asked]:
    """Some name several turns in one string, or turns that are not there; what names none that is says nothing."""
    for item in questions:
        named = {f"D{sitting}:{turn}" for sitting, turn in _KEY.findall(" ".join(item["evidence"]))}
        if evidence := named & there:
            yield Asked(CATEGORIES[item["category"]], item["question"].strip(), frozenset(evidence))


def _time(text: str) -> datetime:
    """Such as "1:56 pm on 8 May, 2023"."""
    return datetime.strptime(text, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
