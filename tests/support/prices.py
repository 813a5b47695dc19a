"""Prices for the scripted models, which nobody sells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from pydantic_ai.usage import RequestUsage, RunUsage

from artel.app.house import House
from artel.llm.pricing import PriceBook
from artel.llm.refs import ModelRef

INPUT = Decimal("0.001")
OUTPUT = Decimal("0.01")
"""US dollars a token."""


class TokenPrices(PriceBook):
    """So much a token for every model, except for those with `unpriced` in their name."""

    def price(self, ref: ModelRef, usage: RequestUsage | RunUsage, base_url: str | None = None) -> Decimal | None:
        if "unpriced" in ref.name or usage.unmeasured_requests:
            return None
        return usage.input_tokens * INPUT + usage.output_tokens * OUTPUT


def set_prices(house: House) -> None:
    """From now on calls of this house's models cost something."""
    cast(Any, house.pool)._prices = TokenPrices()
