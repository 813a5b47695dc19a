"""Prices are exact, from the data that is installed, and unknown ones are not zero."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic_ai.usage import RequestUsage, RunUsage

from artel.llm.pricing import PriceBook
from artel.llm.refs import ModelRef

BOOK = PriceBook(lambda: datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("provider", "name", "usage", "price"),
    [
        ("openai", "gpt-4o", RequestUsage(input_tokens=1_000_000), "2.5"),
        ("openai", "gpt-4o", RequestUsage(output_tokens=1_000_000), "10"),
        ("openai", "gpt-4o", RequestUsage(input_tokens=3, output_tokens=7), "0.0000775"),
        ("openai", "gpt-4o", RequestUsage(input_tokens=1_000_000, cache_read_tokens=1_000_000), "1.25"),
        ("openai", "gpt-4o", RunUsage(input_tokens=1_000_000), "2.5"),
        ("openai", "gpt-4o-2024-08-06", RequestUsage(input_tokens=1_000_000), "2.5"),
        ("anthropic", "claude-3-haiku", RequestUsage(input_tokens=1_000_000), "0.25"),
        ("openai", "gpt-4o", RequestUsage(), "0"),
        ("ollama", "anything", RequestUsage(input_tokens=1_000_000), "0"),
        ("vllm", "anything", RequestUsage(unmeasured_requests=1), "0"),
        ("demo", "demo", RequestUsage(output_tokens=9), "0"),
        ("openai", "no-such-model-xyz", RequestUsage(input_tokens=1), None),
        ("openai", "gpt-4o", RequestUsage(unmeasured_requests=1), None),
        ("custom", "gpt-4o", RequestUsage(input_tokens=1), None),
        ("martian", "gpt-4o", RequestUsage(input_tokens=1), None),
    ],
)
def test_what_usage_costs(provider: str, name: str, usage: RequestUsage | RunUsage, price: str | None) -> None:
    found = BOOK.price(ModelRef(provider, name), usage)
    assert found == (None if price is None else Decimal(price))
    assert found is None or isinstance(found, Decimal)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://api.openai.com/v1", True),
        ("https://api.deepseek.com/v1", False),
        ("http://127.0.0.1:9/v1", False),
    ],
)
def test_a_name_means_nothing_at_another_address(url: str, known: bool) -> None:
    usage = RequestUsage(input_tokens=1)
    assert (BOOK.price(ModelRef("openai", "gpt-4o"), usage, url) is not None) is known
    assert (BOOK.list_price(ModelRef("openai", "gpt-4o"), url).input is not None) is known


def test_a_known_service_is_known_by_its_address() -> None:
    ref = ModelRef("custom", "deepseek-chat")
    assert BOOK.price(ref, RequestUsage(input_tokens=1_000_000), "https://api.deepseek.com/v1")


def test_the_list_price_is_per_million_tokens() -> None:
    price = BOOK.list_price(ModelRef("openai", "gpt-4o"))
    assert (price.input, price.output, price.context_tokens) == (Decimal("2.5"), Decimal("10"), 128_000)
    assert BOOK.list_price(ModelRef("demo", "demo")).output == 0
    assert BOOK.list_price(ModelRef("custom", "x")).input is None
    assert BOOK.list_price(ModelRef("martian", "x")).input is None
    tiered = BOOK.list_price(ModelRef("google", "gemini-2.5-pro"))
    assert tiered.input == Decimal("1.25")


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    book = PriceBook()
    book.load()
    assert book.price(ModelRef("openai", "gpt-4o"), RequestUsage(input_tokens=1))
