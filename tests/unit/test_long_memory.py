"""What the bench of long memory counts, what it makes of LoCoMo's form, and the life it makes up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench.long import diary, locomo
from bench.long.judge import Answered, judge, once
from bench.long.told import Asked, Turn


def answered(category: str, evidence: str, ranking: str, told: str) -> Answered:
    """One letter a turn."""
    return Answered(Asked(category, "?", frozenset(evidence)), {"hybrid": list(ranking)}, list(told))


def test_evidence_counts_by_its_share_and_place() -> None:
    found = judge([answered("two", "ab", "xaxxxxb", "a"), answered("one", "c", "yyyyyyyyyyc", "")])

    assert found["two"] == {
        "questions": 1,
        "hybrid": {"recall_at_5": 0.5, "recall_at_10": 1.0, "hit_at_5": 1.0, "mrr": 0.5},
        "told": {"nothing": 0.0, "memories": 1.0, "evidence": 0.5, "some_evidence": 1.0},
    }
    assert found["all"]["hybrid"] == {"recall_at_5": 0.25, "recall_at_10": 0.5, "hit_at_5": 0.5, "mrr": 0.295}
    assert once("abcab") == ["a", "b", "c"]


def test_where_there_is_no_answer_only_what_was_told_counts() -> None:
    found = judge([answered("abstention", "", "ab", ""), answered("abstention", "", "ab", "ab")])

    assert found["abstention"] == {"questions": 2, "told": {"nothing": 0.5, "memories": 1.0}}


def test_locomo_is_read_as_it_is_written(tmp_path: Path) -> None:
    said = [
        {"speaker": "Ann", "dia_id": "D2:1", "text": "Look!", "blip_caption": "a red kite"},
        {"speaker": "Bob", "dia_id": "D2:2", "text": "Nice."},
    ]
    asked = [
        {"question": "What flew? ", "evidence": ["D2:01; D9:9"], "category": 4},
        {"question": "Who?", "evidence": ["D"], "category": 1},
    ]
    talk = {"speaker_a": "Ann", "session_2": said, "session_2_date_time": "1:56 pm on 8 May, 2023", "session_1": []}
    file = tmp_path / "data.json"
    file.write_bytes(orjson.dumps([{"sample_id": "one", "conversation": talk, "qa": asked}]))

    [life] = locomo.read(file)

    assert life.sittings[0].turns == [
        Turn("D2:1", "user", "Ann: Look!\n[photo: a red kite]"),
        Turn("D2:2", "assistant", "Bob: Nice.", is_answer=True),
    ]
    assert life.sittings[0].at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert life.asked == [Asked("single-hop", "What flew?", frozenset({"D2:1"}))]


def test_a_made_up_life_is_the_same_for_ever_and_its_evidence_is_said() -> None:
    lives = diary.lives()

    assert diary.lives() == lives
    for life in lives:
        said = {turn.key: turn for sitting in life.sittings for turn in sitting.turns}
        assert len(life.sittings) == diary.SITTINGS
        assert all(sitting.turns for sitting in life.sittings)
        assert not any(mark in turn.text for turn in said.values() for mark in "{}|@" if turn.key[0].isdigit())
        for asked in life.asked:
            assert asked.evidence <= said.keys()
            assert bool(asked.evidence) is (asked.category != "abstention")
            by_assistant = {said[key].role for key in asked.evidence} == {"assistant"}
            assert by_assistant is (asked.category == "advice")
            assert all(said[key].is_answer for key in asked.evidence) or not by_assistant
    assert lives[0].sittings != lives[1].sittings


def test_what_holds_now_was_said_last() -> None:
    for life in diary.lives():
        order = [turn.key for sitting in life.sittings for turn in sitting.turns]
        for asked in life.asked:
            if asked.category == "update":
                [last] = asked.evidence
                assert order.index(f"{last.split('-')[0]}-0") < order.index(last)
