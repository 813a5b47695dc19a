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

from artel.telemetry.recent import RecentQuantile

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_HTTP_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_RECALL_SECONDS = (0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.1, 0.2, 0.4, 0.8, 1.5)
_SEARCH_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_HUMAN_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3_600, 4 * 3_600, 86_400, 3 * 86_400, 7 * 86_400)
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
        self.user_agent_count_avg = Gauge(
            "user_agent_count_avg",
            "Active agents per user, of the whole installation: the same in every process.",
            registry=registry,
        )
        self.users = Gauge("artel_users", "Users by shard, the same in every process.", ["shard"], registry=registry)
        self.agents_active = Gauge(
            "artel_agents_active", "Active agents by shard, the same in every process.", ["shard"], registry=registry
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
        self.events_lost = Counter(
            "artel_events_lost",
            "Events that found no room while Redis was away; their users resync.",
            registry=registry,
        )
        self.events_waiting = Gauge("artel_events_waiting", "Events that are not yet in Redis.", registry=registry)
        self.event_resyncs = Counter(
            "artel_event_resyncs", "Streams that were told to read anew, by the reason.", ["reason"], registry=registry
        )
        self.sse_dropped = Counter(
            "artel_sse_dropped", "Streams closed since their reader was too slow; they come back.", registry=registry
        )

        self.messages_sent = Counter(
            "artel_messages_sent", "Users' messages by mode, direct or auto.", ["mode"], registry=registry
        )
        self._sent: dict[str, int] = {"direct": 0, "auto": 0}
        self._messages = {mode: self.messages_sent.labels(mode) for mode in self._sent}
        self.orchestrator_bypass_rate = Gauge(
            "orchestrator_bypass_rate",
            "Share of messages that this process took which went to an agent directly; 0 before the first.",
            registry=registry,
        )
        self.approval_response_time = Histogram(
            "approval_response_time",
            "Seconds from a question to its user's answer, by what was asked; what expired is no answer.",
            ["type"],
            buckets=_HUMAN_SECONDS,
            registry=registry,
        )
        for kind in ("plan", "tool"):
            self.approval_response_time.labels(kind)

        self.direct_call_latency_p95 = RecentQuantile(
            "direct_call_latency_p95",
            "Seconds to the first text of direct calls: 95 of 100 of this process's last ten minutes were no slower.",
            0.95,
            registry,
        )
        self.direct_call_first_token_seconds = Histogram(
            "artel_direct_call_first_token_seconds",
            "From the moment a direct call takes its agent's seat to the first text of its answer.",
            buckets=_MODEL_SECONDS,
            registry=registry,
        )
        self.direct_call_seconds = Histogram(
            "artel_direct_call_seconds",
            "From the moment a direct call takes its agent's seat to its stored answer.",
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

        self.model_tokens = Counter(
            "artel_model_tokens",
            "Tokens as providers counted them; direction is in or out.",
            ["provider", "direction"],
            registry=registry,
        )
        self.spend_usd = Counter(
            "artel_spend_usd",
            "US dollars that all users' model calls cost since this process began: the same in every process.",
            ["provider"],
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

        self.processes = Gauge(
            "artel_processes",
            "Processes with a living lease, as last looked up: the same in every process.",
            registry=registry,
        )
        self.store_up = Gauge(
            "artel_store_up", "1 while a store answers this process, by its name.", ["store"], registry=registry
        )
        self.figures_age_seconds = Gauge(
            "artel_figures_age_seconds", "How old the figures are that were looked up.", registry=registry
        )
        self.build = Gauge("artel_build_info", "1, with this process's version.", ["version"], registry=registry)

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

        self.search_latency = Histogram(
            "qdrant_search_latency",
            "Seconds of one search in the vector store, whichever it is; backend is edge or qdrant.",
            ["backend"],
            buckets=_SEARCH_SECONDS,
            registry=registry,
        )

    def sent(self, mode: str) -> None:
        """A user's message was stored; mode is direct or auto."""
        self._sent[mode] += 1
        self._messages[mode].inc()
        self.orchestrator_bypass_rate.set(self._sent["direct"] / sum(self._sent.values()))

    def first_text(self, seconds: float) -> None:
        """A direct call got its first words so many seconds after it took its seat."""
        self.direct_call_first_token_seconds.observe(seconds)
        self.direct_call_latency_p95.observe(seconds)

    def render(self) -> bytes:
        """The text for `GET /metrics`, of type `CONTENT_TYPE`."""
        return generate_latest(self.registry)
