"""What the environment lets a user use."""

from __future__ import annotations

from artel.settings import Settings
from artel.store.limits import Limits


def limits_of(settings: Settings) -> Limits:
    """Of users for whom nothing else is stored. The room for files stands with the files (`app.files`)."""
    return Limits(
        runs_hour=settings.limit_runs_hour,
        runs_day=settings.limit_runs_day,
        tokens_day=settings.limit_tokens_day,
        tokens_month=settings.limit_tokens_month,
        agents=settings.limit_agents,
        streams=settings.limit_streams,
        requests_minute=settings.limit_requests_minute,
    )
