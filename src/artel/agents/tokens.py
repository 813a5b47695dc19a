"""How many tokens a text is, roughly: a budget wants a count that costs nothing, and providers' tokenizers differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_ASCII_A_TOKEN: Final = 4.0
_TWO_BYTES_A_TOKEN: Final = 2.5
"""Cyrillic, Greek, accents: with the spaces between them Russian comes to about 2.7 characters a token."""
_WIDE_A_TOKEN: Final = 1.0
"""Chinese, Japanese, emoji."""


def count_tokens(text: str) -> int:
    """About so many tokens, rather too many than too few; the scripts are told apart by their bytes in UTF-8."""
    if text.isascii():
        return round(len(text) / _ASCII_A_TOKEN)
    narrow = len(text.encode("ascii", "ignore"))
    others = len(text) - narrow
    # Of the others each takes two bytes, or three and more if it is wide.
    wide = min(others, len(text.encode("utf-8", "surrogatepass")) - narrow - 2 * others)
    return round(narrow / _ASCII_A_TOKEN + (others - wide) / _TWO_BYTES_A_TOKEN + wide / _WIDE_A_TOKEN)


def within_tokens(text: str, tokens: int) -> str:
    """The text's beginning that is about so many tokens."""
    counted = count_tokens(text)
    return text if counted <= tokens else text[: len(text) * tokens // counted]


def fair_shares(sizes: Sequence[int], total: int) -> list[int]:
    """How much of each is taken so that all of it fits: the small ones whole, the rest in equal parts."""
    shares = [0] * len(sizes)
    left = total
    by_size = sorted(range(len(sizes)), key=lambda place: sizes[place])
    for position, place in enumerate(by_size):
        shares[place] = min(sizes[place], left // (len(sizes) - position))
        left -= shares[place]
    return shares
