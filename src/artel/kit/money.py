"""Money is `Decimal` US dollars inside and a "$1.23" string outside; it is never a float."""

from __future__ import annotations

import re
from decimal import Decimal

_PREFIX = "$"
_CENT = Decimal("0.01")
_AMOUNT = re.compile(r"(-?)\$?([0-9]+(?:\.[0-9]+)?)")


def format_usd(amount: Decimal) -> str:
    """ "$1.23": every digit that counts, at least two places, no exponent."""
    plain = amount.normalize()
    if plain.as_tuple().exponent > -2:  # type: ignore[operator]  # NaN and infinities never get here
        plain = plain.quantize(_CENT)
    return f"{_PREFIX}{plain:f}" if plain >= 0 else f"-{_PREFIX}{-plain:f}"


def parse_usd(text: str) -> Decimal:
    """Reads "$1.23" or "1.23".

    Raises:
        ValueError: the text is not an amount.
    """
    if (found := _AMOUNT.fullmatch(text)) is None:
        raise ValueError(f"not an amount of money: {text!r}")
    return Decimal(found[1] + found[2])
