"""`artel serve` with prices for the scripted models, which nobody sells: python -m tests.e2e.priced serve."""

from __future__ import annotations

import sys

from artel import cli
from artel.llm import pool
from tests.support.prices import TokenPrices

COMMAND = [sys.executable, "-m", "tests.e2e.priced", "serve"]
"""To be run in the repository's own directory."""

if __name__ == "__main__":
    pool.PriceBook = TokenPrices
    cli.main()
