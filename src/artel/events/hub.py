"""Live events for everyone in this process who listens: one Redis connection, fan-out in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from artel.events.away import EventsAway
from artel.events.feed import Feed, Sink, resync_entry
from artel.events.log import EventLog, Gap
from artel.events.subscriber import Subscriber
from artel.events.subscription import BufferLimits, Subscription
from artel.events.types import Event, Resync
from artel.events.waiter import Waiter
from artel.kit.errors import Unavailable

_ID_DIGITS = 16
"""Ids are below 2**53; what is longer, Redis would not take."""
_LOG_READERS = 16


class Hub:
    """Gives listeners a user's events from a position on, without gap and without duplicate.

    A feed per user is opened with its first listener and closed with its last.
    """

    def __init__(
        self,
        log: EventLog,
        subscriber: Subscriber,
        *,
        on_violation: Callable[[], None],
        limits: BufferLimits | None = None,
        on_resync: Callable[[Resync], None] = lambda _: None,
        on_slow: Callable[[], None] = lambda: None,
    ) -> None:
        """on_violation: is called when an event of another user was stopped (counts `user_isolation_violations`).
        on_resync: of each time that a position could not be found; on_slow: of each listener that was dropped."""
        self._log = log
        self._subscriber = subscriber
        self._on_violation = on_violation
        self._on_resync = on_resync
        self._on_slow = on_slow
        self._limits = limits or BufferLimits()
        self._slots = asyncio.Semaphore(_LOG_READERS)
        self._feeds: dict[int, Feed] = {}
        self._subscriptions: set[Subscription] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._waiters: set[Waiter] = set()
        self._shut = False
        self._closed = False
        subscriber.on_restored(self._mend_all)

    def __len__(self) -> int:
        """How many subscriptions are open."""
        return len(self._subscriptions)

    async def subscribe(
        self,
        user_id: int,
        *,
        session_id: int | None = None,
        last_event_id: str | None = None,
        principal: object = None,
    ) -> Subscription:
        """A place in the user's stream: everything after `last_event_id`, then live; without an id, live from now on.

        An id that the log does not know, or no longer, gives a `resync` first. With `session_id` only events of that
        session and those that concern the whole space are delivered. While the process drains the place is closed from
        the beginning: a browser's EventSource comes back after a stream that ends, and never after an error's status.

        Raises:
            Unavailable: Redis cannot be reached, or the process is about to stop.
        """
        subscription = Subscription(
            user_id, session_id, principal, self._limits, self._leave, self._on_violation, self._on_slow
        )
        if self._shut and not self._closed:
            subscription.close()
            return subscription
        try:
            feed = await self._join(user_id, subscription)
            await self._begin(feed, subscription, last_event_id)
        except RedisError as error:
            subscription.close()
            raise EventsAway from error
        except asyncio.CancelledError:
            # Closed while it was being opened: then only the opening was called off, and the place ends at once.
            task = asyncio.current_task()
            if not subscription.closed or (task is not None and task.cancelling()):
                subscription.close()
                raise
        except BaseException:
            subscription.close()
            raise
        return subscription

    @asynccontextmanager
    async def waiter(self, user_id: int, wanted: Callable[[Event], bool]) -> AsyncGenerator[Waiter]:
        """Listens from now on for the first event that is `wanted`; enter it before you set off what it waits for.

        Raises:
            Unavailable: Redis cannot be reached, or the process is about to stop.
        """
        waiter = Waiter(user_id, wanted, self._on_violation)
        try:
            self._waiters.add(waiter)
            await self._join(user_id, waiter)
            yield waiter
        except RedisError as error:
            raise EventsAway from error
        finally:
            self._waiters.discard(waiter)
            self._part(user_id, waiter)

    def principals(self) -> set[object]:
        """Who listens now (those that came with a principal)."""
        return {each.principal for each in self._subscriptions if each.principal is not None}

    def close(self, chosen: Callable[[object], bool]) -> int:
        """Closes the subscriptions whose principal is chosen; answers how many."""
        doomed = [each for each in self._subscriptions if each.principal is not None and chosen(each.principal)]
        for subscription in doomed:
            subscription.close()
        return len(doomed)

    def close_user(self, user_id: int, chosen: Callable[[object], bool] = lambda _: True) -> int:
        """Closes this user's subscriptions, or the chosen ones of them; answers how many."""
        doomed = [each for each in self._subscriptions if each.user_id == user_id and chosen(each.principal)]
        for subscription in doomed:
            subscription.close()
        return len(doomed)

    @property
    def waiting(self) -> int:
        """How many wait for one event each (`waiter`)."""
        return len(self._waiters)

    def shut(self) -> None:
        """Ends every stream, and each new one as soon as it is there: the clients go to another process."""
        self._shut = True
        for subscription in tuple(self._subscriptions):
            subscription.close()

    def release_waiters(self) -> None:
        """Lets everyone go on who waits for an event, as if their time was over."""
        for waiter in tuple(self._waiters):
            waiter.give_up()

    async def aclose(self) -> None:
        """`shut`, for everyone, and waits for what runs in the background."""
        self.shut()
        self._closed = True
        self.release_waiters()
        for feed in self._feeds.values():
            feed.close()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _begin(self, feed: Feed, subscription: Subscription, last_event_id: str | None) -> None:
        if last_event_id is None:
            subscription.begin(feed.last_id, [], feed.last_id)
            return
        asked = _parse_id(last_event_id)
        if asked is None:
            missed = Gap(await self._log.last_id(feed.user_id), known=False)
        else:
            async with self._slots:
                missed = await self._log.after(feed.user_id, asked)
        if isinstance(missed, Gap):
            reason = Resync(reason="trimmed" if missed.known else "unknown_id")
            self._on_resync(reason)
            news = resync_entry(feed.user_id, missed.last_id, reason)
            subscription.begin(missed.last_id, [news], missed.last_id)
        else:
            subscription.begin(asked or 0, missed.entries, missed.last_id)

    async def _join(self, user_id: int, sink: Sink) -> Feed:
        if self._closed:
            raise Unavailable("The server is about to stop. Connect again in a moment.", reason="stopping")
        feed = self._feeds.get(user_id)
        if feed is None:
            feed = self._feeds[user_id] = Feed(user_id, self._log, self._slots, self._on_resync)
        feed.sinks.add(sink)
        if isinstance(sink, Subscription):
            self._subscriptions.add(sink)
        if feed.opening is None:
            feed.opening = asyncio.create_task(self._open(feed), name=f"events-open-{user_id}")
        # Several may wait for the same opening; one of them going away must not stop it.
        await asyncio.shield(feed.opening)
        return feed

    async def _open(self, feed: Feed) -> None:
        await self._subscriber.subscribe(self._log.channel(feed.user_id), feed.on_message)
        await feed.open()

    def _leave(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        self._part(subscription.user_id, subscription)

    def _part(self, user_id: int, sink: Sink) -> None:
        feed = self._feeds.get(user_id)
        if feed is None:
            return
        feed.sinks.discard(sink)
        if not feed.sinks:
            del self._feeds[user_id]
            feed.close()
            channel = self._log.channel(user_id)
            task = asyncio.create_task(self._subscriber.unsubscribe(channel, feed.on_message))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    def _mend_all(self) -> None:
        for feed in self._feeds.values():
            feed.mend()


def _parse_id(text: str) -> int | None:
    """A `Last-Event-ID` as the log's id, None when it cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
        return None
    return int(text)
