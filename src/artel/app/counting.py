"""What happens in the rooms, as the metrics count it."""

from __future__ import annotations

from prometheus_client import Counter

from artel.events.types import Event, Resync
from artel.llm.calling import CallReport
from artel.memory.recall import RecallOutcome
from artel.telemetry.metrics import Metrics


class EventCounts:
    """Counts events by type. Each piece of an answer comes through here, so a type's counter is looked up once."""

    def __init__(self, metrics: Metrics) -> None:
        self._published = metrics.events_published
        self._resyncs = metrics.event_resyncs
        self._by_type: dict[str, Counter] = {}

    def emitted(self, event: Event) -> None:
        """An event is on its way to everyone."""
        counter = self._by_type.get(event.type)
        if counter is None:
            counter = self._by_type[event.type] = self._published.labels(event.type)
        counter.inc()
        if isinstance(event, Resync):
            self.resynced(event)

    def resynced(self, news: Resync) -> None:
        """Streams are told to read anew: a user's all, or the one that just came."""
        self._resyncs.labels(news.reason).inc()


def count_call(metrics: Metrics, call: CallReport) -> None:
    """A model's call is over."""
    metrics.model_calls.labels(call.provider, call.outcome).inc()
    metrics.model_call_seconds.labels(call.provider).observe(call.total_seconds)
    metrics.model_tokens.labels(call.provider, "in").inc(call.usage.input_tokens)
    metrics.model_tokens.labels(call.provider, "out").inc(call.usage.output_tokens)


def count_recall(metrics: Metrics, outcome: RecallOutcome, seconds: float) -> None:
    """An answer had asked memory."""
    metrics.memory_recalls.labels(outcome).inc()
    metrics.memory_recall_seconds.observe(seconds)
