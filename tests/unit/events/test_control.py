"""Messages to every process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.support.events import EventRoom, NewRoom


def inbox(room: EventRoom, kind: str) -> asyncio.Queue[Mapping[str, Any]]:
    """What a process gets of a kind."""
    queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    room.control.on(kind, queue.put_nowait)
    return queue


async def test_every_process_gets_each_message_once_and_in_order(new_room: NewRoom):
    async with new_room() as here, new_room() as there:
        boxes = [inbox(here, "cancel"), inbox(there, "cancel")]
        for number in range(20):
            assert await here.control.publish("cancel", {"run": number})
        for box in boxes:
            assert [(await asyncio.wait_for(box.get(), 5))["run"] for _ in range(20)] == list(range(20))
            assert box.empty()


async def test_a_kind_is_heard_by_its_handlers_only(room: EventRoom):
    cancel, revoke = inbox(room, "cancel"), inbox(room, "revoke")
    await room.control.publish("revoke", {"user": 1})
    assert revoke.get_nowait() == {"user": 1}
    assert cancel.empty()
    await room.control.publish("nobody listens", {})


async def test_a_faulty_handler_does_not_end_the_messages(new_room: NewRoom):
    async with new_room() as here, new_room() as there:
        there.control.on("bad", lambda payload: payload["missing"])
        box = inbox(there, "good")
        await here.control.publish("bad", {})
        await here.control.publish("good", {"a": 1})
        assert await asyncio.wait_for(box.get(), 5) == {"a": 1}


async def test_the_own_process_acts_even_when_redis_is_away(new_room: NewRoom):
    async with new_room() as room:
        box = inbox(room, "cancel")
        room.raw.connection_pool.connection_kwargs["path"] = "/nowhere"
        await room.raw.connection_pool.disconnect()
        assert not await room.control.publish("cancel", {"run": 1})
        assert box.get_nowait() == {"run": 1}
