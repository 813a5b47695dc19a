"""What time it is: models do not know."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from artel.kit.clock import Clock, utc_now
from artel.tools.tool import Arguments, Caller, Outcome, Tool, ToolFailure, builtin


class TimeArguments(Arguments):
    """Where."""

    timezone: str = Field(default="UTC", description="An IANA name such as Europe/Moscow; UTC when it is left out.")


class TimeTeller:
    """Answers with the time of a clock."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock

    async def tell(self, caller: Caller, wanted: TimeArguments) -> Outcome:
        """The present time in the zone that is wanted.

        Raises:
            ToolFailure: there is no such zone.
        """
        del caller
        try:
            zone = ZoneInfo(wanted.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            name = wanted.timezone[:80]
            raise ToolFailure(f"There is no time zone {name!r}. Use an IANA name, such as Europe/Moscow.") from error
        now = self._clock().astimezone(zone)
        return Outcome({"time": now.isoformat(timespec="seconds"), "weekday": f"{now:%A}", "timezone": zone.key})


def current_time(clock: Clock = utc_now) -> Tool:
    """The tool over a clock."""
    return builtin(
        "current_time",
        "Current time",
        "Answers the present date, time and weekday, in any time zone.",
        TimeArguments,
        TimeTeller(clock).tell,
        policy="allow",
    )
