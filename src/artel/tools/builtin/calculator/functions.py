"""The functions and constants of the calculator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Final

from artel.tools.builtin.calculator.numbers import (
    MAX_DIGITS,
    TOO_LARGE,
    Number,
    Refused,
    added,
    by_decimals,
    by_machine,
    divided,
    made,
    modulo,
    negated,
    power,
    rounded,
)

_PI: Final = Decimal("3.14159265358979323846264338327950288419716939937511")
_TAU: Final = Decimal("6.28318530717958647692528676655900576839433879875021")
_E: Final = Decimal("2.71828182845904523536028747135266249775724709369996")

CONSTANTS: Final = {"pi": rounded(_PI), "tau": rounded(_TAU), "e": rounded(_E)}

_MAX_FACTORIAL: Final = 1200
_MAX_CHOSEN: Final = 2000
_MAX_PLACES: Final = 100
_HALF: Final = Number(Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Function:
    """What it does, with how few and how many arguments."""

    compute: Callable[[Sequence[Number]], Number]
    least: int = 1
    most: int = 1


def _one(compute: Callable[[Number], Number]) -> Function:
    return Function(lambda given: compute(given[0]))


def _two(compute: Callable[[Number, Number], Number]) -> Function:
    return Function(lambda given: compute(given[0], given[1]), 2, 2)


def _many(compute: Callable[[Sequence[Number]], Number]) -> Function:
    return Function(compute, 1, 1000)


def _machine(compute: Callable[[float], float]) -> Function:
    return _one(lambda number: by_machine(compute, number))


def _sqrt(number: Number) -> Number:
    if number.value < 0:
        raise Refused("The square root of a negative number is no real number.")
    return power(number, _HALF)


def _root(number: Number, degree: Number) -> Number:
    if degree.whole("root") < 1:
        raise Refused("root takes a degree of 1 or more.")
    if number.value < 0 and degree.value.numerator % 2:
        return negated(_root(negated(number), degree))
    return power(number, divided(Number(Fraction(1)), degree))


def _exp(number: Number) -> Number:
    if number.value > MAX_DIGITS * 3:
        raise Refused(TOO_LARGE)
    return by_decimals(lambda context: context.exp(number.as_decimal()), number)


def _ln(number: Number) -> Number:
    return by_decimals(lambda context: context.ln(number.as_decimal()), _positive(number))


def _log10(number: Number) -> Number:
    return _log_to(_positive(number), 10) or by_decimals(lambda context: context.log10(number.as_decimal()), number)


def _log(given: Sequence[Number]) -> Number:
    number = _positive(given[0])
    if len(given) == 1:
        return _ln(number)
    base = _positive(given[1])
    if base.value == 1:
        raise Refused("There is no logarithm to the base 1.")
    whole = _log_to(number, base.value.numerator) if base.exact and base.value.denominator == 1 else None
    return whole or divided(_ln(number), _ln(base))


def _log_to(number: Number, base: int) -> Number | None:
    """The logarithm where it is a whole number; None where it is not."""
    if not number.exact:
        return None
    sign, value = (1, number.value) if number.value >= 1 else (-1, 1 / number.value)
    guess = round(math.log(value.numerator, base)) if value.denominator == 1 else None
    return Number(Fraction(sign * guess)) if guess is not None and base**guess == value.numerator else None


def _positive(number: Number) -> Number:
    if number.value <= 0:
        raise Refused("Only positive numbers have a logarithm.")
    return number


def _factorial(number: Number) -> Number:
    count = number.whole("factorial")
    if not 0 <= count <= _MAX_FACTORIAL:
        raise Refused(f"factorial takes 0 to {_MAX_FACTORIAL}.")
    return made(math.factorial(count))


def _chosen(compute: Callable[[int, int], int]) -> Callable[[Number, Number], Number]:
    def choose(total: Number, part: Number) -> Number:
        n, k = total.whole("comb"), part.whole("comb")
        if n < 0 or k < 0:
            raise Refused("comb and perm take no negative numbers.")
        few = min(k, abs(n - k)) if compute is math.comb else k
        if k <= n and (few > _MAX_CHOSEN or few * n.bit_length() > 50 * MAX_DIGITS):
            raise Refused(TOO_LARGE)
        return made(compute(n, k))

    return choose


def _round(given: Sequence[Number]) -> Number:
    places = given[1].whole("round") if len(given) > 1 else 0
    if abs(places) > _MAX_PLACES:
        raise Refused(f"round takes at most {_MAX_PLACES} places.")
    scale = Fraction(10) ** places
    scaled = abs(given[0].value) * scale
    # Half goes away from zero, as people round; Python goes to the even neighbour.
    whole = math.floor(scaled + Fraction(1, 2))
    return made(Fraction(whole if given[0].value >= 0 else -whole) / scale)


def _sum(given: Sequence[Number]) -> Number:
    return reduce(added, given)


def _mean(given: Sequence[Number]) -> Number:
    return divided(_sum(given), Number(Fraction(len(given))))


def _median(given: Sequence[Number]) -> Number:
    ordered = sorted(given, key=_value)
    return _mean(ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1])


def _common(compute: Callable[[int, int], int], name: str) -> Callable[[Sequence[Number]], Number]:
    def common(given: Sequence[Number]) -> Number:
        whole = [number.whole(name) for number in given]
        return reduce(lambda left, right: made(compute(left.value.numerator, right)), whole[1:], made(abs(whole[0])))

    return common


def _value(number: Number) -> Fraction:
    return number.value


FUNCTIONS: Final[dict[str, Function]] = {
    "abs": _one(lambda number: Number(abs(number.value), number.digits)),
    "floor": _one(lambda number: made(math.floor(number.value))),
    "ceil": _one(lambda number: made(math.ceil(number.value))),
    "round": Function(_round, 1, 2),
    "sqrt": _one(_sqrt),
    "cbrt": _one(lambda number: _root(number, Number(Fraction(3)))),
    "root": _two(_root),
    "pow": _two(power),
    "mod": _two(modulo),
    "exp": _one(_exp),
    "ln": _one(_ln),
    "log": Function(_log, 1, 2),
    "log2": _one(lambda number: _log([number, Number(Fraction(2))])),
    "log10": _one(_log10),
    "sin": _machine(math.sin),
    "cos": _machine(math.cos),
    "tan": _machine(math.tan),
    "asin": _machine(math.asin),
    "acos": _machine(math.acos),
    "atan": _machine(math.atan),
    "sinh": _machine(math.sinh),
    "cosh": _machine(math.cosh),
    "tanh": _machine(math.tanh),
    "degrees": _one(lambda number: divided(made(number.value * 180, number), CONSTANTS["pi"])),
    "radians": _one(lambda number: made(number.value * CONSTANTS["pi"].value / 180, number, CONSTANTS["pi"])),
    "factorial": _one(_factorial),
    "comb": _two(_chosen(math.comb)),
    "perm": _two(_chosen(math.perm)),
    "gcd": _many(_common(math.gcd, "gcd")),
    "lcm": _many(_common(math.lcm, "lcm")),
    "min": _many(lambda given: min(given, key=_value)),
    "max": _many(lambda given: max(given, key=_value)),
    "sum": _many(_sum),
    "mean": _many(_mean),
    "median": _many(_median),
}
