"""Panels as a page that needs nothing but a browser: lines over time, and a stroke where a blow fell."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Final

from bench.panels import Line, Panel

_WIDTH: Final = 560
_HEIGHT: Final = 170
_COLOURS: Final = ("#1f7a6d", "#c2571a", "#3858a8", "#8a3d8f", "#7a7a1f", "#a8324a", "#2f8fb3", "#6b6b6b")
_GAP_SECONDS: Final = 3.0
"""Grafana joins what lies nearer to each other; what was away so long is a hole."""
_MOST_LINES: Final = 12

Blow = tuple[float, str]
"""Seconds since 1970; what was done to whom."""

Dot = tuple[int, int]
"""Pixels to the right and down."""


def page(panels: Sequence[Panel], blows: Sequence[Blow], title: str) -> str:
    """HTML. Every panel has the same time from left to right."""
    times = [at for panel in panels for _, points in panel.lines for at, _ in points]
    first, last = min(times, default=0.0), max(times, default=1.0)
    last = max(last, first + 1)
    figures = "\n".join(_figure(panel, first, last) for panel in panels)
    struck = "".join(f"<li>{time.strftime('%H:%M:%S', time.gmtime(at))} {escape(what)}</li>" for at, what in blows)
    strokes = "".join(
        f'<path d="M{_place(at, first, last, _WIDTH)} 0v{_HEIGHT}"><title>{escape(what)}</title></path>'
        for at, what in blows
    )
    return _PAGE.format(title=escape(title), figures=figures, blows=struck, strokes=strokes)


def _figure(panel: Panel, first: float, last: float) -> str:
    values = panel.values
    low, high = min(0.0, min(values, default=0.0)), max(values, default=1.0)
    high = high if high > low else low + 1
    lines, legend = "", ""
    for number, line in enumerate(panel.lines[:_MOST_LINES]):
        colour = _COLOURS[number % len(_COLOURS)]
        dots = [
            (_place(at, first, last, _WIDTH), _HEIGHT - _place(value, low, high, _HEIGHT - 10)) for at, value in line[1]
        ]
        lines += f'<path d="{path(dots, _joined(line))}" stroke="{colour}"/>'
        legend += f'<span style="color:{colour}">{escape(line[0]) or "value"}</span> '
    more = len(panel.lines) - _MOST_LINES
    legend += f"and {more} more" if more > 0 else ""
    shown = f"{low:g} to {high:.4g}" if values else "no data"
    return (
        f"<figure><figcaption>{escape(panel.title)} <small>{shown}</small></figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}"><use href="#blows"/>{lines}</svg><p>{legend}</p></figure>'
    )


def _place(value: float, low: float, high: float, size: int) -> int:
    """The whole pixel of `size` for a value between two others: finer is nothing that a screen shows."""
    return round((value - low) / (high - low) * size)


def path(dots: Sequence[Dot], joined: Sequence[bool]) -> str:
    """An SVG path through dots, of which each is `joined` to the one before it, or begins anew.

    Steps are told from the dot before, and dots in the middle of a rest are left out: a series of seconds rests most
    of the time.
    """
    drawn = ""
    at = (0, 0)
    rests = 0
    for dot, is_joined in zip(dots, joined, strict=True):
        right, down = dot[0] - at[0], dot[1] - at[1]
        at = dot
        if is_joined and down == 0:
            rests += right
            continue
        drawn += f"h{rests}" if rests else ""
        rests = 0
        drawn += f"l{right}{down:+}" if is_joined else f"M{dot[0]} {dot[1]}"
    return drawn + (f"h{rests}" if rests else "")


def _joined(line: Line) -> list[bool]:
    """Whether a point is drawn together with the one before it."""
    times = [at for at, _ in line[1]]
    return [False, *(later - before <= _GAP_SECONDS for before, later in pairwise(times))]


_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 24px; color: #222; background: #fafaf8 }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); gap: 16px }}
figure {{ margin: 0; padding: 12px; background: #fff; border: 1px solid #ddd; border-radius: 8px }}
figcaption {{ font-weight: 600; margin-bottom: 6px }} small {{ font-weight: 400; color: #777 }}
svg {{ width: 100%; background: #fcfcfb }} path {{ fill: none; stroke-width: 1.5 }}
#blows {{ stroke: #d33; opacity: .25 }} #blows path {{ stroke-width: 1 }} svg[width="0"] {{ position: absolute }}
figure p {{ margin: 4px 0 0; font-size: 12px }} ol {{ columns: 4; font-size: 12px }}
</style><svg width="0" height="0"><defs><g id="blows">{strokes}</g></defs></svg>
<h1>{title}</h1><main>{figures}</main><h2>What was done</h2><ol>{blows}</ol></html>
"""
