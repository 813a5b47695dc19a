"""A small map that forgets what was not used for the longest time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """At most `size` values, made when first asked for; `keep` exempts what must not be forgotten yet."""

    def __init__(self, size: int, keep: Callable[[V], bool] = lambda _: False) -> None:
        self._size = size
        self._keep = keep
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of the key."""
        if (value := self._values.get(key)) is not None:
            self._values.move_to_end(key)
            return value
        value = self._values[key] = make()
        if len(self._values) > self._size:
            self._forget_one(key)
        return value

    def _forget_one(self, newest: K) -> None:
        for key, value in self._values.items():
            if key != newest and not self._keep(value):
                del self._values[key]
                return
