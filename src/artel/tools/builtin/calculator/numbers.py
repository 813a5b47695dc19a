"""Numbers that stay exact as long as they can, and never grow beyond a bound.

A number is a fraction. What cannot be one (most roots, logarithms, angles) is rounded to the digits that are known to
be right, and says so from then on.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

MAX_DIGITS: Final = 3000
"""Of a numerator or denominator."""
KNOWN: Final = 40
"""Right digits of a rounded number."""
MEASURED: Final = 15
"""Right digits of what the machine's own arithmetic gives."""

_MAX_BITS: Final = math.ceil(MAX_DIGITS * math.log2(10))
_MAX_ROOT: Final = 1000
_CONTEXT: Final = decimal.Context(
    prec=KNOWN + 10,
    Emax=2 * MAX_DIGITS,
    Emin=-2 * MAX_DIGITS,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Underflow],
)

TOO_LARGE: Final = f"The result has more than {MAX_DIGITS} digits."
TOO_SMALL: Final = f"The result is closer to 0 than 10^-{MAX_DIGITS}."


class Refused(Exception):
    """A calculation that cannot be done; the text says why, to whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A value, and how many of its leading digits are right; None when all are."""

    value: Fraction
    digits: int | None = None

    @property
    def exact(self) -> bool:
        """Nothing of it was rounded."""
        return self.digits is None

    def whole(self, what: str) -> int:
        """As an integer.

        Raises:
            Refused: it is none.
        """
        if self.value.denominator != 1:
            raise Refused(f"{what} takes whole numbers only.")
        return self.value.numerator

    def as_decimal(self) -> Decimal:
        """Rounded to a few more digits than are answered."""
        return _decimal(self.value)


def made(value: Fraction | int, *sources: Number) -> Number:
    """A number computed exactly from others; it is as right as the least right of them, and rounded when it is a
    fraction of too many digits.

    Raises:
        Refused: it is too large.
    """
    value = Fraction(value)
    digits = _least(sources)
    if digits is None and max(value.numerator.bit_length(), value.denominator.bit_length()) <= _MAX_BITS:
        return Number(value)
    return rounded(_decimal(value), digits or KNOWN)


def rounded(value: Decimal, digits: int = KNOWN) -> Number:
    """A number of which only so many digits are right."""
    if value and abs(value.adjusted()) > MAX_DIGITS:
        raise Refused(TOO_LARGE if value.adjusted() > 0 else TOO_SMALL)
    return Number(Fraction(value), digits)


def by_decimals(compute: Callable[[decimal.Context], Decimal], *sources: Number) -> Number:
    """What a computation with decimals gives.

    Raises:
        Refused: it has no real result, or too large a one.
    """
    try:
        value = compute(_CONTEXT)
    except decimal.DecimalException as error:
        raise _refused(error) from error
    return rounded(value, min(KNOWN, _least(sources) or KNOWN))


def by_machine(compute: Callable[[float], float], source: Number) -> Number:
    """What the machine's own arithmetic gives; a result that is only its rounding error is 0.

    Raises:
        Refused: it has no real result, or the argument is too large for it.
    """
    try:
        value = compute(float(source.value))
    except (ValueError, OverflowError) as error:
        raise Refused("This has no real result, or its argument is too large.") from error
    return Number(Fraction(Decimal(f"{value:.{MEASURED}g}")) if abs(value) > 1e-15 else Fraction(0), MEASURED)


def added(left: Number, right: Number) -> Number:
    """The sum. Where leading digits of rounded numbers cancel each other, fewer of its own are right, or none: 0.

    Raises:
        Refused: it is too large.
    """
    total = made(left.value + right.value, left, right)
    if total.digits is None or not total.value:
        return total
    lost = max(_adjusted(left), _adjusted(right)) - _adjusted(total)
    kept = total.digits - max(0, lost)
    return Number(total.value, kept) if kept > 0 else Number(Fraction(0), total.digits)


def negated(number: Number) -> Number:
    """With the other sign."""
    return Number(-number.value, number.digits)


def divided(left: Number, right: Number) -> Number:
    """Left by right.

    Raises:
        Refused: right is 0.
    """
    if not right.value:
        raise Refused("Division by zero.")
    return made(left.value / right.value, left, right)


def modulo(left: Number, right: Number) -> Number:
    """What is left of division; it has the sign of the right one, as in Python.

    Raises:
        Refused: right is 0.
    """
    if not right.value:
        raise Refused("Division by zero.")
    return made(left.value % right.value, left, right)


def power(base: Number, exponent: Number) -> Number:
    """Base to the power of exponent, exact where that is a fraction.

    Raises:
        Refused: it is too large, or no real number.
    """
    if not base.value and exponent.value < 0:
        raise Refused("Division by zero.")
    if exponent.value.denominator == 1 and exponent.exact:
        return _whole_power(base, exponent.value.numerator)
    if base.exact and exponent.exact and exponent.value.denominator <= _MAX_ROOT:
        found = exact_root(base.value, exponent.value.denominator)
        if found is not None:
            return _whole_power(Number(found), exponent.value.numerator)
    if base.value < 0:
        raise Refused("A negative number to a power that is not whole is no real number.")
    return by_decimals(lambda context: context.power(base.as_decimal(), exponent.as_decimal()), base, exponent)


def _whole_power(base: Number, exponent: int) -> Number:
    size = max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
    if base.exact and size <= 1:  # 0, 1 and -1, to any exponent
        return Number(base.value ** (exponent % 2 if base.value else min(exponent, 1)))
    if base.exact and (size - 1) * abs(exponent) <= _MAX_BITS:
        return made(base.value**exponent)
    return by_decimals(lambda context: context.power(base.as_decimal(), Decimal(exponent)), base)


def exact_root(value: Fraction, degree: int) -> Fraction | None:
    """The root of a fraction that is one again; of a negative one only for an odd degree. None: there is none."""
    if value < 0:
        found = exact_root(-value, degree) if degree % 2 else None
        return None if found is None else -found
    top, bottom = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _whole_root(value: int, degree: int) -> int | None:
    if degree == 2:
        found = math.isqrt(value)
    else:
        low, high = 0, 1 << (value.bit_length() // degree + 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
        found = low
    return found if found**degree == value else None


def _adjusted(number: Number) -> int:
    """The place of the leading digit."""
    return number.as_decimal().adjusted() if number.value else -MAX_DIGITS


def _decimal(value: Fraction) -> Decimal:
    try:
        return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
    except decimal.DecimalException as error:
        raise _refused(error) from error


def _refused(error: decimal.DecimalException) -> Refused:
    if isinstance(error, decimal.Underflow):
        return Refused(TOO_SMALL)
    return Refused(TOO_LARGE if isinstance(error, decimal.Overflow) else "This has no real result.")


def _least(sources: tuple[Number, ...]) -> int | None:
    return min((source.digits for source in sources if source.digits is not None), default=None)
