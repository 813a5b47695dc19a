"""What everybody is told while Redis does not answer."""

from __future__ import annotations

from artel.kit.errors import Unavailable


class EventsAway(Unavailable):
    """The event stream is not reachable. Try again in a moment; nothing was lost."""
