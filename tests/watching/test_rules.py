"""Rules and alerts: what Prometheus itself says of them, and that each leads a person to what is to be done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.support.promtool import ROOT, Promtool

PROMETHEUS = ROOT / "deploy/prometheus"
FIGURES = {
    "user_agent_count_avg",
    "direct_call_latency_p95",
    "qdrant_search_latency",
    "user_isolation_violations",
    "orchestrator_bypass_rate",
    "approval_response_time",
}
"""The specification's."""


def rules(file: str) -> list[dict[str, Any]]:
    document = cast(dict[str, Any], yaml.safe_load((PROMETHEUS / "rules" / file).read_text()))
    return [rule for group in document["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("artel-alerts.yml")}


def test_prometheus_takes_the_configuration(promtool: Promtool) -> None:
    told = promtool("check", "config", "--lint-fatal", PROMETHEUS / "prometheus.yml")

    assert "2 rule files found" in told


@pytest.mark.parametrize("file", sorted(path.name for path in (PROMETHEUS / "tests").glob("*.yml")))
def test_rules_say_what_their_tests_say(promtool: Promtool, file: str) -> None:
    assert "SUCCESS" in promtool("test", "rules", PROMETHEUS / "tests" / file)


def test_every_figure_of_the_specification_is_a_rule() -> None:
    recorded = {rule["record"] for rule in rules("artel-figures.yml") if "scope" in rule.get("labels", ())}

    assert recorded == FIGURES


def test_every_alert_is_tried_firing_and_silent() -> None:
    tests = cast(dict[str, Any], yaml.safe_load((PROMETHEUS / "tests/artel-alerts.yml").read_text()))["tests"]
    fired: set[str] = set()
    silent_at_first: set[str] = set()
    for test in tests:
        names: list[str] = []
        for step in test["promql_expr_test"]:
            found = [re.findall(r'alertname="(\w+)"', sample["labels"])[0] for sample in step["exp_samples"]]
            names += found
            if not found:
                silent_at_first.add(test["name"])
        fired |= set(names)

    assert fired == set(ALERTS)
    assert len(silent_at_first) >= len(ALERTS)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_leads_to_what_is_to_be_done(name: str) -> None:
    notes = ALERTS[name]["annotations"]
    page, anchor = notes["runbook"].split("#")
    headings = re.findall(r"^### (\w+)$", (ROOT / page).read_text(), re.MULTILINE)

    assert notes["summary"]
    assert notes["description"]
    assert (ALERTS[name]["labels"]["severity"]) in {"critical", "warning", "info"}
    assert anchor == name.lower()
    assert name in headings


def test_every_runbook_has_its_alert() -> None:
    page = (ROOT / "docs/watching.md").read_text()

    assert set(re.findall(r"^### (Artel\w+)$", page, re.MULTILINE)) == set(ALERTS)


def test_figures_of_the_installation_are_never_summed_up() -> None:
    everywhere = "queue_depth|oldest_ready_task_seconds|users|agents_active|processes|memory_waiting|spend_usd_total"
    summed = r"sum(?: by \([^)]*\))? ?\((?:rate\(|increase\()?"
    wrong = re.compile(rf"{summed}(?:artel_(?:{everywhere})\b|user_agent_count_avg)")
    texts = [rule["expr"] for file in ("artel-figures.yml", "artel-alerts.yml") for rule in rules(file)]
    texts += [path.read_text() for path in Path(ROOT / "deploy/grafana/dashboards").glob("*.json")]

    assert not [text for text in texts if wrong.search(text)]
    assert wrong.search("sum by (shard) (artel_users)")
    assert wrong.search("sum(rate(artel_spend_usd_total[1h]))")
