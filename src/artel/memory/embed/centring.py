"""Takes out of vectors what says of a text that it is Russian or English, a question or a statement.

multilingual-e5 puts all texts into one corner of its space (cosines of strangers are 0.8), and texts of one language
nearer to each other than to what they mean in the other: of 38 questions asked in one language about facts told in the
other, it found 8 at the first place. Subtracting the mean of many texts spreads the corner out, and removing the
direction from the one language's mean to the other's makes languages equal: it finds 30. Cosines become useful too:
strangers are near 0, so one threshold tells what is related. `bench/centres.py` made the means, of sentence pairs that
say the same in both languages; `bench/recall.py` shows what it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

Rows = npt.NDArray[np.float32]
"""One vector a row, each of length 1."""

_ROWS = ("passages_mean", "passages_direction", "questions_mean", "questions_direction")
_DIGITS = 6

CENTRES = Path(__file__).with_name("e5_centres.json")


@dataclass(frozen=True, slots=True)
class Centre:
    """What is taken out: a mean, and a direction of length 1."""

    mean: Rows
    direction: Rows

    @classmethod
    def between(cls, one: Rows, other: Rows) -> Centre:
        """Of texts and their translations, row by row."""
        first, second = one.mean(axis=0), other.mean(axis=0)
        difference = first - second
        return cls((first + second) / 2, difference / np.linalg.norm(difference))

    def apply(self, rows: Rows) -> Rows:
        """The rows without it, of length 1 again."""
        moved = rows - self.mean
        moved -= np.outer(moved @ self.direction, self.direction)
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        # A text that is the mean itself says nothing; any vector but none will do.
        return np.where(lengths > 1e-6, moved / np.maximum(lengths, 1e-6), rows).astype(np.float32)


def save_centres(passages: Centre, questions: Centre, path: Path = CENTRES) -> None:
    """Writes both."""
    rows = (passages.mean, passages.direction, questions.mean, questions.direction)
    numbers = {name: [round(float(number), _DIGITS) for number in row] for name, row in zip(_ROWS, rows, strict=True)}
    path.write_bytes(orjson.dumps(numbers, option=orjson.OPT_APPEND_NEWLINE))


def load_centres(path: Path = CENTRES) -> tuple[Centre, Centre]:
    """Of passages, and of questions."""
    numbers = orjson.loads(path.read_bytes())
    rows = [np.array(numbers[name], np.float32) for name in _ROWS]
    return Centre(rows[0], rows[1]), Centre(rows[2], rows[3])
