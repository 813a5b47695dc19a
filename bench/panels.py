"""What Grafana's dashboards would have shown: each panel's questions asked as Grafana asks them, and looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from artel.app.databases import open_stores, running_endpoints
from artel.settings import load_settings
from artel.store.roles import GRAFANA, plain_dsn
from bench.scraping import Prometheus
from tests.support.dashboards import as_grafana_asks, targets

Line = tuple[str, list[tuple[float, float]]]
"""What the legend says; seconds since 1970 and values."""

PASSWORD: Final = "chaos for grafana"
_ALERTS: Final = "Alerts that fired"
_SHOW_IT: Final = (
    "Stores",
    "Processes that answer",
    "Begun in the last minute",
    "Direct calls: whole answer",
    "Requests",
    "Open streams",
    "Events",
    "Queue",
    "Tasks",
    "Database away",
    "Resident memory",
)
"""Without these nobody sees what happened."""


@dataclass
class Panel:
    """One panel of the operator's dashboard over the whole time."""

    title: str
    lines: list[Line] = field(default_factory=list[Line])

    @property
    def values(self) -> list[float]:
        """Everything that was drawn."""
        return [value for _, points in self.lines for _, value in points]

    def figures(self) -> dict[str, Any]:
        """Whether there was anything, and between what it lay."""
        values = self.values
        if not values:
            return {"lines": 0}
        return {"lines": len(self.lines), "min": round(min(values), 3), "max": round(max(values), 3)}


async def operators(prometheus: Prometheus) -> list[Panel]:
    """All of the operator's, and one of the alerts."""
    panels: dict[str, Panel] = {}
    for title, target in targets("operator"):
        panel = panels.setdefault(title, Panel(title))
        for labels, points in await prometheus.range(target["expr"]):
            if points:
                panel.lines.append((_legend(target.get("legendFormat", ""), labels), points))
    fired = await prometheus.range('ALERTS{alertstate="firing"}')
    lines = [(_legend("{{alertname}} {{instance}}{{store}}{{shard}}", labels), points) for labels, points in fired]
    return [*panels.values(), Panel(_ALERTS, lines)]


def fired(panels: Iterable[Panel]) -> list[str]:
    """The alerts."""
    return sorted({name for panel in panels if panel.title == _ALERTS for name, _ in panel.lines})


def unseen(panels: Iterable[Panel], blows: Mapping[str, int]) -> list[str]:
    """What happened, and cannot be seen. blows: how often, by `kind SIGNAL`."""
    by_title = {panel.title: panel for panel in panels}
    found = [f"the panel {title!r} is empty" for title in _SHOW_IT if not by_title[title].values]
    died = sum(times for blow, times in blows.items() if re.match(r"(api|worker) SIG(KILL|TERM)", blow))
    gone = by_title["Processes that answer"].lines
    if died and gone and all(min(_values(line)) == max(_values(line)) for line in gone):
        found.append(f"{died} processes went away, and 'Processes that answer' shows none of it")
    if died and not max(by_title["Begun in the last minute"].values, default=0):
        found.append(f"{died} processes went away, and 'Begun in the last minute' shows nobody who came")
    if blows.get("postgres SIGKILL") and not max(by_title["Database away"].values, default=0):
        found.append("a database was killed, and 'Database away' shows nothing")
    return found


async def users(data: Path) -> dict[str, dict[str, int]]:
    """Rows that each panel of the user dashboard answers, of the first user with runs of each shard, as Grafana's own
    role sees them."""
    settings = load_settings({"ARTEL_DATA_DIR": str(data)})
    stores = await open_stores(settings, running_endpoints(settings), upgrade=False)
    answered: dict[str, dict[str, int]] = {}
    for shard in stores.shards:
        connection = await asyncpg.connect(plain_dsn(shard.set(username=GRAFANA, password=PASSWORD)))
        try:
            user = await connection.fetchval(_SOMEBODY)
            answered[f"user {user}"] = {
                title: len(await connection.fetch(as_grafana_asks(target["rawSql"], user)))
                for title, target in targets("user")
            }
        finally:
            await connection.close()
    return answered


def _values(line: Line) -> list[float]:
    return [value for _, value in line[1]]


def _legend(form: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), form).strip()


_SOMEBODY: Final = "select min(user_id) from figures_of_users(now() - interval '30 days', now()) where runs > 0"
