"""Who judges a run of chaos: what the page and the dashboards show."""

from __future__ import annotations

import pytest

from bench.charts import page, path
from bench.panels import Panel, unseen
from bench.reading import Row, answer_to, flaws, wrongs

SAID = ["a-1 river [[answer delay_ms=20]]", "a-2 lamp"]
FIRST, SECOND = (
    [Row(f"q{number}", "user", text), Row(f"a{number}", "assistant", answer_to(text))]
    for number, text in enumerate(SAID)
)
DIED = {"api SIGKILL": 1, "postgres SIGKILL": 1}


def test_a_page_that_shows_everything_once_and_in_order_is_right() -> None:
    assert wrongs(SAID, [*FIRST, *SECOND], in_order=True) == []
    assert answer_to(SAID[0]) == "You said: a-1 river"


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (FIRST, "'a-2 lamp' stands there 0 times"),
        ([*FIRST, *SECOND, SECOND[0]], "'a-2 lamp' stands there 2 times"),
        ([*FIRST, SECOND[0]], "'You said: a-2 lamp' stands there 0 times"),
        ([*FIRST, *SECOND, SECOND[1]], "'You said: a-2 lamp' stands there 2 times"),
        ([*FIRST, *reversed(SECOND)], "'a-2 lamp' stands behind its answer"),
        ([*FIRST, *SECOND, Row("x", "assistant", "You said: a-2")], "'You said: a-2' answers nothing"),
        ([*FIRST, *SECOND, Row("x", "user", "Mine")], "nobody said 'Mine'"),
        ([*SECOND, *FIRST], "not in the order they were said: ['a-2', 'a-1']"),
    ],
)
def test_a_page_that_shows_anything_else_is_not(rows: list[Row], wrong: str) -> None:
    assert wrongs(SAID, rows, in_order=True) == [wrong]


def test_what_was_sent_again_by_hand_may_stand_later() -> None:
    assert wrongs(SAID, [*SECOND, *FIRST], in_order=False) == []


def test_nobody_may_see_a_text_twice_or_a_part_of_an_answer_twice() -> None:
    expected = [answer_to(text) for text in SAID]

    assert flaws(SAID, ["", "You said: a-1", "You said: a-2 lamp"], expected) == []
    assert flaws([*SAID, "a-2 lamp"], [], expected) == ["'a-2 lamp' stood there 2 times"]
    assert flaws(SAID, ["You said: You said: a-1"], expected) == ["an answer said 'You said: You said: a-1'"]


def _panels(processes: list[float], begun: float, failed: float) -> list[Panel]:
    return [
        Panel(title, [("x", [(float(at), value) for at, value in enumerate(values)])])
        for title, values in {
            "Stores": [1.0],
            "Direct calls: whole answer": [1.0],
            "Requests": [1.0],
            "Open streams": [1.0],
            "Events": [1.0],
            "Queue": [1.0],
            "Tasks": [1.0],
            "Resident memory": [1.0],
            "Processes that answer": processes,
            "Begun in the last minute": [begun],
            "Database away": [failed],
        }.items()
    ]


def test_dashboards_must_show_who_went_away() -> None:
    assert unseen(_panels([2.0, 1.0, 2.0], 1.0, 3.0), DIED) == []
    assert len(unseen(_panels([2.0, 2.0], 0.0, 0.0), DIED)) == 3
    assert unseen(_panels([2.0, 2.0], 0.0, 0.0), {"valkey SIGKILL": 1}) == []


def test_an_empty_panel_is_noticed_and_drawn() -> None:
    panels = [panel if panel.title != "Events" else Panel("Events") for panel in _panels([2.0, 1.0], 1.0, 1.0)]

    assert unseen(panels, DIED) == ["the panel 'Events' is empty"]
    assert "Events <small>no data" in page(panels, [(1.0, "SIGKILL <api-1>")], "Chaos")
    assert "SIGKILL &lt;api-1&gt;" in page(panels, [(1.0, "SIGKILL <api-1>")], "Chaos")


def test_a_line_holds_its_peaks_its_holes_and_the_ends_of_its_rests() -> None:
    rest, peak, hole = [(5, 9), (6, 9), (8, 9)], [(9, 2), (9, 9)], [(20, 9), (21, 9), (22, 4)]
    joined = [False, True, True, True, True, False, True, True]

    assert path([*rest, *peak, *hole], joined) == "M5 9h3l1-7l0+7M20 9h1l1-5"
    assert path([(1, 2), (4, 2)], [False, True]) == "M1 2h3"


def test_a_page_of_many_panels_and_blows_stays_small() -> None:
    uneven = [(float(at), float(at % 7)) for at in range(600)]
    panels = [Panel(f"Panel {number}", [("x", uneven), ("y", uneven)]) for number in range(36)]
    blows = [(float(at), "SIGKILL api-1") for at in range(0, 600, 4)]

    drawn = page(panels, blows, "Chaos")

    assert drawn.count("SIGKILL api-1") == 2 * len(blows), "as a stroke, and in the list"
    assert len(drawn) < 300_000
