"""Results: one JSON file for each benchmark, with the circumstances they were found under."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from bench.machine import ROOT, circumstances

RESULTS = ROOT / "bench" / "results"


def keep(benchmark: str, found: dict[str, Any], *, kept: bool = True) -> None:
    """Prints what was found, and writes it to `results/<benchmark>.json` if it is to be kept."""
    write(benchmark, found, into=RESULTS if kept else None)


def write(benchmark: str, found: dict[str, Any], *, into: Path | None) -> None:
    """Prints what was found, and writes it to `<benchmark>.json` of a folder, if there is one for it."""
    text = orjson.dumps({"circumstances": circumstances(), **found}, option=orjson.OPT_INDENT_2).decode()
    print(text)
    if into is not None:
        into.mkdir(exist_ok=True)
        (into / f"{benchmark}.json").write_text(text + "\n")
