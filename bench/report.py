"""Results: one JSON file for each benchmark, with the circumstances they were found under."""

from __future__ import annotations

from typing import Any

import orjson

from bench.machine import ROOT, circumstances

RESULTS = ROOT / "bench" / "results"


def keep(benchmark: str, found: dict[str, Any], *, kept: bool = True) -> None:
    """Prints what was found, and writes it to `results/<benchmark>.json` if it is to be kept."""
    text = orjson.dumps({"circumstances": circumstances(), **found}, option=orjson.OPT_INDENT_2).decode()
    print(text)
    if kept:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{benchmark}.json").write_text(text + "\n")
