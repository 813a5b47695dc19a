"""Which models a user can choose from, and the user's own keys to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from artel.accounts.provider_keys import OwnAccess, ProviderKeys
from artel.agents.config import AgentConfig, ModelChoice
from artel.kit.errors import FieldProblem, Invalid, NotFound
from artel.kit.guard import OutgoingGuard
from artel.llm.catalogue import Catalogue, CatalogueProvider
from artel.llm.pool import ModelPool
from artel.llm.probe import ProbeResult
from artel.llm.providers import DEMO, PROVIDERS, with_scheme
from artel.llm.refs import Credentials, ModelRef
from artel.store.shards import Shards


class NoSuchProvider(NotFound):
    """There is no such provider. GET /my/models/ lists those there are."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Stands for a part of a provider's access that is not to be changed."""


KEEP = Keep()


class UserModels:
    """One user's view of the pool. An administrator's own addresses may be on this machine or in its network."""

    def __init__(self, user_id: int, shards: Shards, pool: ModelPool, keys: ProviderKeys) -> None:
        self._user_id = user_id
        self._shards = shards
        self._pool = pool
        self._keys = keys

    async def catalogue(self) -> Catalogue:
        """Everything there is to choose; dead and slow servers cost it a few seconds at most."""
        return await self._pool.catalogue(await self._own())

    async def default(self) -> ModelRef:
        """What a new agent, and the orchestrator, use until the user chooses."""
        return self._pool.default_model(await self._own())

    async def provider(self, provider: str) -> CatalogueProvider:
        """How a provider is connected for this user.

        Raises:
            NoSuchProvider: the house knows none of this name.
        """
        _known(provider)
        return next(each for each in (await self.catalogue()).providers if each.provider == provider)

    async def connect(self, provider: str, api_key: str | Keep | None, base_url: str | Keep | None) -> None:
        """Stores the user's own key, address or both; None takes a part away.

        Raises:
            NoSuchProvider, AddressRefused, Invalid: nothing was stored.
        """
        if _known(provider) == DEMO:
            raise Invalid("The demo model needs no key and no address.", reason="demo-needs-nothing")
        present = (await self._keys.all(self._user_id)).get(provider) or OwnAccess(None, None, None)
        key = present.api_key if isinstance(api_key, Keep) else api_key
        url = present.base_url if isinstance(base_url, Keep) else base_url
        if key is None and url is None:
            fields = [FieldProblem("api_key", "It is missing.", "missing")]
            raise Invalid("Give a key, an address, or both.", reason="key-or-address", fields=fields)
        if url is not None:
            url = with_scheme(url, PROVIDERS[provider])
            OutgoingGuard(allow_private=await self._is_admin()).check_url(url)
        await self._keys.put(self._user_id, provider, api_key=key, base_url=url)

    async def disconnect(self, provider: str) -> None:
        """Forgets the user's own key and address.

        Raises:
            NoSuchProvider, NoOwnKey: there is nothing to forget.
        """
        await self._keys.delete(self._user_id, _known(provider))

    async def test(self, provider: str, model: str | None) -> tuple[ProbeResult, str]:
        """Asks the provider for a sign of life; answers what came, and the user's language.

        Raises:
            NoSuchProvider: the house knows none of this name.
        """
        own = (await self._own()).get(_known(provider))
        locale = (await self._shards.entry(self._user_id)).locale
        return await self._pool.probe(provider, own, model), locale

    def check(self, config: AgentConfig) -> None:
        """Passes when the configuration names models that may exist: a provider's list may be incomplete or away.

        Raises:
            Invalid: with the field that names what cannot be.
        """
        check_choice(config.model, "model")
        if config.fallback_model is not None:
            check_choice(config.fallback_model, "fallback_model")

    async def _own(self) -> Mapping[str, Credentials]:
        trusted = await self._is_admin()
        return {
            provider: Credentials(access.api_key, access.base_url, trusted=trusted)
            for provider, access in (await self._keys.all(self._user_id)).items()
        }

    async def _is_admin(self) -> bool:
        return (await self._shards.entry(self._user_id)).role == "admin"


def check_choice(choice: ModelChoice, field: str) -> None:
    """Passes when the provider is known, and the model too if the provider's list is closed.

    Raises:
        Invalid: naming the field.
    """
    if choice.provider not in PROVIDERS:
        names = ", ".join(PROVIDERS)
        raise Invalid(
            f"There is no provider {choice.provider!r}. There are: {names}.",
            reason="provider-unknown",
            figures={"provider": choice.provider},
            fields=[FieldProblem(f"{field}.provider", "There is no such provider.", "no_such_provider")],
        )
    if choice.provider == DEMO and choice.name != DEMO:
        raise Invalid(
            f"The demo provider has one model, {DEMO!r}.",
            reason="demo-has-one-model",
            figures={"model": DEMO},
            fields=[FieldProblem(f"{field}.name", "No such model.", "no_such_model")],
        )


def _known(provider: str) -> str:
    if provider not in PROVIDERS:
        raise NoSuchProvider
    return provider
