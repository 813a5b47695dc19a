"""How a user's memory is at the moment, for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from artel.memory.context import Trouble
from artel.memory.embed.late import LateEmbedder
from artel.store.tx import UserTx

Status = Literal["ready", "indexing", "rebuilding", "degraded", "off"]
Reason = Literal["unreachable", "full", "lost", "embedder"]

_MANY: Final = 0.5
"""When more of what was indexed than this waits again, an index is being built anew."""


@dataclass(frozen=True, slots=True)
class MemoryState:
    """total: passages that can be recalled; waiting: of them, those that are not in the index yet, or not as they are
    now; forgetting: deleted ones that are still in it.

    status: `rebuilding` while the index, or its vectors for another model, are made anew: `progress` says how far that
    is (0 to 1); `degraded` with at least one of `reasons`; `off` where this installation has no vector store.
    model: of the embeddings, None when only words are searched; next_model: the one that replaces it meanwhile.
    """

    status: Status
    reasons: tuple[Reason, ...]
    total: int
    waiting: int
    forgetting: int
    model: str | None
    next_model: str | None
    progress: float | None


async def read_state(tx: UserTx, troubles: Sequence[Trouble] | None, embedder: LateEmbedder | None) -> MemoryState:
    """The state of the transaction's user.

    troubles: `await house.memory.troubles()`, asked before the transaction; None when there is no memory
    (`house.memory is None`). embedder: `house.memory.embedder`; None when it is switched off.
    """
    row = await tx.fetchrow(_STATE, tx.user_id)
    assert row is not None
    reasons = _reasons(tx.user_id, troubles or (), embedder)
    total, waiting, old = row["total"], row["waiting"], row["elsewhere"] if row["next_space"] else 0
    left = max(waiting, old)
    is_rebuilding = bool(row["next_space"]) or (total > 0 and row["never"] > _MANY * total and row["compared"])
    status: Status = "ready"
    if troubles is None:
        status = "off"
    elif reasons:
        status = "degraded"
    elif is_rebuilding and left:
        status = "rebuilding"
    elif waiting or row["unremembered"]:
        status = "indexing"
    return MemoryState(
        status=status,
        reasons=reasons,
        total=total,
        waiting=waiting,
        forgetting=row["forgetting"],
        model=row["space"],
        next_model=row["next_space"],
        progress=round(1 - left / total, 4) if status == "rebuilding" else None,
    )


def _reasons(user_id: int, troubles: Sequence[Trouble], embedder: LateEmbedder | None) -> tuple[Reason, ...]:
    """Another user's lost index is no affair of this one."""
    found: list[Reason] = [trouble.kind for trouble in troubles if trouble.kind != "lost" or user_id in trouble.users]
    if embedder is not None and embedder.is_away:
        found.append("embedder")
    return tuple(dict.fromkeys(found))


_STATE: Final = """
select count(*) filter (where superseded_by is null) as total,
    count(*) filter (where indexed_revision < revision and superseded_by is null) as waiting,
    count(*) filter (where indexed_revision = 0 and superseded_by is null) as never,
    count(*) filter (where superseded_by is null and indexed_space is distinct from (
        select next_space from memory_state where user_id = $1
    )) as elsewhere,
    (select count(*) from memory_deletions where user_id = $1) as forgetting,
    exists (select from messages where user_id = $1 and not remembered) as unremembered,
    (select space from memory_state where user_id = $1) as space,
    (select next_space from memory_state where user_id = $1) as next_space,
    exists (select from memory_state where user_id = $1 and compared_at is not null) as compared
from memories where user_id = $1
"""
