"""Reads an expression and computes it as it goes. Nothing is evaluated as a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from artel.tools.builtin.calculator.functions import CONSTANTS, FUNCTIONS
from artel.tools.builtin.calculator.numbers import (
    MAX_DIGITS,
    TOO_LARGE,
    Number,
    Refused,
    added,
    divided,
    made,
    modulo,
    negated,
    power,
)

MAX_LENGTH: Final = 2000
_MAX_DEPTH: Final = 60

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|//|[-+*/%^!(),]))",
    re.ASCII,
)
_SAME: Final = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "π": " pi ", "√": " sqrt "})

_BINARY: Final[dict[str, tuple[int, Callable[[Number, Number], Number]]]] = {
    "+": (1, added),
    "-": (1, lambda left, right: added(left, negated(right))),
    "*": (2, lambda left, right: made(left.value * right.value, left, right)),
    "/": (2, divided),
    "//": (2, lambda left, right: _floor(divided(left, right))),
    "%": (2, modulo),
    "**": (4, power),
    "^": (4, power),
}
_SIGNS: Final = 3
"""How strongly a sign binds: -2**2 is -4, and 2**-1 is a half."""


def compute(expression: str) -> Number:
    """The value of an expression.

    Raises:
        Refused: it cannot be read, or not be computed; the text says why.
    """
    if len(expression) > MAX_LENGTH:
        raise Refused(f"An expression has at most {MAX_LENGTH} characters.")
    reader = _Reader(_tokens(expression.translate(_SAME)))
    value = reader.expression(0)
    reader.expect_end()
    return value


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    expression = expression.rstrip()
    while place < len(expression):
        match = _TOKEN.match(expression, place)
        if match is None:
            raise Refused(f"This cannot be read: {expression[place : place + 20].strip()!r}.")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        place = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def expression(self, least: int) -> Number:
        """Reads on as long as operators bind at least so strongly."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Refused(f"The expression is nested more than {_MAX_DEPTH} deep.")
        left = self._operand()
        while (sign := self._sign()) in _BINARY and _BINARY[sign][0] >= least:
            strength, apply = _BINARY[sign]
            self._place += 1
            if sign == "%" and (self._sign() in ("+", "-") or not self._more()):
                raise Refused("% is the remainder of a division: write 15/100 for 15 %, or mod(a, b).")
            # ** and ^ bind to the right, the others to the left.
            left = apply(left, self.expression(strength if strength > _SIGNS else strength + 1))
        self._depth -= 1
        return left

    def expect_end(self) -> None:
        """Refuses what is left over."""
        if not self._more():
            return
        kind, text = self._tokens[self._place]
        if text == ",":
            raise Refused("Commas separate a function's arguments. Write decimals with a point and no thousands mark.")
        if kind != "sign" or text == "(":
            raise Refused(f"An operator is missing before {text[:20]!r}; multiplication is written with *.")
        raise Refused(f"{text!r} is not expected here.")

    def _operand(self) -> Number:
        kind, text = self._next()
        if kind == "number":
            value = _literal(text)
        elif kind == "name":
            value = self._named(text.lower())
        elif text == "(":
            value = self.expression(0)
            self._close()
        elif text in ("+", "-"):
            value = self.expression(_SIGNS)
            value = negated(value) if text == "-" else value
        else:
            raise Refused(f"{text!r} is not expected here.")
        while self._sign() == "!":
            self._place += 1
            value = FUNCTIONS["factorial"].compute([value])
        return value

    def _named(self, name: str) -> Number:
        if name in CONSTANTS:
            return CONSTANTS[name]
        function = FUNCTIONS.get(name)
        if function is None:
            raise Refused(f"{name[:40]!r} is not known. There are {', '.join([*CONSTANTS, *FUNCTIONS])}.")
        if self._sign() != "(":
            raise Refused(f"{name} is a function: write {name}(...).")
        self._place += 1
        given = [self.expression(0)]
        while self._sign() == ",":
            self._place += 1
            given.append(self.expression(0))
        self._close()
        if not function.least <= len(given) <= function.most:
            wanted = f"{function.least}" if function.least == function.most else f"{function.least} to {function.most}"
            raise Refused(f"{name} takes {wanted} argument(s), not {len(given)}.")
        return function.compute(given)

    def _close(self) -> None:
        if self._sign() != ")":
            raise Refused("A closing parenthesis is missing.")
        self._place += 1

    def _more(self) -> bool:
        return self._place < len(self._tokens)

    def _sign(self) -> str:
        """The sign that comes next, if one does."""
        kind, text = self._tokens[self._place] if self._more() else ("", "")
        return text if kind == "sign" else ""

    def _next(self) -> tuple[str, str]:
        if not self._more():
            raise Refused("The expression ends too early.")
        self._place += 1
        return self._tokens[self._place - 1]


def _literal(text: str) -> Number:
    plain, _, exponent = text.replace("_", "").lower().partition("e")
    if len(exponent) > 6 or abs(int(exponent or 0)) > MAX_DIGITS:
        raise Refused(TOO_LARGE)
    return made(Fraction(plain.removesuffix(".")) * Fraction(10) ** int(exponent or 0))


def _floor(number: Number) -> Number:
    return FUNCTIONS["floor"].compute([number])
