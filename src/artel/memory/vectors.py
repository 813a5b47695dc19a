"""Dense and sparse vectors, as they travel between embedders and stores."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from artel.kit.errors import ArtelError

Vector: TypeAlias = "array[float]"
"""Single precision (type code "f")."""

_SHORTEST = 1e-12


class BadVector(ArtelError):
    """The embedding model answered with something that cannot be searched: not a number, nothing, or another size."""

    slug = "bad-vector"
    status = 502


@dataclass(frozen=True, slots=True)
class Space:
    """Where vectors of one embedding model live. The name is that of the model, its version and its treatment: vectors
    of two spaces cannot be compared."""

    name: str
    dimension: int


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Weights of words. Indices are unique; the store multiplies a query's weights by how rare each word is."""

    indices: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.indices)


def as_vector(values: Iterable[float]) -> Vector:
    """Packs numbers."""
    return array("f", values)


def check_vector(vector: Vector, dimension: int) -> None:
    """Stores take zeros and NaN without a word and find nothing afterwards.

    Raises:
        BadVector: it has another size, a component that is no number, or no length.
    """
    squares = math.fsum(value * value for value in vector)
    if len(vector) != dimension or not math.isfinite(squares) or squares < _SHORTEST:
        raise BadVector(
            f"An embedding of {dimension} numbers was expected, and {len(vector)} came; or it is no vector."
        )
