"""A conversation page by page, with the text so far of answers that are being written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy import select

from artel.bus.model import DELEGATED, TASK
from artel.chat.attachments import files_of
from artel.chat.recalled import recalled_of
from artel.chat.runs import find_task, runs_of_page
from artel.chat.sessions import SessionView, find_session, is_at_work
from artel.chat.tool_calls import calls_of
from artel.chat.views import MessageView, RunView, TaskView, answer_in_the_making, stored_message
from artel.events.away import EventsAway
from artel.events.log import EventLog, PartialText
from artel.store.shards import Shards
from artel.store.tables import Message
from artel.store.tx import UserTx

_UUID_MS_SHIFT = 80
_CLOCKS_DIFFER_MS = 60_000
"""Ids of one run are made together, by processes whose clocks may differ by so much."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page in reading order. Events after `last_event_id` are not in it."""

    session: SessionView
    messages: Sequence[MessageView]
    runs: Sequence[RunView]
    older: UUID | None
    """Where the page before it (in time) ends; None when this is the first of the conversation."""
    last_event_id: int


class History:
    """One user's conversations, read."""

    def __init__(self, user_id: int, shards: Shards, log: EventLog) -> None:
        self._user_id = user_id
        self._shards = shards
        self._log = log

    async def page(self, session_id: int, limit: int, before: UUID | None = None) -> HistoryPage:
        """At most `limit` stored messages, older than `before` if given, and the unfinished answers among them.

        Raises:
            NoSuchSession: the conversation is not this user's.
            Unavailable: the event log does not answer.
        """
        # The log first, the database second: see EventLog.fold_partials.
        partials, last_event_id = await self._partials()
        async with self._shards.user_tx(self._user_id) as tx:
            chat = await find_session(tx, session_id)
            rows, older = await _stored(tx, session_id, limit, before)
            stored = [stored_message(row) for row in rows]
            runs = await runs_of_page(
                tx, session_id, {message.run_id for message in stored}, _since(stored[0].id if older else None)
            )
            running = await is_at_work(tx, session_id)
            calls = await calls_of(tx, [message.id for message in stored] + [view.run.answer_id for view in runs])
            files = await files_of(tx, [message.id for message in stored if message.role == "user"])
            recalled = await recalled_of(tx, {each.id: each.recalled for each in rows if each.recalled})
        session = SessionView(chat.id, chat.title, chat.created_at, chat.updated_at, running, chat.memory)
        messages = [
            replace(
                message,
                tool_calls=calls.get(message.id, ()),
                attachments=files.get(message.id, ()),
                recalled=recalled.get(message.id, ()),
            )
            for message in _with_unfinished(stored, runs, partials, older, before)
        ]
        on_page = {message.run_id for message in messages}
        return HistoryPage(session, messages, [run for run in runs if run.run.id in on_page], older, last_event_id)

    async def message(self, message_id: UUID) -> MessageView | None:
        """A stored message of this user; None while it is not there."""
        async with self._shards.user_tx(self._user_id) as tx:
            row = await tx.session.scalar(
                select(Message).where(Message.user_id == self._user_id, Message.id == message_id)
            )
            if row is None:
                return None
            calls = await calls_of(tx, [message_id])
            files = await files_of(tx, [message_id])
            recalled = await recalled_of(tx, {message_id: row.recalled or ()})
        return replace(
            stored_message(row),
            tool_calls=calls.get(message_id, ()),
            attachments=files.get(message_id, ()),
            recalled=recalled.get(message_id, ()),
        )

    async def task(self, run_id: UUID, name: str) -> TaskView:
        """A task of a run, with its text so far.

        Raises:
            NoSuchTask: there is none of this user.
            Unavailable: the event log does not answer.
        """
        # The log first, as for a page.
        partials, last_event_id = await self._partials()
        async with self._shards.user_tx(self._user_id) as tx:
            row, message = await find_task(tx, run_id, name)
            calls = (await calls_of(tx, [row.message_id])).get(row.message_id, ())
        if message is not None and (row.kind in (TASK, DELEGATED) or message.task_id is None):
            return TaskView(row, message.content, message.usage, message.cost, last_event_id, calls)
        partial = partials.get(row.message_id)
        # What an earlier attempt had written is void, and the log was asked a moment before.
        text = partial.text if partial and partial.attempt == row.epoch else (row.said or "")
        return TaskView(row, text, None, None, last_event_id, calls)

    async def _partials(self) -> tuple[Mapping[UUID, PartialText], int]:
        try:
            return await self._log.fold_partials(self._user_id)
        except RedisError as error:
            raise EventsAway("The event log does not answer. Try again in a moment; nothing was lost.") from error


async def _stored(tx: UserTx, session_id: int, limit: int, before: UUID | None) -> tuple[list[Message], UUID | None]:
    # What a plan's tasks said is not part of the conversation.
    query = select(Message).where(
        Message.user_id == tx.user_id, Message.session_id == session_id, Message.task_id.is_(None)
    )
    if before is not None:
        query = query.where(Message.id < before)
    rows = (await tx.session.scalars(query.order_by(Message.id.desc()).limit(limit + 1))).all()
    page = list(reversed(rows[:limit]))
    return page, page[0].id if len(rows) > limit else None


def _since(oldest: UUID | None) -> UUID | None:
    """The smallest id that a run could have whose answer is newer than this message."""
    if oldest is None:
        return None
    milliseconds = max(0, (oldest.int >> _UUID_MS_SHIFT) - _CLOCKS_DIFFER_MS)
    return UUID(int=milliseconds << _UUID_MS_SHIFT)


def _with_unfinished(
    stored: Sequence[MessageView],
    runs: Sequence[RunView],
    partials: Mapping[UUID, PartialText],
    oldest: UUID | None,
    before: UUID | None,
) -> list[MessageView]:
    """The page with each unfinished answer in its place; a failed answer that is tried again is one."""
    messages = {message.id: message for message in stored}
    for view in runs:
        answer_id = view.run.answer_id
        belongs = (oldest is None or answer_id >= oldest) and (before is None or answer_id < before)
        if view.is_unfinished and belongs:
            messages[answer_id] = answer_in_the_making(view, partials.get(answer_id))
    return sorted(messages.values(), key=lambda message: message.id)
