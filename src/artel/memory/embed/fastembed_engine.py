"""Models of the package `fastembed`, for who installs it (`pip install fastembed`) and lets it fetch a model.

Only the child process that was asked for it imports this module, so nobody else needs the package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from fastembed import TextEmbedding  # type: ignore[import-not-found]  # pyright: ignore

from artel.memory.embed.centring import Rows
from artel.memory.embed.engines import Engine


class Fastembed:
    """One of its models; implements `Engine`."""

    def __init__(self, model: str) -> None:
        self._model = cast(Any, TextEmbedding)(model_name=model, threads=1)
        self.space = f"fastembed-{re.sub('[^a-z0-9]+', '-', model.lower()).strip('-')}"
        self.dimension = int(self.questions(["dimension"]).shape[1])

    def questions(self, texts: Sequence[str]) -> Rows:
        """With whatever the model wants before a question."""
        return np.asarray(list(self._model.query_embed(list(texts))), np.float32)

    def passages(self, texts: Sequence[str]) -> Rows:
        """With whatever it wants before a passage."""
        return np.asarray(list(self._model.passage_embed(list(texts))), np.float32)


def load(model: str) -> Engine:
    """For the child's program."""
    return Fastembed(model)
