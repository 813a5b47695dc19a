"""Where unfinished answers stand in a page."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from artel.chat.history import _since, _with_unfinished  # pyright: ignore[reportPrivateUsage]
from artel.chat.views import MessageView, RunView
from artel.events.log import PartialText
from artel.store.tables import Run

_NOW = datetime(2026, 11, 3, tzinfo=UTC)


def _id(number: int) -> UUID:
    return UUID(int=(number << 80) | 7)


def _message(number: int, run: int, status: str = "complete") -> MessageView:
    return MessageView(
        id=_id(number),
        session_id=1,
        run_id=_id(run),
        role="user",
        content=f"m{number}",
        agent_id=None,
        target_agent=None,
        status=status,
        error=None,
        usage=None,
        cost=None,
        attempt=1,
        created_at=_NOW,
    )


def _run(number: int, question: int, answer: int, status: str) -> RunView:
    row = Run(
        user_id=1,
        id=_id(number),
        session_id=1,
        mode="direct",
        status=status,
        message_id=_id(question),
        answer_id=_id(answer),
        agent_id="user1_coder",
        created_at=_NOW,
    )
    return RunView(row, [])


def _shown(page: list[MessageView]) -> list[tuple[int, str]]:
    return [(message.id.int >> 80, message.status) for message in page]


def test_an_unfinished_answer_stands_after_its_question_with_its_text() -> None:
    partials = {_id(11): PartialText("so far", 2)}

    page = _with_unfinished([_message(10, 5), _message(12, 6)], [_run(5, 10, 11, "running")], partials, None, None)

    assert _shown(page) == [(10, "complete"), (11, "streaming"), (12, "complete")]
    assert (page[1].content, page[1].attempt, page[1].agent_id) == ("so far", 2, "user1_coder")


def test_an_answer_that_is_tried_again_replaces_its_failure() -> None:
    page = _with_unfinished([_message(10, 5), _message(11, 5, "failed")], [_run(5, 10, 11, "queued")], {}, None, None)

    assert _shown(page) == [(10, "complete"), (11, "streaming")]


def test_an_unfinished_answer_stands_on_exactly_one_of_two_pages() -> None:
    run = _run(5, 10, 13, "running")

    newer = _with_unfinished([_message(12, 6), _message(14, 7)], [run], {}, oldest=_id(12), before=None)
    older = _with_unfinished([_message(9, 4), _message(10, 5)], [run], {}, oldest=None, before=_id(12))

    assert _shown(newer) == [(12, "complete"), (13, "streaming"), (14, "complete")]
    assert _shown(older) == [(9, "complete"), (10, "complete")]


def test_a_finished_run_adds_nothing() -> None:
    page = _with_unfinished([_message(10, 5)], [_run(5, 10, 11, "completed")], {}, None, None)

    assert _shown(page) == [(10, "complete")]


def test_runs_are_looked_for_a_minute_before_the_oldest_message() -> None:
    oldest = _id(100_000)

    since = _since(oldest)

    assert since is not None
    assert since.int >> 80 == 40_000
    assert _since(_id(5)) == UUID(int=0)
    assert _since(None) is None
