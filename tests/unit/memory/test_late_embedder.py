"""A model that comes later."""

from __future__ import annotations

import pytest

from artel.memory.embed.embedder import Embedder, EmbedderUnavailable
from artel.memory.embed.late import LateEmbedder
from artel.memory.vectors import BadVector
from tests.support.memory import SPACE, until
from tests.support.remembering import ToyEmbedder


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
