"""Models and their providers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from artel.gateway.shapes.common import Body, Money, Shape, usd
from artel.llm.catalogue import Catalogue, CatalogueModel, CatalogueProvider
from artel.llm.probe import ProbeResult

Source = Literal["own", "server", "local", "builtin", "none"]
_Plain = StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[\x21-\x7e]+$")


class Model(Shape):
    """A model to choose. Prices are US dollars per million tokens."""

    provider: str = Field(examples=["openai"])
    name: str = Field(examples=["gpt-5-mini"])
    label: str
    input_price: Money
    output_price: Money
    context_tokens: int | None
    source: Source


class Provider(Shape):
    """How a provider is connected for who asks. The key itself is never told."""

    provider: str
    label: str
    source: Source = Field(description="Whose access is used: one's own, the server's, a server found on the machine.")
    base_url: str | None
    key_hint: str | None
    needs_key: bool
    error: str | None = Field(description="The code of what is wrong with it.")


class DefaultModel(Shape):
    """What a new agent uses until its user chooses."""

    provider: str
    name: str


class Models(Shape):
    """Everything there is to choose."""

    items: list[Model]
    providers: list[Provider]
    default: DefaultModel
    next_cursor: None = None


class ProviderIn(Body):
    """One's own access. What is left out stays as it is; null takes it away."""

    api_key: Annotated[str, _Plain] | None = None
    base_url: Annotated[str, _Plain] | None = Field(default=None, examples=["https://llm.example.org/v1"])


class ProviderTest(Body):
    """With a model, that model is also asked for a word."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class ProviderTested(Shape):
    """What the test found."""

    ok: bool
    detail: str
    code: str | None
    models: int
    latency_ms: int


def models(catalogue: Catalogue) -> Models:
    """The catalogue as clients see it."""
    return Models(
        items=[_model(each) for each in catalogue.models],
        providers=[provider(each) for each in catalogue.providers],
        default=DefaultModel(provider=catalogue.default.provider, name=catalogue.default.name),
    )


def provider(known: CatalogueProvider) -> Provider:
    """A provider as clients see it."""
    return Provider(
        provider=known.provider,
        label=known.label,
        source=known.source,
        base_url=known.base_url,
        key_hint=known.key_hint,
        needs_key=known.needs_key,
        error=known.error,
    )


def tested(result: ProbeResult, locale: str) -> ProviderTested:
    """A test's result in the user's language."""
    return ProviderTested(
        ok=result.ok,
        detail=result.detail(locale),
        code=result.code,
        models=result.models,
        latency_ms=round(result.latency * 1_000),
    )


def _model(known: CatalogueModel) -> Model:
    return Model(
        provider=known.ref.provider,
        name=known.ref.name,
        label=known.label,
        input_price=usd(known.price.input),
        output_price=usd(known.price.output),
        context_tokens=known.price.context_tokens,
        source=known.source,
    )
