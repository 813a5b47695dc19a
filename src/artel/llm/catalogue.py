"""All models that a user can choose from, with their prices, and how each provider is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from artel.kit.secrets import key_hint
from artel.llm.access import Access, AccessBook, Source
from artel.llm.errors import ModelError
from artel.llm.model_lists import ListedModel, ModelLists
from artel.llm.pricing import ListPrice, PriceBook
from artel.llm.providers import DEMO, PROVIDERS
from artel.llm.refs import Credentials, ModelRef

PATIENCE: Final = 2.5
"""Seconds that a provider's list is waited for."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model to choose. Prices are US dollars per million tokens; None where they are not known."""

    ref: ModelRef
    label: str
    price: ListPrice
    source: Source


@dataclass(frozen=True, slots=True)
class CatalogueProvider:
    """How a provider is connected for this user. error: the code of what went wrong when its models were asked for.

    base_url and key_hint are told of the user's own and of found servers only, not of the administrator's.
    """

    provider: str
    label: str
    source: Source
    base_url: str | None
    key_hint: str | None
    needs_key: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is to choose."""

    models: list[CatalogueModel]
    providers: list[CatalogueProvider]
    default: ModelRef


class CatalogueReader:
    """Reads the catalogue; dead and slow servers cost it at most PATIENCE seconds, once in a while."""

    def __init__(self, accesses: AccessBook, lists: ModelLists, prices: PriceBook) -> None:
        self._accesses = accesses
        self._lists = lists
        self._prices = prices

    async def read(self, own: Mapping[str, Credentials], default: ModelRef) -> Catalogue:
        """The catalogue of a user with these credentials of their own."""
        parts = await asyncio.gather(*(self._provider(provider, own.get(provider)) for provider in PROVIDERS))
        models = [model for _, listed in parts for model in listed]
        if all(model.ref != default for model in models):
            spec = PROVIDERS.get(default.provider)
            if spec is not None and (source := self._accesses.source(default.provider, own.get(default.provider))):
                models.insert(0, CatalogueModel(default, default.name, self._prices.list_price(default), source))
        return Catalogue(models, [provider for provider, _ in parts], default)

    async def _provider(self, provider: str, own: Credentials | None) -> tuple[CatalogueProvider, list[CatalogueModel]]:
        spec = PROVIDERS[provider]
        source = self._accesses.source(provider, own)
        models: list[CatalogueModel] = []
        error: str | None = None
        url: str | None = None
        if source != "none":
            try:
                access = self._accesses.open(provider, own)
                url = access.credentials.base_url if source in {"own", "local"} else None
                listed, failure = await self._listed(access)
                error = failure.code if failure else None
                models = [self._model(access, model) for model in listed]
            except ModelError as refused:
                error = refused.code
                url = own.base_url if own else None
        hint = key_hint(own.api_key) if source == "own" and own and own.api_key else None
        return CatalogueProvider(provider, spec.label, source, url, hint, spec.needs_key, error), models

    async def _listed(self, access: Access) -> tuple[list[ListedModel], ModelError | None]:
        if access.spec.provider == DEMO:
            return [ListedModel(DEMO, access.spec.label)], None
        return await self._lists.get(access, PATIENCE)

    def _model(self, access: Access, listed: ListedModel) -> CatalogueModel:
        ref = ModelRef(access.spec.provider, listed.name)
        price = self._prices.list_price(ref, None if access.at_usual_address else access.base_url)
        if price.context_tokens is None:
            price = ListPrice(price.input, price.output, listed.context_tokens)
        return CatalogueModel(ref, listed.label, price, access.source)
