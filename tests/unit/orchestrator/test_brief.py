"""What an agent is told of others' results."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from artel.agents.tokens import fair_shares
from artel.orchestrator.brief import (
    RESULTS_CHARS,
    Result,
    results_text,
    synthesis_instructions,
    task_text,
)
from artel.orchestrator.config import OrchestratorConfig

SIZES = st.lists(st.integers(0, 1_000), max_size=12)


@given(SIZES, st.integers(0, 5_000))
def test_shares_take_all_the_room_there_is_and_no_more(sizes: list[int], total: int) -> None:
    shares = fair_shares(sizes, total)

    assert sum(shares) == min(sum(sizes), total if sizes else 0)
    assert all(share <= size for share, size in zip(shares, sizes, strict=True))


@given(SIZES, st.integers(0, 5_000))
def test_nobody_is_cut_below_anybody_else(sizes: list[int], total: int) -> None:
    shares = fair_shares(sizes, total)
    cut = [share for share, size in zip(shares, sizes, strict=True) if share < size]

    assert all(share >= max(shares) - 1 for share in cut)


def test_a_result_stands_with_its_task_and_agent() -> None:
    assert results_text([Result("t1", "coder", "done", " 42 ")]) == '<result task="t1" by="@coder">\n42\n</result>'


def test_what_is_too_long_is_cut_and_says_so() -> None:
    long = Result("t1", "coder", "done", "x" * (RESULTS_CHARS + 1))

    text = results_text([long, Result("t2", "coder", "done", "short")])

    limit = RESULTS_CHARS - len("short")
    assert f"[cut: {limit} of {RESULTS_CHARS + 1} characters]" in text
    assert "\nshort\n" in text


def test_what_is_missing_is_named_with_its_reason() -> None:
    failed = Result("t1", "coder", "failed", "half a", "Do it.", "The key was refused.")

    assert results_text([failed]) == (
        '<missing task="t1" by="@coder" status="failed">Do it.: The key was refused.</missing>'
    )
    assert "half a" not in results_text([failed])


def test_a_task_holds_the_request_the_results_and_the_instruction() -> None:
    text = task_text(" Compare {them}. ", " Do {your} part. ", [Result("t1", "coder", "done", "42")])

    places = [text.index(part) for part in ("<request>\nCompare {them}.\n</request>", "42", "Do {your} part.")]
    assert places == sorted(places)


def test_without_results_there_is_no_word_of_them() -> None:
    assert "<result" not in task_text("Compare.", "Do.", [])


def test_the_sum_follows_the_users_own_instructions() -> None:
    assert synthesis_instructions(OrchestratorConfig(instructions="Be {brief}.")).endswith("Be {brief}.")
    assert "own instructions" not in synthesis_instructions(OrchestratorConfig())
