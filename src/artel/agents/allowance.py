"""What a task may still spend: looked at before every call of a model, and while its answer is being written.

Whoever calls a model goes by these four steps; they cost nothing where no limit is set:

    allowance, access = await Allowance.read(tx, run_id, locale)    # in the transaction that seats the task
    allowance.check()                                               # before each call
    async for piece in allowance.watch(stream, use_so_far): ...     # inside what keeps the call open
    await allowance.refresh(tx)                                     # where a call was charged, before the next

Calls that are in flight elsewhere are not counted until they are written down: each may go over by itself.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar
from uuid import UUID

from artel.accounts.means import Limit, TokenLimit, read_limits, read_means, read_token_limits
from artel.accounts.provider_keys import SealedAccess
from artel.bus.graph import BUDGET_EXCEEDED, LIMIT_REACHED
from artel.bus.model import Fault, ModelUse, TaskFailed
from artel.kit.clock import Clock, utc_now
from artel.kit.money import format_usd
from artel.llm.errors import AnswerUnwanted
from artel.llm.messages import message_for
from artel.store.tx import UserTx

LOOK_SECONDS: Final = 0.25
"""Between two looks at what an answer has cost so far: the estimate takes far longer than a piece of text."""

_T = TypeVar("_T")


class BudgetExceeded(TaskFailed, AnswerUnwanted):
    """Nothing more may be spent; to try again would not help. `use`: the call that was stopped, which is paid for."""

    def __init__(self, limit: Limit | TokenLimit, locale: str, use: ModelUse | None = None) -> None:
        super().__init__(_fault(limit, locale), use=use)


def _fault(limit: Limit | TokenLimit, locale: str) -> Fault:
    if isinstance(limit, Limit):
        text = message_for(BUDGET_EXCEEDED, locale, variant=limit.of, limit=format_usd(limit.usd))
        return Fault(BUDGET_EXCEEDED, text)
    free_at = f"{limit.free_at:%Y-%m-%d %H:%M} UTC"
    text = message_for(LIMIT_REACHED, locale, variant=limit.of, limit=f"{limit.tokens:,}", free_at=free_at)
    return Fault(LIMIT_REACHED, text)


@dataclass(slots=True)
class Allowance:
    """Of one task, or (`run_id` None) of calls whose run has no budget. The tightest of its limits counts."""

    run_id: UUID | None
    locale: str
    limits: tuple[Limit, ...] = ()
    tokens: tuple[TokenLimit, ...] = ()
    clock: Clock = utc_now
    """Which month it is."""
    timer: Callable[[], float] = time.monotonic
    """Seconds."""

    @classmethod
    async def read(cls, tx: UserTx, run_id: UUID | None, locale: str) -> tuple[Allowance, Mapping[str, SealedAccess]]:
        """The allowance, and the user's own access to models: every call needs both, so they are read together."""
        allowance = cls(run_id, locale)
        access, allowance.limits = await read_means(tx, run_id, allowance.clock())
        allowance.tokens = await read_token_limits(tx, allowance.clock())
        return allowance, access

    async def refresh(self, tx: UserTx) -> None:
        """Looks again at the limits and at what is spent, as the transaction sees it."""
        self.limits = await read_limits(tx, self.run_id, self.clock())
        self.tokens = await read_token_limits(tx, self.clock())

    @property
    def left(self) -> Decimal | None:
        """US dollars that may still be spent; None without a limit, negative when more was spent."""
        return min((limit.left for limit in self.limits), default=None)

    def check(self) -> None:
        """Passes when a model may be called.

        Raises:
            BudgetExceeded: nothing is left.
        """
        if self.limits and (limit := self._tightest()).left <= 0:
            raise BudgetExceeded(limit, self.locale)
        for limit in self.tokens:
            if limit.left <= 0:
                raise BudgetExceeded(limit, self.locale)

    def watch(self, stream: AsyncIterable[_T], use_so_far: Callable[[], ModelUse]) -> AsyncIterable[_T]:
        """The same stream, which raises once the answer has cost more than is left. Iterate inside the context that
        keeps the call open: by the error it is closed, and nothing more is written or billed.

        use_so_far: what the call has used by now. One that is not `estimated` is of an answer that is complete: there
        is nothing to stop. Unknown prices count as nothing.

        Raises:
            BudgetExceeded: with what was used.
        """
        return self._watched(stream, use_so_far) if self.limits or self.tokens else stream

    async def _watched(self, stream: AsyncIterable[_T], use_so_far: Callable[[], ModelUse]) -> AsyncIterator[_T]:
        next_look = self.timer()
        async for piece in stream:
            yield piece
            if (now := self.timer()) >= next_look:
                next_look = now + LOOK_SECONDS
                use = use_so_far()
                limit = self._passed(use) if use.estimated else None
                if limit is not None:
                    raise BudgetExceeded(limit, self.locale, use)

    def _passed(self, use: ModelUse) -> Limit | TokenLimit | None:
        """The limit that a call which used so much has passed."""
        if self.limits and use.cost is not None and use.cost > (limit := self._tightest()).left:
            return limit
        tokens = use.input_tokens + use.output_tokens
        return next((limit for limit in self.tokens if tokens > limit.left), None)

    def _tightest(self) -> Limit:
        return min(self.limits, key=lambda limit: limit.left)
