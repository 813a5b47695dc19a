"""Errors: the class says the status, its docstring what to do."""

from __future__ import annotations

from artel.kit.errors import ArtelError, Conflict, FieldProblem, Invalid, NotFound, RateLimited, Unavailable


def _all(root: type[ArtelError]) -> list[type[ArtelError]]:
    return [root, *(each for child in root.__subclasses__() for each in _all(child))]


def test_the_docstring_is_what_the_user_reads() -> None:
    assert NotFound().detail == "There is nothing of yours under this address."
    assert str(NotFound("Gone.")) == "Gone."


def test_a_problem_carries_its_fields_and_when_to_come_back() -> None:
    error = Invalid(fields=[FieldProblem("name", "too long", "too_long")], retry_after=1.5)

    assert (error.fields, error.retry_after, error.status) == (
        (FieldProblem("name", "too long", "too_long"),),
        1.5,
        422,
    )


def test_who_is_sent_away_for_a_while_is_told_for_how_long() -> None:
    for kind in (*_all(RateLimited), *_all(Unavailable)):
        assert (kind().retry_after or 0) > 0
    assert Unavailable(retry_after=30).retry_after == 30
    assert NotFound().retry_after is None


def test_the_title_is_made_of_the_slug() -> None:
    class TwoWords(Conflict):
        """Two words."""

        slug = "two-words"

    assert TwoWords().title == "Two words"


def test_every_error_has_a_status_a_slug_and_a_sentence_of_its_own() -> None:
    for kind in _all(ArtelError):
        assert 400 <= kind.status < 600
        assert kind.slug == kind.slug.lower().replace(" ", "-")
        assert kind.__doc__, kind


class _NoSuchShelf(NotFound):
    """There is no shelf of that name."""


def test_the_reason_tells_sentences_of_one_slug_apart() -> None:
    assert (Conflict().reason, _NoSuchShelf().reason, _NoSuchShelf().slug) == ("conflict", "no-such-shelf", "not-found")
    assert Conflict("It is full.", reason="shelf-full").reason == "shelf-full"
