"""What accounts used this month, in sums, asked of the shards they live on: numbers and a time, never content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import structlog
from sqlalchemy import text

from artel.kit.errors import ArtelError
from artel.store.shards import Shards

_log = structlog.get_logger(__name__)

_SUMS: Final = text("select * from account_sums(cast(:accounts as bigint[]), :since)")


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one account. `cost`: US dollars, as far as prices are known; `unpriced`: calls whose price is not.
    `storage`: bytes of files."""

    agents: int
    runs: int
    tokens: int
    cost: Decimal
    unpriced: int
    storage: int
    last_seen: datetime | None


async def sums_of(shards: Shards, accounts: Sequence[tuple[int, str]], since: datetime) -> Mapping[int, Sums]:
    """By the accounts' ids; those of a shard that does not answer are missing. accounts: ids, each with its shard."""
    of_shards: dict[str, list[int]] = defaultdict(list)
    for account_id, shard in accounts:
        of_shards[shard].append(account_id)
    found: dict[int, Sums] = {}
    for shard, ids in of_shards.items():
        try:
            async with shards.shard_system_tx(shard) as session:
                for row in await session.execute(_SUMS, {"accounts": ids, "since": since}):
                    found[row.account_id] = Sums(
                        row.agents, row.runs, row.tokens, row.cost, row.unpriced, row.storage, row.last_seen
                    )
        except ArtelError as error:
            _log.warning("sums_not_read", shard=shard, error=error.slug)
    return found
