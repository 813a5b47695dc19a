"""`artel serve` for a busy machine: with prices for the scripted models, which nobody sells, and memories never late.

python -m tests.e2e.priced serve
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from artel import cli
from artel.app import house
from artel.llm import pool
from artel.memory.finder import Finder
from artel.memory.patience import Patience
from artel.memory.recall import Recall, RecallOutcome
from tests.support.prices import TokenPrices

COMMAND = [sys.executable, "-m", "tests.e2e.priced", "serve"]
"""To be run in the repository's own directory."""

_PATIENCE_SECONDS = 10.0


class PatientRecall(Recall):
    """An answer waits for its memories: how quick they are is measured elsewhere."""

    def __init__(self, finder: Finder | None, *, on_outcome: Callable[[RecallOutcome, float], None]) -> None:
        super().__init__(finder, Patience(_PATIENCE_SECONDS, _PATIENCE_SECONDS), on_outcome)


if __name__ == "__main__":
    pool.PriceBook = TokenPrices
    house.Recall = PatientRecall
    cli.main()
