"""The event stream as an HTTP response (`text/event-stream`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from artel.events.codec import Entry
from artel.events.pulse import Pulse
from artel.events.subscription import Subscription

_RETRY_MS = 2_000
_CHUNK_BYTES = 64 * 1024
"""A chunk may wait in the transport of a client that does not read, beyond the subscription's own bounded buffer."""
_HEARTBEAT = b": heartbeat\n\n"

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
)


class EventStreamResponse(Response):
    """Sends a subscription's events until the client leaves or the subscription is closed.

    Raw ASGI on purpose: one task sends, one watches for the client's leaving, none is made per event. Events that
    wait together go out in one chunk. At the start, and with a heartbeat, the stream tells its position in an `id:` of
    its own: a client takes it for its next `Last-Event-ID`, so even one that never got an event comes back gapless.

    Whoever reads too slowly has its subscription closed by the hub; the stream then ends, and the client comes back.
    """

    def __init__(self, subscription: Subscription, pulse: Pulse, on_end: Callable[[], None] = lambda: None) -> None:
        """on_end: is called once, when the stream is over."""
        super().__init__()
        self._on_end = on_end
        self.raw_headers = list(_HEADERS)
        self._subscription = subscription
        self._pulse = pulse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        subscription = self._subscription
        watcher = asyncio.create_task(_disconnected(receive))
        watcher.add_done_callback(lambda _: subscription.close())
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            with self._pulse.beats(subscription):
                # A task of its own: each event would otherwise be woken through every layer around the application.
                await asyncio.create_task(_stream(subscription, send))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watcher.cancel()
            subscription.close()
            self._on_end()


async def _stream(subscription: Subscription, send: Send) -> None:
    told = subscription.start_id
    if subscription.closed:
        # This process is leaving: the client keeps the position it has and comes back with it.
        await _send_chunk(send, b"retry: %d\n\n" % _RETRY_MS)
        return
    await _send_chunk(send, b"retry: %d\nid: %d\n\n" % (_RETRY_MS, told))
    while True:
        entries = await subscription.next()
        if entries:
            for chunk in _chunks(entries):
                await _send_chunk(send, chunk)
                if subscription.closed:
                    return
            told = entries[-1].id
        elif subscription.closed:
            return
        elif subscription.position > told:
            # Events of other sessions went by: without this, a quiet session's stream would come back with an id that
            # the log may have trimmed long since.
            told = subscription.position
            await _send_chunk(send, b": heartbeat\nid: %d\n\n" % told)
        else:
            await _send_chunk(send, _HEARTBEAT)


def _chunks(entries: list[Entry]) -> Iterator[bytes]:
    """The entries as they go out: joined, but not beyond what one chunk may hold."""
    if len(entries) == 1:
        yield entries[0].sse
        return
    blocks: list[bytes] = []
    size = 0
    for entry in entries:
        block = entry.sse
        if blocks and size + len(block) > _CHUNK_BYTES:
            yield b"".join(blocks)
            blocks, size = [], 0
        blocks.append(block)
        size += len(block)
    yield b"".join(blocks)


async def _send_chunk(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
