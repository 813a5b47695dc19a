"""The confined process that asks public search engines by way of ddgs, whose client cannot be stopped midway.

Payload: JSON {"query", "most", "region"}. Answer: JSON {"hits": [{"title", "url", "snippet"}]} or {"error": "..."}.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ddgs.ddgs import DDGS
from ddgs.exceptions import DDGSException

_SECONDS: Final = 6
"""For each engine; several are asked."""


def prepare() -> Sequence[str]:
    """Nothing more: the network is open to it, and the files that names are resolved by."""
    return ()


def run(payload: bytes) -> bytes:
    """The answer to a query."""
    wanted = json.loads(payload)
    try:
        found = DDGS(timeout=_SECONDS).text(wanted["query"], region=wanted["region"], max_results=wanted["most"])
    except DDGSException as error:
        return json.dumps({"error": "none" if "No results" in str(error) else "away"}).encode()
    hits = [{"title": hit.get("title"), "url": hit.get("href"), "snippet": hit.get("body")} for hit in found]
    return json.dumps({"hits": hits}).encode()
