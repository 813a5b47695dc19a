"""Money: exact inside, "$1.23" outside."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.kit.money import format_usd, parse_usd

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=9)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("1.2", "$1.20"),
        ("0.000412", "$0.000412"),
        ("1200", "$1200.00"),
        ("1E+3", "$1000.00"),
        ("-0.5", "-$0.50"),
        ("1.230000", "$1.23"),
    ],
)
def test_every_digit_that_counts_and_at_least_two(amount: str, text: str) -> None:
    assert format_usd(Decimal(amount)) == text


@given(amounts)
def test_what_is_written_reads_as_it_was(amount: Decimal) -> None:
    assert parse_usd(format_usd(amount)) == amount


@pytest.mark.parametrize(
    "text", ["", "$", "one", "NaN", "$Infinity", "1,5", "$1.2.3", "--1", "$-1", "-$-1", "+1", " 1", "1_0", "1E+3", "١"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_usd(text)
