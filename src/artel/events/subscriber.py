"""One Redis connection of this process that listens to channels, comes back by itself, and says when it was away."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.events.away import EventsAway
from artel.kit.background import end_tasks

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_CHANNELS_A_COMMAND = 500

Handler = Callable[[bytes], None]
"""Takes one published message; quick, and never raises."""


class Subscriber:
    """Calls a handler for each message of its channel, in order.

    Redis forgets who is away, so messages are lost while the connection is: `on_restored` tells those who listen that
    it stands again, with every channel subscribed, and that they must look up what they missed.
    """

    def __init__(self, redis: Redis, confirm_s: float = 5.0, silence_s: float = 10.0) -> None:
        """redis: where to connect to; its pool is not used, because a listening connection serves nothing else.

        confirm_s: how long a new listener waits for Redis before it is told that the events are unavailable.
        silence_s: after so long without a byte Redis is asked for a sign of life; after twice as long we connect anew.
        """
        self._confirm_s = confirm_s
        self._silence_s = silence_s
        self._pool = redis.connection_pool
        self._handlers: dict[str, Handler] = {}
        self._confirmations: dict[str, deque[list[asyncio.Future[None]]]] = {}
        self._restored: list[Callable[[], None]] = []
        self._connection: Any = None
        self._connected = asyncio.Event()
        self._heard_at = 0.0
        self._pause = _FIRST_PAUSE_S
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Every channel is being listened to; for `/readyz`."""
        return self._connected.is_set()

    def on_restored(self, callback: Callable[[], None]) -> None:
        """`callback` runs each time the connection stands again after it was lost, and once at the start."""
        self._restored.append(callback)

    def start(self) -> None:
        """Begins to listen."""
        self._task = asyncio.create_task(self._run(), name="events-subscriber")

    async def wait_connected(self, timeout: float = 5.0) -> None:
        """Returns when the connection stands.

        Raises:
            Unavailable: Redis cannot be reached in time.
        """
        await _within(timeout, self._connected.wait())

    async def aclose(self) -> None:
        """Stops listening."""
        if self._task:
            await end_tasks(self._task)
            self._task = None

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Listens to a channel; when this returns, no later message is missed while the connection stands.

        Raises:
            Unavailable: Redis did not confirm in time. The handler stays and will be served when Redis is back.
        """
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handlers[channel] = handler
        self._confirmations.setdefault(channel, deque()).append([confirmed])
        await _within(self._confirm_s, self._subscribe_and_wait(channel, confirmed))

    async def _subscribe_and_wait(self, channel: str, confirmed: asyncio.Future[None]) -> None:
        await self._send("SUBSCRIBE", channel)
        await confirmed

    async def unsubscribe(self, channel: str, handler: Handler) -> None:
        """Stops listening to a channel, unless another handler has taken it over in the meantime."""
        if self._handlers.get(channel) == handler:
            del self._handlers[channel]
            await self._send("UNSUBSCRIBE", channel)

    async def _send(self, command: str, *channels: str) -> None:
        connection = self._connection
        if connection is None:  # the next connection begins with all channels that have a handler
            return
        try:
            await connection.send_command(command, *channels)
        except (RedisError, OSError):
            # The reader sees the same broken connection and starts a new one.
            self._forget(connection)

    async def _run(self) -> None:
        while True:
            try:
                await self._serve()
            except (RedisError, OSError, TimeoutError) as error:
                if self._pause == _FIRST_PAUSE_S:  # once for each time it is lost, not for each try to come back
                    _log.warning("events_subscriber_lost", error=type(error).__name__)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    async def _serve(self) -> None:
        """Connects, subscribes to everything, and reads until the connection breaks."""
        connection = self._pool.connection_class(**self._connection_options())
        watchdog: asyncio.Task[None] | None = None
        try:
            await connection.connect()
            self._heard_at = asyncio.get_running_loop().time()
            await self._resubscribe(connection)
            watchdog = asyncio.create_task(self._watch(connection), name="events-subscriber-watchdog")
            while True:
                reply = await self._read(connection)
                self._take(reply)
        finally:
            if watchdog:
                watchdog.cancel()
            self._forget(connection)
            await connection.disconnect(nowait=True)

    def _connection_options(self) -> dict[str, Any]:
        # RESP3 would hand every message to a push handler of redis-py that formats it for a debug log.
        # Without a socket timeout a send does not run in a task of its own; the watchdog is the timeout.
        return {**self._pool.connection_kwargs, "protocol": 2, "socket_timeout": None}

    async def _resubscribe(self, connection: Any) -> None:
        channels = list(self._handlers)
        for channel, waiting in self._confirmations.items():
            # One SUBSCRIBE per channel from here on, so one confirmation answers all who wait.
            everyone = [future for group in waiting for future in group]
            waiting.clear()
            if channel in self._handlers:
                waiting.append(everyone)
        unconfirmed = set(channels)
        self._connection = connection
        for start in range(0, len(channels), _CHANNELS_A_COMMAND):
            await connection.send_command("SUBSCRIBE", *channels[start : start + _CHANNELS_A_COMMAND])
        while unconfirmed:
            reply = await self._read(connection)
            self._take(reply)
            if reply[0] == b"subscribe":
                unconfirmed.discard(reply[1].decode())
            unconfirmed.intersection_update(self._handlers)
        self._connected.set()
        self._pause = _FIRST_PAUSE_S
        _log.info("events_subscriber_stands", channels=len(channels))
        for callback in self._restored:
            callback()

    async def _read(self, connection: Any) -> list[Any]:
        reply = await connection.read_response(
            disable_decoding=True, timeout=math.inf, disconnect_on_error=False, push_request=True
        )
        self._heard_at = asyncio.get_running_loop().time()
        return cast(list[Any], reply) if isinstance(reply, list) else [reply]

    def _take(self, reply: list[Any]) -> None:
        kind = reply[0]
        if kind == b"message":
            handler = self._handlers.get(reply[1].decode())
            if handler:
                _call(handler, reply[2])
        elif kind == b"subscribe":
            self._confirm(reply[1].decode())

    def _confirm(self, channel: str) -> None:
        waiting = self._confirmations.get(channel)
        if not waiting:
            return
        _resolve(waiting.popleft())
        if not waiting:
            del self._confirmations[channel]

    def _forget(self, connection: Any) -> None:
        if self._connection is connection:
            self._connection = None
            self._connected.clear()

    async def _watch(self, connection: Any) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._silence_s / 2)
            silence = loop.time() - self._heard_at
            if silence > 2 * self._silence_s:
                await connection.disconnect(nowait=True)
                return
            if silence > self._silence_s:
                await self._send("PING")


def _call(handler: Handler, message: bytes) -> None:
    try:
        handler(message)
    except Exception as error:  # one bad message or handler must not end the events of the whole process
        _log.exception("events_handler_failed", error=type(error).__name__)


def _resolve(futures: Iterable[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def _within(seconds: float, work: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError as error:
        raise EventsAway from error
