"""How many conversations there are at once."""

from __future__ import annotations

import asyncio

import pytest

from artel.tools.mcp import hub as module
from artel.tools.mcp.hub import McpHub
from artel.tools.mcp.model import McpFailure


async def test_a_user_waits_for_the_users_own_seats_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    hub = McpHub(per_user=2)

    async with hub.wire(1), hub.wire(1):
        with pytest.raises(McpFailure) as failed:
            async with hub.wire(1):
                pass
        async with hub.wire(2) as wire:
            assert wire is not None

    assert failed.value.fault.code == "busy"
    async with hub.wire(1), hub.wire(1):
        pass


async def test_all_together_wait_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    hub = McpHub(per_user=2, per_process=1)

    async with hub.wire(1):
        with pytest.raises(McpFailure) as failed:
            async with hub.wire(2):
                pass

    assert failed.value.fault.code == "busy"


async def test_the_wire_is_made_once() -> None:
    hub = McpHub()

    async def wire(user_id: int) -> object:
        async with hub.wire(user_id) as found:
            return found

    assert len({id(each) for each in await asyncio.gather(*(wire(user) for user in range(5)))}) == 1


@pytest.mark.parametrize(
    ("allowed", "transport", "role", "may"),
    [
        (False, "http", "user", True),
        (False, "stdio", "admin", False),
        (True, "stdio", "user", False),
        (True, "stdio", "admin", True),
    ],
)
def test_who_may_use_programs(allowed: bool, transport: module.Transport, role: str, may: bool) -> None:
    assert McpHub(allow_programs=allowed).may_use(transport, role) is may
