"""The bundled model in its processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Iterator, Sequence
from math import fsum
from pathlib import Path

import psutil
import pytest

from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.embed.local import EmbedWorkers, LocalEmbedder
from artel.memory.vectors import Vector
from artel.store.embedded import ServerDidNotStart
from tests.support.memory import quick_folder


@pytest.fixture(scope="module")
def workers() -> Iterator[EmbedWorkers]:
    folder = quick_folder()
    running = EmbedWorkers(folder / "home", folder / "run")
    with running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
async def embedder(workers: EmbedWorkers) -> AsyncGenerator[LocalEmbedder]:
    opened = await LocalEmbedder.open(workers.sockets)
    yield opened
    await opened.aclose()


def cosine(one: Vector, other: Vector) -> float:
    return fsum(a * b for a, b in zip(one, other, strict=True))


def nearest(question: Vector, passages: Sequence[Vector]) -> int:
    return max(range(len(passages)), key=lambda n: cosine(question, passages[n]))


async def test_a_question_in_one_language_finds_what_was_said_in_the_other(embedder: LocalEmbedder) -> None:
    passages = await embedder.passages(
        [
            "My dog is called Biscuit, a corgi.",
            "Отчёт нужно сдать до пятницы.",
            "The contract with the carrier ends in March.",
            "У меня аллергия на арахис.",
        ]
    )

    asked = [
        "Как зовут мою собаку?",
        "When is the report due?",
        "Когда заканчивается договор?",
        "What am I allergic to?",
    ]
    found = [nearest(await embedder.question(text), passages) for text in asked]

    assert found == [0, 1, 2, 3]
    assert embedder.space.dimension == 384


async def test_strangers_are_far_apart(embedder: LocalEmbedder) -> None:
    [passage] = await embedder.passages(["The label printer needs new firmware."])

    assert abs(cosine(await embedder.question("Как зовут мою собаку?"), passage)) < 0.25


async def test_many_passages_come_in_order(embedder: LocalEmbedder) -> None:
    texts = [f"Текст номер {n}" for n in range(20)]

    together = await embedder.passages(texts)

    assert len(together) == 20
    [alone] = await embedder.passages([texts[17]])
    assert cosine(together[17], alone) == pytest.approx(1, abs=1e-3)
    assert await embedder.passages([]) == []


async def test_strange_texts_do_no_harm(embedder: LocalEmbedder) -> None:
    strange = ["", "\0", "a\0b", "\ud800", "🙂" * 50, "слово " * 20_000]

    found = await embedder.passages(strange)

    assert [len(vector) for vector in found] == [384] * len(strange)
    assert cosine(await embedder.question("до\0после"), await embedder.question("до")) < 0.999


async def test_a_question_does_not_wait_for_passages(embedder: LocalEmbedder) -> None:
    slow = asyncio.create_task(embedder.passages(["Длинный текст, в котором много слов. " * 60] * 8))
    await asyncio.sleep(0.05)

    await embedder.question("Как дела?")

    assert not slow.done()
    slow.cancel()


async def test_a_killed_model_comes_back(workers: EmbedWorkers, embedder: LocalEmbedder) -> None:
    [pid, _] = workers.pids
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    asked = asyncio.create_task(embedder.question("Как дела?"))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)

    with pytest.raises(EmbedderUnavailable):
        await asked

    while True:
        try:
            assert len(await embedder.question("Как дела?")) == 384
            break
        except EmbedderUnavailable:
            await asyncio.sleep(0.05)


async def test_each_model_has_one_thread(workers: EmbedWorkers, embedder: LocalEmbedder) -> None:
    await embedder.passages(["текст"] * 8)

    for pid in workers.pids:
        assert pid is not None
        process = psutil.Process(pid)
        assert process.environ()["OMP_NUM_THREADS"] == "1"
        assert process.num_threads() <= 2


async def test_nobody_there() -> None:
    with pytest.raises(EmbedderUnavailable):
        await LocalEmbedder.open((Path("/nowhere/1"), Path("/nowhere/2")))


def test_a_model_that_is_not_installed_says_so() -> None:
    folder = quick_folder()

    with pytest.raises(ServerDidNotStart, match="No module named 'fastembed'"):
        EmbedWorkers(folder / "home", folder / "run", "fastembed", "some/model").start()

    shutil.rmtree(folder)
