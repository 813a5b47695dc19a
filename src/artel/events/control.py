"""Short messages to every process at once: a run was cancelled, a sign-in was revoked.

Nothing is kept: who is away misses a message. So a message only ever says "look now"; the truth stands in the database,
and who acts on messages also looks there from time to time (and when `Subscriber.on_restored` says so).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import uuid4

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from artel.events.subscriber import Subscriber

_log = structlog.get_logger(__name__)

ControlHandler = Callable[[Mapping[str, Any]], object]
"""Acts on a message; quick. May see the same message twice."""


class ControlChannel:
    """A broadcast bus of small JSON messages, each of a kind.

    The sending process handles its own message at once, even when Redis is away.
    """

    def __init__(self, redis: Redis, subscriber: Subscriber, channel: str = "control") -> None:
        """channel: installations that share a Redis server differ in it."""
        self._redis = redis
        self._subscriber = subscriber
        self._channel = channel
        self._origin = uuid4().hex
        self._handlers: dict[str, list[ControlHandler]] = {}

    def on(self, kind: str, handler: ControlHandler) -> None:
        """`handler` is called with the payload of each message of this kind. Register before `start`."""
        self._handlers.setdefault(kind, []).append(handler)

    async def start(self) -> None:
        """Begins to listen.

        Raises:
            Unavailable: Redis did not confirm in time; messages will come as soon as it is back.
        """
        await self._subscriber.subscribe(self._channel, self._on_message)

    async def publish(self, kind: str, payload: Mapping[str, Any]) -> bool:
        """Tells every process; answers whether Redis took the message. This process has acted on it in any case."""
        self._handle(kind, payload)
        message = orjson.dumps({"origin": self._origin, "kind": kind, "payload": payload})
        try:
            await cast(Any, self._redis).publish(self._channel, message)
        except RedisError as error:
            _log.warning("control_not_published", kind=kind, error=type(error).__name__)
            return False
        return True

    def _on_message(self, message: bytes) -> None:
        content = orjson.loads(message)
        if content["origin"] != self._origin:
            self._handle(content["kind"], content["payload"])

    def _handle(self, kind: str, payload: Mapping[str, Any]) -> None:
        for handler in self._handlers.get(kind, ()):
            handler(payload)
