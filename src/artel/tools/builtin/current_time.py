"""What time it is: models do not know."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from artel.kit.clock import Clock, utc_now
from artel.tools.tool import Tool


class TimeTeller:
    """Answers with the time of a clock."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock

    async def tell(self, timezone: str = "UTC") -> dict[str, str]:
        """Answers the present date, time and weekday.

        Args:
            timezone: an IANA name such as Europe/Moscow; UTC when it is left out.
        """
        try:
            zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return {"error": f"There is no time zone {timezone[:80]!r}. Use an IANA name, such as Europe/Moscow."}
        now = self._clock().astimezone(zone)
        return {"time": now.isoformat(timespec="seconds"), "weekday": f"{now:%A}", "timezone": zone.key}


CURRENT_TIME = Tool(
    tool_id="current_time",
    label="Current time",
    description="Answers the present date, time and weekday, in any time zone.",
    policy="allow",
    kind="builtin",
    run=TimeTeller().tell,
)
