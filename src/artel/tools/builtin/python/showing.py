"""A value as text of bounded length, whatever it holds: `repr` alone would write out shared parts again and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, cast

from pydantic_monty import MontyClassProxy, MontyClassTypeProxy, MontyStdTypeProxy

_CUT: Final = "... (cut)"
_SHAPES: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def show(value: Any, most: int) -> str:
    """The value as Python would write it, at most so many characters; what is cut says so."""
    pieces: list[str] = []
    length = 0
    for piece in _write(value, most):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            return "".join(pieces)[:most] + _CUT
    return "".join(pieces)


def _write(value: Any, most: int) -> Iterator[str]:
    kind = cast("type[Any]", type(value))
    if kind is dict and value:
        yield "{"
        for place, (key, part) in enumerate(cast("dict[Any, Any]", value).items()):
            yield from (", ",) if place else ()
            yield from _write(key, most)
            yield ": "
            yield from _write(part, most)
        yield "}"
    elif kind in _SHAPES and (value or kind in (list, tuple, dict)):
        opening, closing = _SHAPES[kind]
        yield opening
        yield from _list(cast("Iterable[Any]", value), most)
        yield f",{closing}" if kind is tuple and len(value) == 1 else closing
    elif isinstance(value, (str, bytes)):
        yield repr(value[: most + 1])
    elif isinstance(value, MontyClassProxy):
        yield f"{value.name}("
        for place, (name, part) in enumerate(value.attributes.items()):
            yield f"{', ' if place else ''}{name}="
            yield from _write(part, most)
        yield ")"
    elif isinstance(value, (MontyStdTypeProxy, MontyClassTypeProxy)):
        yield f"<{value.name}>"
    else:
        yield repr(value)


def _list(parts: Iterable[Any], most: int) -> Iterator[str]:
    for place, part in enumerate(islice(parts, most)):
        yield from (", ",) if place else ()
        yield from _write(part, most)
