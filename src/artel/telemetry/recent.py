"""Figures that a reader without Prometheus wants finished: a quantile of what happened lately, and a share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from math import ceil

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

WINDOW_SECONDS = 600.0
MOST = 1_000
"""Of the newest; sorting them takes a tenth of a millisecond, at each scrape."""


class RecentQuantile(Collector):
    """A quantile of this process's observations of the last ten minutes, the newest thousand at most; 0 without any.

    For one event loop: it is observed and read there.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        quantile: float,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._quantile = quantile
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque(maxlen=MOST)
        registry.register(self)

    def observe(self, value: float) -> None:
        """One more."""
        self._seen.append((self._clock(), value))

    @property
    def value(self) -> float:
        """The smallest observation that so great a share is not above."""
        since = self._clock() - WINDOW_SECONDS
        while self._seen and self._seen[0][0] < since:
            self._seen.popleft()
        values = sorted(value for _, value in self._seen)
        return values[ceil(self._quantile * len(values)) - 1] if values else 0.0

    def collect(self) -> Iterable[Metric]:
        """For the registry."""
        yield GaugeMetricFamily(self._name, self._documentation, value=self.value)
