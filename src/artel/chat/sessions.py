"""One user's conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, tuple_

from artel.bus.model import NoSuchSession
from artel.kit.clock import Clock, utc_now
from artel.kit.ids import IdMaker
from artel.store.shards import Shards
from artel.store.tables import ChatSession
from artel.store.tx import UserTx

MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class SessionView:
    """A conversation in the list. The title is empty until the first message gives one."""

    id: int
    title: str
    created_at: datetime
    updated_at: datetime
    running: bool
    """Something in it is being worked on, or waits for a seat."""
    memory: bool = True
    """What is said in it is remembered."""


@dataclass(frozen=True, slots=True)
class SessionCursor:
    """Where a page of the list ended."""

    updated_at: datetime
    id: int


class Sessions:
    """Makes, lists, changes and deletes them."""

    def __init__(self, user_id: int, shards: Shards, ids: IdMaker, clock: Clock = utc_now) -> None:
        self._user_id = user_id
        self._shards = shards
        self._ids = ids
        self._clock = clock

    async def create(
        self, title: str = "", *, also: Callable[[UserTx, SessionView], Awaitable[None]] | None = None
    ) -> SessionView:
        """A new conversation; `also` runs in the same transaction."""
        now = self._clock()
        row = ChatSession(
            user_id=self._user_id, id=self._ids.number(), title=title, created_at=now, updated_at=now, memory=True
        )
        view = _view(row, ())
        async with self._shards.user_tx(self._user_id) as tx:
            tx.session.add(row)
            await tx.session.flush()
            if also:
                await also(tx, view)
        return view

    async def page(self, limit: int, after: SessionCursor | None = None) -> tuple[Sequence[SessionView], bool]:
        """The most recently used first, at most `limit`; and whether there are more."""
        query = select(ChatSession).where(ChatSession.user_id == self._user_id)
        if after is not None:
            position = tuple_(ChatSession.updated_at, ChatSession.id)
            query = query.where(position < (after.updated_at, after.id))
        query = query.order_by(ChatSession.updated_at.desc(), ChatSession.id.desc()).limit(limit + 1)
        async with self._shards.user_tx(self._user_id) as tx:
            rows = (await tx.session.scalars(query)).all()
            at_work = await _at_work(tx)
        return [_view(row, at_work) for row in rows[:limit]], len(rows) > limit

    async def require(self, session_id: int) -> None:
        """Passes if the conversation is this user's.

        Raises:
            NoSuchSession: it is not.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            await find_session(tx, session_id)

    async def change(self, session_id: int, *, title: str | None, memory: bool | None) -> SessionView:
        """Gives it another title, or switches its memory; its place in the list stays.

        Raises:
            NoSuchSession: it is not this user's.
        """
        async with self._shards.user_tx(self._user_id) as tx:
            row = await find_session(tx, session_id)
            if title is not None:
                row.title = title
            if memory is not None:
                row.memory = memory
            return _view(row, await _at_work(tx))

    async def remove(self, tx: UserTx, session_id: int) -> None:
        """Removes it with everything in it, in the transaction that stopped its work (`Bus.cancel_session`)."""
        await tx.session.execute(
            delete(ChatSession).where(ChatSession.user_id == tx.user_id, ChatSession.id == session_id)
        )


async def find_session(tx: UserTx, session_id: int) -> ChatSession:
    """The row of a conversation.

    Raises:
        NoSuchSession: it is not this transaction's user's.
    """
    row = await tx.session.scalar(
        select(ChatSession).where(ChatSession.user_id == tx.user_id, ChatSession.id == session_id)
    )
    if row is None:
        raise NoSuchSession
    return row


async def entitle(tx: UserTx, session_id: int, title: str) -> None:
    """Gives a conversation a title if it has none."""
    await tx.execute(
        "update chat_sessions set title = $3 where user_id = $1 and id = $2 and title = ''",
        tx.user_id,
        session_id,
        title[:MAX_TITLE],
    )


async def is_at_work(tx: UserTx, session_id: int) -> bool:
    """Whether something in the conversation is being worked on."""
    return session_id in await _at_work(tx)


def _view(row: ChatSession, at_work: Collection[int]) -> SessionView:
    return SessionView(row.id, row.title, row.created_at, row.updated_at, row.id in at_work, row.memory)


async def _at_work(tx: UserTx) -> Collection[int]:
    rows = await tx.fetch(_AT_WORK, tx.user_id)
    return {row["session_id"] for row in rows}


# Two queries, because each state of unfinished work has a partial index of its own.
_AT_WORK = """
select session_id from tasks where user_id = $1 and status = 'running'
union select session_id from tasks where user_id = $1 and status = 'ready'
union select session_id from approval_requests where user_id = $1 and status = 'pending'
"""
