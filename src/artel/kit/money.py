"""Money is `Decimal` US dollars inside and a "$1.23" string outside; it is never a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

_PREFIX = "$"
_CENT = Decimal("0.01")


def format_usd(amount: Decimal) -> str:
    """ "$1.23": every digit that counts, at least two places, no exponent."""
    plain = amount.normalize()
    if plain.as_tuple().exponent > -2:  # type: ignore[operator]  # NaN and infinities never get here
        plain = plain.quantize(_CENT)
    return f"{_PREFIX}{plain:f}" if plain >= 0 else f"-{_PREFIX}{-plain:f}"


def parse_usd(text: str) -> Decimal:
    """Reads "$1.23" or "1.23".

    Raises:
        ValueError: the text is not a finite amount.
    """
    negative = text.startswith("-")
    try:
        amount = Decimal(text.removeprefix("-").removeprefix(_PREFIX))
    except InvalidOperation as error:
        raise ValueError(f"not an amount of money: {text!r}") from error
    if not amount.is_finite():
        raise ValueError(f"not an amount of money: {text!r}")
    return -amount if negative else amount
