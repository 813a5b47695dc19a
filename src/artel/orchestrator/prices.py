"""What the models of a user's agents cost, with the user's own access to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic_ai.usage import RequestUsage

from artel.accounts.provider_keys import ProviderKeys, SealedAccess
from artel.kit.secrets import UnreadableSecret
from artel.llm.pool import ModelPool
from artel.llm.refs import Credentials, ModelRef
from artel.orchestrator.estimate import Price
from artel.store.tx import UserTx


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices that hold for one user."""

    pool: ModelPool
    keys: ProviderKeys
    user_id: int
    access: Mapping[str, SealedAccess]

    def of(self, ref: ModelRef) -> Price:
        """The price of a model."""
        own = self._own(ref.provider)

        def price(input_tokens: int, output_tokens: int) -> Decimal | None:
            usage = RequestUsage(input_tokens=input_tokens, output_tokens=output_tokens)
            return self.pool.price(ref, usage, own)

        return price

    def _own(self, provider: str) -> Credentials | None:
        sealed = self.access.get(provider)
        if sealed is None:
            return None
        try:
            access = self.keys.open(self.user_id, sealed)
        except UnreadableSecret:
            return None
        return Credentials(access.api_key, access.base_url)


@dataclass(frozen=True, slots=True)
class PriceReader:
    """Reads what prices depend on."""

    pool: ModelPool
    keys: ProviderKeys

    async def read(self, tx: UserTx) -> Prices:
        """The prices that hold for the transaction's user."""
        return self.with_access(tx.user_id, await self.keys.read_sealed(tx))

    def with_access(self, user_id: int, access: Mapping[str, SealedAccess]) -> Prices:
        """The same where the user's access was read already."""
        return Prices(self.pool, self.keys, user_id, access)
