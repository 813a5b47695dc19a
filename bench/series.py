"""Series of figures over time: do they grow?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Point = tuple[float, float]
"""Seconds, value."""

FLAT_PERCENT_A_MINUTE = 1.0


def warmed_up(points: Sequence[Point]) -> Sequence[Point]:
    """Without the first third of the time."""
    if not points:
        return points
    first, last = points[0][0], points[-1][0]
    return [point for point in points if point[0] >= first + (last - first) / 3]


def percent_a_minute(points: Sequence[Point]) -> float:
    """The slope by least squares, in percent of the mean value a minute; 0 where nothing can be said."""
    if len(points) < 2:
        return 0.0
    time = sum(at for at, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((at - time) ** 2 for at, _ in points)
    if not spread or not mean:
        return 0.0
    slope = sum((at - time) * (value - mean) for at, value in points) / spread
    return slope * 60 / mean * 100


def growing(series: Mapping[str, Sequence[Point]]) -> dict[str, float]:
    """Those that are not flat after their warm-up, with their percents a minute."""
    slopes = {name: percent_a_minute(warmed_up(points)) for name, points in series.items()}
    return {name: round(slope, 2) for name, slope in slopes.items() if slope >= FLAT_PERCENT_A_MINUTE}
