"""MCP servers of the isolation suite: the victim's, with a word in every text, and one of each caller's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from artel.app.house import House
from artel.kit.clock import utc_now
from artel.kit.secrets import new_secret, token_hash
from tests.support.isolation_canaries import canary
from tests.support.isolation_http import Caller

_FILL = """
update mcp_servers set tools = $2::jsonb, error = $3::jsonb, command = $4::jsonb, status = 'ready' where user_id = $1
"""
_SIGN_IN = """
insert into mcp_sign_ins (user_id, state_hash, server_id, sealed, expires_at)
select user_id, $2, id, 'sealed', $3 from mcp_servers where user_id = $1
"""


def server_of(caller: Caller) -> dict[str, Any]:
    """A server that the caller may add. Of those who may not name private addresses: one that is not there."""
    is_admin = caller.name in ("the owner", "an administrator")
    return {"name": "Mine", "url": caller.wire.mcp_url if is_admin else "http://mcp.invalid/mcp"}


async def new_server(caller: Caller) -> str:
    """One of the caller's own, and the only one."""
    for server in (await caller.ok("GET", "/my/mcp-servers/"))["items"]:
        await caller.ok("DELETE", f"/my/mcp-servers/{server['id']}/")
    return (await caller.ok("POST", "/my/mcp-servers/", server_of(caller)))["id"]


@dataclass(frozen=True)
class Servers:
    """What the victim has."""

    servers: dict[str, str]
    tools: dict[str, str]
    states: dict[str, str]
    """Of sign-ins that were begun."""
    secret: str


async def victims_servers(house: House, caller: Caller) -> Servers:
    """A server with tools and secrets, at which the victim is about to sign in."""
    user_id = caller.user_id

    def word() -> str:
        return canary(user_id)

    secret = f"Bearer {word()}"
    body = {"name": word(), "url": f"https://{word()}.invalid/mcp", "headers": {f"X-{word()}": secret}}
    server = await caller.ok("POST", "/my/mcp-servers/", body)
    tool = {"tool_id": f"{server['handle']}__{word()}", "name": word(), "label": word(), "description": word()}
    state = new_secret()
    async with house.shards.user_tx(user_id) as tx:
        tools = orjson.dumps([{**tool, "schema": {"type": "object", "title": word()}}]).decode()
        error = orjson.dumps({"code": "tools_left_out", "detail": word()}).decode()
        await tx.execute(_FILL, user_id, tools, error, f'["{word()}"]')
        await tx.execute(_SIGN_IN, user_id, token_hash(state), utc_now() + timedelta(hours=1))
    return Servers({"a server": server["id"]}, {"a tool": tool["tool_id"]}, {"a sign-in": state}, secret)
