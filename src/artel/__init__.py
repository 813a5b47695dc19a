"""Artel: a self-hosted personal multi-agent AI platform."""

import atexit
import gc
import sys

__version__ = "0.1.0"

# Where OpenTelemetry's SDK is installed, redis-py imports its metrics to see whether it is, which no program of ours
# asks for: a tenth of a second at each start. Traces (`artel.telemetry.otel`) do without that part.
sys.modules.setdefault("opentelemetry.sdk.metrics", None)  # pyright: ignore[reportArgumentType]

# A start loads two thousand modules, all of which stay: by Python's own thresholds the collector looks through them
# again and again, for a fifth of the start. Young garbage mostly dies by itself later, too.
gc.set_threshold(50_000, 20, 50)
# At the end it would look through everything once more, only to give back what the process's end gives back anyway.
atexit.register(gc.freeze)
