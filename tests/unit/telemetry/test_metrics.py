"""Metrics as a scraper reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from artel.telemetry.metrics import Metrics


def scrape(metrics: Metrics) -> dict[str, float]:
    """Samples without labels, by name."""
    text = metrics.render().decode()
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_isolation_counters_show_under_both_names() -> None:
    metrics = Metrics()

    metrics.user_isolation_denied.inc()
    metrics.user_isolation_denied.inc()

    samples = scrape(metrics)
    assert samples["user_isolation_denied"] == samples["user_isolation_denied_total"] == 2
    assert samples["user_isolation_violations"] == samples["user_isolation_violations_total"] == 0
    assert metrics.user_isolation_denied.value == 2


def test_two_applications_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()

    first.leases_lost.inc()

    assert scrape(first)["artel_leases_lost_total"] == 1
    assert scrape(second)["artel_leases_lost_total"] == 0


def test_labels_reach_the_scraper() -> None:
    metrics = Metrics()

    metrics.http_requests.labels("GET", "/my/chat/{session_id}/", "200").inc()
    metrics.http_seconds.labels("GET", "/my/chat/{session_id}/").observe(0.003)
    metrics.model_calls.labels(provider="openai", outcome="ok").inc()

    text = metrics.render().decode()
    assert 'artel_http_requests_total{method="GET",route="/my/chat/{session_id}/",status="200"} 1.0' in text
    assert 'artel_http_request_seconds_bucket{le="0.005",method="GET",route="/my/chat/{session_id}/"} 1.0' in text
    assert 'artel_model_calls_total{outcome="ok",provider="openai"} 1.0' in text


def test_the_process_itself_is_measured() -> None:
    assert scrape(Metrics())["process_resident_memory_bytes"] > 1_000_000
