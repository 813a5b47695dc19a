"""Traces by OpenTelemetry's SDK. Imported only where traces are wanted: it takes a fifth of a second.

The provider is ours alone and not the process's global one: so no library begins to tell what it knows, such as the
texts that models are sent.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from typing import Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from artel.telemetry.traces import Attributes, Work

_CLOSE_SECONDS: Final = 2.0
_LOW_64: Final = 2**64 - 1
_UNNAMED: Final = "unknown_service"


def open_traces(version: str, exporter: SpanExporter | None = None) -> OtelTraces:
    """Traces that are sent to where the environment's `OTEL_...` variables say; exporter: to there instead."""
    resource = Resource.create({"service.version": version})
    if str(resource.attributes[SERVICE_NAME]).startswith(_UNNAMED):
        resource = resource.merge(Resource({SERVICE_NAME: "artel"}))
    ids = _ChosenIds()
    provider = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    return OtelTraces(provider, ids, version)


def ids_of(run_id: UUID) -> tuple[int, int]:
    """The ids of a run's trace and of its first span: the run's own, its last 64 bits turned by two.

    Samplers take those bits for a random number, and the first two of them are the same in every UUID.
    """
    high, low = run_id.int >> 64, run_id.int & _LOW_64
    turned = (low << 2 | low >> 62) & _LOW_64
    return high << 64 | turned, turned


class OtelTraces:
    """Implements `Traces`. For one event loop."""

    def __init__(self, provider: TracerProvider, ids: _ChosenIds, version: str) -> None:
        self._provider = provider
        self._ids = ids
        self._tracer = provider.get_tracer("artel", version)

    @contextmanager
    def work(self, run_id: UUID, name: str, attributes: Attributes, *, is_first: bool) -> Generator[Work]:
        """See `Traces`."""
        if is_first:
            with self._ids.of_run(run_id):
                span = self._tracer.start_span(name, Context(), SpanKind.INTERNAL, dict(attributes))
        else:
            span = self._tracer.start_span(name, self._under(run_id), SpanKind.INTERNAL, dict(attributes))
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield _Work(span)

    def past(
        self,
        name: str,
        seconds: float,
        attributes: Attributes,
        *,
        error: str | None = None,
        run_id: UUID | None = None,
        is_call: bool = False,
    ) -> None:
        """See `Traces`."""
        now = time.time_ns()
        kind = SpanKind.CLIENT if is_call else SpanKind.INTERNAL
        context = None
        if run_id is not None and trace.get_current_span().get_span_context().trace_id != ids_of(run_id)[0]:
            context = self._under(run_id)
        span = self._tracer.start_span(name, context, kind, dict(attributes), start_time=now - round(seconds * 1e9))
        if error is not None:
            _Work(span).fail(error)
        span.end(now)

    def close(self) -> None:
        """See `Traces`."""
        # A collector that is away would hold us up for half a minute.
        ending = Thread(target=self._provider.shutdown, name="traces-close", daemon=True)
        ending.start()
        ending.join(_CLOSE_SECONDS)

    def _under(self, run_id: UUID) -> Context:
        """Under the first span of a run, whichever process had it; kept or left out with it."""
        trace_id, span_id = ids_of(run_id)
        kept = self._provider.sampler.should_sample(Context(), trace_id, "").decision.is_sampled()
        flags = TraceFlags(TraceFlags.SAMPLED if kept else TraceFlags.DEFAULT)
        first = SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(NonRecordingSpan(first), Context())


class _Work:
    """A span, as those see it who do not know OpenTelemetry."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def set(self, attributes: Attributes) -> None:
        """See `Work`."""
        self._span.set_attributes(dict(attributes))

    def fail(self, error: str) -> None:
        """See `Work`."""
        self._span.set_attribute("error.type", error)
        self._span.set_status(Status(StatusCode.ERROR))


class _ChosenIds(RandomIdGenerator):
    """Random ids, but for the span that begins a run: its ids are the run's own, so that every process knows them."""

    def __init__(self) -> None:
        self._run: UUID | None = None

    @contextmanager
    def of_run(self, run_id: UUID) -> Generator[None]:
        """For the span that is begun meanwhile; nothing may be awaited."""
        self._run = run_id
        try:
            yield
        finally:
            self._run = None

    def generate_trace_id(self) -> int:
        """128 bits."""
        return super().generate_trace_id() if self._run is None else ids_of(self._run)[0]

    def generate_span_id(self) -> int:
        """64 bits."""
        return super().generate_span_id() if self._run is None else ids_of(self._run)[1]
