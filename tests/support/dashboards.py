"""What Grafana's dashboards ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.promtool import ROOT

GRAFANA = ROOT / "deploy/grafana"


def dashboard(name: str) -> dict[str, Any]:
    """A dashboard as Grafana is given it; `operator` or `user`."""
    return json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text())


def targets(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every question of every panel, with the panel's title."""
    for panel in dashboard(name)["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target


def as_grafana_asks(query: str, user: int) -> str:
    """An SQL query with Grafana's macros and variables filled in; the range is the last 30 days."""
    filled = query.replace("$__timeFrom()", "(now() - interval '30 days')").replace("$__timeTo()", "now()")
    filled = re.sub(r"\$user\b", str(user), filled)
    assert "$" not in filled
    return filled
