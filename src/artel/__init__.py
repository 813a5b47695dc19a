"""Artel: a self-hosted personal multi-agent AI platform."""

import sys

__version__ = "0.1.0"

# Where OpenTelemetry's SDK is installed, redis-py imports its metrics to see whether it is, which no program of ours
# asks for: a tenth of a second at each start. Traces (`artel.telemetry.otel`) do without that part.
sys.modules.setdefault("opentelemetry.sdk.metrics", None)  # pyright: ignore[reportArgumentType]
