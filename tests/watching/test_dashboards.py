"""Dashboards without Grafana: every panel's question has an answer, from what our processes and our databases say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import yaml

from artel.app.counting import EventCounts
from artel.app.gauges import Gauges
from artel.telemetry.metrics import Metrics
from tests.support.dashboards import GRAFANA, as_grafana_asks, dashboard, targets
from tests.support.figures import CANARY, lived_in
from tests.support.promtool import Promtool
from tests.support.stores import Stores
from tests.watching.test_rules import PROMETHEUS, rules

OURS = re.compile(r"\b(?:artel[_:]|user_|qdrant_|direct_call_|orchestrator_|approval_|process_)[a-z0-9_:]+")
OF_PROMETHEUS = {"up", "ALERTS"}

EXPRESSIONS = [(title, target["expr"]) for title, target in targets("operator")]
QUERIES = [(title, target["rawSql"]) for title, target in targets("user")]


@pytest.fixture
async def exported(stores: Stores) -> list[tuple[str, dict[str, str]]]:
    """Names and labels of every sample that our processes show, some time after they began."""
    metrics = Metrics()
    EventCounts(metrics)
    await Gauges(stores.shards, stores.redis, metrics).look()
    for family in list(vars(metrics).values()):
        names = getattr(family, "_labelnames", ())
        if names and not next(iter(family.collect())).samples:
            # What no label had a value of yet; which labels there are is the metric's own word.
            family.labels(*("some" for _ in names))
    return [
        (sample.name, sample.labels)
        for family in metrics.registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]


def as_series(samples: list[tuple[str, dict[str, str]]]) -> list[dict[str, str]]:
    """The samples of two processes, all rising: counters must."""
    series: list[dict[str, str]] = [
        {"series": f'up{{job="artel-api",instance="{i}"}}', "values": "1x160"} for i in "ab"
    ]
    for name, labels in samples:
        for instance in "ab":
            pairs = {**labels, "instance": instance, "job": "artel-api"}
            text = ",".join(f"{key}={json.dumps(value)}" for key, value in pairs.items())
            series.append({"series": f"{name}{{{text}}}", "values": "0+1x160"})
    return series


async def test_every_panel_of_the_operator_has_an_answer(
    exported: list[tuple[str, dict[str, str]]], promtool: Promtool, tmp_path: Path
) -> None:
    asked = [
        {"expr": f"count({expr}) > bool 0", "eval_time": "30m", "exp_samples": [{"labels": "{}", "value": 1}]}
        for _, expr in EXPRESSIONS
    ]
    test = {
        "rule_files": [str(PROMETHEUS / "rules/*.yml")],
        "evaluation_interval": "15s",
        "tests": [{"interval": "15s", "input_series": as_series(exported), "promql_expr_test": asked}],
    }
    (tmp_path / "panels.yml").write_text(yaml.safe_dump(test))

    assert len(asked) > 40
    promtool("test", "rules", tmp_path / "panels.yml")


def test_a_panel_without_an_answer_is_noticed(promtool: Promtool, tmp_path: Path) -> None:
    asked = {
        "expr": "count(artel_nonesuch) > bool 0",
        "eval_time": "30m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }
    series = as_series([("artel_users", {"shard": "shard1"})])
    test = {"tests": [{"interval": "15s", "input_series": series, "promql_expr_test": [asked]}]}
    (tmp_path / "panels.yml").write_text(yaml.safe_dump(test))

    with pytest.raises(AssertionError, match="nonesuch"):
        promtool("test", "rules", tmp_path / "panels.yml")


async def test_rules_and_panels_ask_for_nothing_that_nobody_says(exported: list[tuple[str, dict[str, str]]]) -> None:
    every = [rule for file in ("artel-figures.yml", "artel-alerts.yml") for rule in rules(file)]
    known = {name for name, _ in exported} | {rule["record"] for rule in every if "record" in rule}
    labels = set[str]().union(*(labels for _, labels in exported))

    asked = {name for _, expr in EXPRESSIONS for name in OURS.findall(expr)}
    asked |= {name for rule in every for name in OURS.findall(rule["expr"])}

    assert {name for name in asked if name not in known | labels | OF_PROMETHEUS} == set()
    assert {"artel_queue_depth", "user_isolation_violations", "qdrant_search_latency_bucket"} <= asked


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
async def test_every_panel_of_a_user_has_an_answer(
    grafana: asyncpg.Connection, stores: Stores, title: str, query: str
) -> None:
    user = await lived_in(stores)

    rows = await grafana.fetch(as_grafana_asks(query, user))

    assert rows, title
    assert any(value for row in rows for value in row.values()), title
    assert CANARY not in str(rows)
    if dashboard_format(title) == "time_series":
        assert next(iter(rows[0].keys())) == "time"


async def test_the_variable_lists_the_users(grafana: asyncpg.Connection, stores: Stores) -> None:
    quiet, busy = await stores.new_user(), await lived_in(stores)
    [variable] = [each for each in dashboard("user")["templating"]["list"] if each["type"] == "query"]

    rows = await grafana.fetch(variable["query"])

    assert [tuple(row) for row in rows] == [(busy,), (quiet,)]


def dashboard_format(title: str) -> str:
    return next(target["format"] for panel, target in targets("user") if panel == title)


@pytest.mark.parametrize("name", ["operator", "user"])
def test_panels_are_laid_out_and_ask_a_source_that_can_be_chosen(name: str) -> None:
    board = dashboard(name)
    variables = {each["name"] for each in board["templating"]["list"]}
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies over another panel"
        assert place["x"] + place["w"] <= 24
        taken |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"].strip("${}") in variables

    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    if name == "operator":
        assert rows == [
            "Health",
            "Latency",
            "Streams and events",
            "The agent bus",
            "Spend and errors",
            "Stores",
            "Memory",
            "Processes",
        ]


def test_grafana_is_given_its_sources_and_no_secret() -> None:
    document = cast(dict[str, Any], yaml.safe_load((GRAFANA / "provisioning/datasources/artel.yml").read_text()))
    providers = cast(dict[str, Any], yaml.safe_load((GRAFANA / "provisioning/dashboards/artel.yml").read_text()))[
        "providers"
    ]

    sources = {source["type"]: source for source in document["datasources"]}
    wanted = {each["query"] for name in ("operator", "user") for each in sources_of(name)}
    assert set(sources) == wanted
    assert sources["grafana-postgresql-datasource"]["user"] == "artel_grafana"
    assert sources["grafana-postgresql-datasource"]["secureJsonData"]["password"] == "${ARTEL_GRAFANA_PASSWORD}"
    assert [provider["type"] for provider in providers] == ["file"]


def sources_of(name: str) -> list[dict[str, Any]]:
    return [each for each in dashboard(name)["templating"]["list"] if each["type"] == "datasource"]
