"""Prometheus metrics of one process. The object is passed in, so that two applications in one process count apart."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_HTTP_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_RECALL_SECONDS = (0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.1)
_MODEL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


class PlainCounter(Collector):
    """A counter that shows under its own name as well as with Prometheus' `_total`, because both are looked for."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._lock = Lock()
        self._value = 0
        registry.register(self)

    def inc(self) -> None:
        """One more; may be called from any thread."""
        with self._lock:
            self._value += 1

    @property
    def value(self) -> int:
        """So many since the process began."""
        return self._value

    def collect(self) -> Iterable[Metric]:
        """For the registry."""
        yield CounterMetricFamily(self._name, self._documentation, value=self._value)
        plain = Metric(self._name, self._documentation, "unknown")
        plain.add_sample(self._name, {}, self._value)
        yield plain


class Metrics:
    """Everything that is measured. Labels never hold a user's id or what a user typed: their number must stay small."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

        self.user_isolation_violations = PlainCounter(
            "user_isolation_violations", "Foreign data that a store let through and a second check stopped.", registry
        )
        self.user_isolation_denied = PlainCounter(
            "user_isolation_denied", "Recognisable attempts to reach another user's data.", registry
        )
        self.login_failures = Counter("artel_login_failures", "Refused sign-ins.", registry=registry)

        self.quota_counted_locally = Counter(
            "quota_counted_locally", "Requests and streams that were counted without Redis.", registry=registry
        )
        self.http_requests = Counter(
            "artel_http_requests",
            "Answered requests by route template.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.http_seconds = Histogram(
            "artel_http_request_seconds",
            "From the request's arrival to the end of its answer; event streams are not counted.",
            ["method", "route"],
            buckets=_HTTP_SECONDS,
            registry=registry,
        )
        self.sse_connections = Gauge("artel_sse_connections", "Open event streams.", registry=registry)
        self.events_published = Counter("artel_events_published", "Events by type.", ["type"], registry=registry)

        self.direct_call_first_token_seconds = Histogram(
            "artel_direct_call_first_token_seconds",
            "From the moment a call takes its agent's seat to the first text of its answer.",
            buckets=_MODEL_SECONDS,
            registry=registry,
        )
        self.direct_call_seconds = Histogram(
            "artel_direct_call_seconds",
            "From the moment a call takes its agent's seat to its stored answer.",
            buckets=_MODEL_SECONDS,
            registry=registry,
        )
        self.model_calls = Counter(
            "artel_model_calls",
            "Calls of models; outcome is ok or an error's code.",
            ["provider", "outcome"],
            registry=registry,
        )
        self.model_call_seconds = Histogram(
            "artel_model_call_seconds",
            "The whole of a model's answer.",
            ["provider"],
            buckets=_MODEL_SECONDS,
            registry=registry,
        )

        self.tasks_running = Gauge("artel_tasks_running", "Tasks that this process runs now.", registry=registry)
        self.tasks_finished = Counter("artel_tasks_finished", "Finished tasks.", ["status"], registry=registry)
        self.leases_lost = Counter(
            "artel_leases_lost", "Tasks taken from this process because it did not renew in time.", registry=registry
        )
        self.queue_depth = Gauge(
            "artel_queue_depth", "Ready tasks that wait for a seat, as last swept.", registry=registry
        )
        self.oldest_ready_task_seconds = Gauge(
            "artel_oldest_ready_task_seconds", "How long the oldest ready task waits, as last swept.", registry=registry
        )

        self.memory_indexed = Counter(
            "artel_memory_indexed", "Passages brought into the index of somebody's memory.", registry=registry
        )
        self.memory_waiting = Gauge(
            "artel_memory_waiting", "Passages that wait to be indexed, as last looked up.", registry=registry
        )
        self.memory_troubles = Gauge(
            "artel_memory_troubles", "What is wrong with memory at the moment, by kind.", ["kind"], registry=registry
        )
        self.memory_recalls = Counter(
            "artel_memory_recalls",
            "Questions put to memory before an answer; outcome is found, nothing, late or unavailable.",
            ["outcome"],
            registry=registry,
        )
        self.memory_recall_seconds = Histogram(
            "artel_memory_recall_seconds",
            "How long an answer waited for its memories.",
            buckets=_RECALL_SECONDS,
            registry=registry,
        )

    def render(self) -> bytes:
        """The text for `GET /metrics`, of type `CONTENT_TYPE`."""
        return generate_latest(self.registry)
