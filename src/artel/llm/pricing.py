"""What a call costs, in exact US dollars, from the data that comes with genai-prices; nothing is ever downloaded.

An unknown price is None, never zero. Zero is the known price of what runs on the owner's own machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Final

from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, TieredPrices
from pydantic_ai.usage import RequestUsage, RunUsage

from artel.kit.clock import Clock, utc_now
from artel.llm.providers import PROVIDERS, ProviderSpec
from artel.llm.refs import ModelRef

FREE: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class ListPrice:
    """The list price of a model in US dollars per million tokens, and how much it can read; None when not known."""

    input: Decimal | None = None
    output: Decimal | None = None
    context_tokens: int | None = None


class PriceBook:
    """Prices by provider and model; `base_url` is where the provider's address is not its usual one."""

    def __init__(self, now: Clock = utc_now) -> None:
        self._now = now

    def load(self) -> None:
        """Reads the data, which otherwise happens at the first question and takes half a second."""
        get_snapshot()

    def price(self, ref: ModelRef, usage: RequestUsage | RunUsage, base_url: str | None = None) -> Decimal | None:
        """The exact cost of this usage; None when the price, or the usage itself, is not known."""
        spec = PROVIDERS.get(ref.provider)
        if spec is None:
            return None
        if spec.free:
            return FREE
        if usage.unmeasured_requests:
            return None
        moment = self._now().astimezone(UTC)
        try:
            if _is_usual(spec, base_url):
                if spec.prices is None:
                    return None
                found = calc_price(usage, ref.name, provider_id=spec.prices, genai_request_timestamp=moment)
            else:
                found = calc_price(usage, ref.name, provider_api_url=base_url, genai_request_timestamp=moment)
        except (LookupError, ValueError):
            return None
        return found.total_price

    def list_price(self, ref: ModelRef, base_url: str | None = None) -> ListPrice:
        """What the model costs per million tokens; of tiers the first."""
        spec = PROVIDERS.get(ref.provider)
        if spec is None:
            return ListPrice()
        if spec.free:
            return ListPrice(FREE, FREE, None)
        info = _find(spec, ref.name, base_url)
        if info is None:
            return ListPrice()
        price = info.get_prices(self._now().astimezone(UTC))
        return ListPrice(_base(price.input_mtok), _base(price.output_mtok), info.context_window)


def _is_usual(spec: ProviderSpec, base_url: str | None) -> bool:
    return base_url is None or (spec.base_url is not None and base_url.startswith(spec.base_url))


def _find(spec: ProviderSpec, name: str, base_url: str | None) -> ModelInfo | None:
    usual = _is_usual(spec, base_url)
    if usual and spec.prices is None:
        return None
    try:
        return get_snapshot().find_provider_model(
            name, None, spec.prices if usual else None, None if usual else base_url
        )[1]
    except LookupError:
        return None


def _base(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price.base if isinstance(price, TieredPrices) else price
