"""The tool `calculator`."""

from __future__ import annotations

import asyncio
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any, Final

from pydantic import Field

from artel.tools.builtin.calculator.functions import CONSTANTS, FUNCTIONS
from artel.tools.builtin.calculator.numbers import Number, Refused
from artel.tools.builtin.calculator.reading import MAX_LENGTH, compute
from artel.tools.tool import Arguments, Caller, Outcome, Tool, ToolFailure, builtin

SHOWN: Final = 30
"""Significant digits of a number that goes on for ever or was rounded."""
_MAX_EXACT: Final = 60
"""Digits up to which an exact decimal is written out."""
_MAX_FRACTION: Final = 60

_DESCRIPTION: Final = (
    "Computes one arithmetic expression, exactly where possible: 0.1 + 0.2 is 0.3. Operators + - * / // % ** ^ ! and "
    f"parentheses (^ is power); {', '.join(CONSTANTS)}; functions {', '.join(FUNCTIONS)}. Angles are in radians, "
    "log(x) is natural, log(x, b) to the base b. Use it rather than reckoning yourself."
)


class CalculatorArguments(Arguments):
    """An expression."""

    expression: str = Field(
        min_length=1, max_length=MAX_LENGTH, description="Such as (1 + 0.19) * 49.90 or sqrt(2) * 10^3. No variables."
    )


async def calculate(caller: Caller, wanted: CalculatorArguments) -> Outcome:
    """The result as a decimal, whether it is exact, and the fraction where the decimal is not.

    Raises:
        ToolFailure: the expression cannot be read or computed.
    """
    del caller
    try:
        # At worst it takes some tenths of a second: aside, so that the loop goes on.
        return Outcome(shown(await asyncio.to_thread(compute, wanted.expression)))
    except Refused as refused:
        raise ToolFailure(str(refused)) from refused


def shown(number: Number) -> dict[str, Any]:
    """A number as it is answered."""
    exact = _exact_decimal(number.value) if number.exact else None
    if exact is not None:
        return {"result": exact, "exact": True}
    context = Context(prec=min(SHOWN, number.digits or SHOWN), rounding=ROUND_HALF_UP)
    value = context.divide(Decimal(number.value.numerator), Decimal(number.value.denominator))
    short = number.exact and Fraction(value) == number.value
    answer: dict[str, Any] = {"result": _plain(context.normalize(value)), "exact": short}
    fraction = f"{number.value.numerator}/{number.value.denominator}"
    if number.exact and not short and len(fraction) <= _MAX_FRACTION:
        answer["fraction"] = fraction
    return answer


def _exact_decimal(value: Fraction) -> str | None:
    """None when it goes on for ever, or too long."""
    if value.denominator == 1:
        return str(value.numerator)
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > _MAX_EXACT:
        return None
    digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _plain(value: Decimal) -> str:
    return f"{value:f}" if -10 <= value.adjusted() <= SHOWN else f"{value:e}"


def calculator() -> Tool:
    """The tool."""
    return builtin("calculator", "Calculator", _DESCRIPTION, CalculatorArguments, calculate, policy="allow")
