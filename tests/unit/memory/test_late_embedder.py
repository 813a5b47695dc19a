"""A model that comes later."""

from __future__ import annotations

import pytest

from artel.memory.embed.embedder import Embedder, EmbedderUnavailable
from artel.memory.embed.late import LateEmbedder
from artel.memory.vectors import BadVector
from tests.support.embedders import ToyEmbedder
from tests.support.memory import SPACE, until


async def test_until_it_is_there_every_use_says_so() -> None:
    async def open_it() -> Embedder:
        raise EmbedderUnavailable

    late = LateEmbedder("toy", open_it)

    assert not late.is_open
    with pytest.raises(EmbedderUnavailable):
        _ = late.space
    with pytest.raises(EmbedderUnavailable):
        await late.question("a lamp")
    with pytest.raises(EmbedderUnavailable):
        await late.passages(["a lamp"])
    await late.aclose()


async def test_it_is_tried_until_it_opens_and_closed_at_the_end() -> None:
    toy = ToyEmbedder()
    closed: list[bool] = []
    failures: list[Exception] = [EmbedderUnavailable(), BadVector()]

    async def close() -> None:
        closed.append(True)

    toy.aclose = close  # type: ignore[method-assign]

    async def open_it() -> Embedder:
        if failures:
            raise failures.pop()
        return toy

    late = LateEmbedder("toy", open_it)
    late.start()
    await until(lambda: late.is_open)

    assert late.space == SPACE
    assert await late.passages(["a lamp"]) == [await late.question("a lamp")]
    await late.aclose()
    assert closed == [True]


async def test_one_that_fails_is_away_until_it_answers_or_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = ToyEmbedder()

    async def open_it() -> Embedder:
        return toy

    late = LateEmbedder("toy", open_it)
    assert late.is_away
    late.start()
    assert await late.opened(5)
    assert not late.is_away
    toy.is_away = True
    with pytest.raises(EmbedderUnavailable):
        await late.question("a lamp")
    assert late.is_away

    toy.is_away = False
    await late.question("a lamp")
    assert not late.is_away

    toy.is_away = True
    with pytest.raises(EmbedderUnavailable):
        await late.passages(["a lamp"])
    monkeypatch.setattr("artel.memory.embed.late._BELIEVED_SECONDS", 0)
    assert not late.is_away
    await late.aclose()


async def test_one_that_takes_its_time_is_not_waited_for_longer_than_asked() -> None:
    async def open_it() -> Embedder:
        raise EmbedderUnavailable

    late = LateEmbedder("toy", open_it)
    assert not await late.opened(0)
    late.start()
    assert not await late.opened(1.5)
    await late.aclose()
