"""A user's server, opened: its secrets for as long as one conversation, its tokens fresh."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from artel.kit.errors import Forbidden
from artel.kit.secrets import UnreadableSecret
from artel.store.shards import Shards
from artel.tools.mcp import rows
from artel.tools.mcp.hub import McpHub
from artel.tools.mcp.model import McpFailure, Secrets, SignInNeeded, Target
from artel.tools.mcp.sealed import McpSecrets

if TYPE_CHECKING:
    from artel.tools.mcp.wire.wire import Wire

_EARLY_SECONDS: Final = 60.0
"""Before their end tokens are renewed: a call takes its time."""
_CLAIM_SECONDS: Final = 40.0
"""Longer than a renewal can take, so that a refresh token, which often works once, is never sent twice."""
_LOOK_SECONDS: Final = 0.25
_LOOKS: Final = 80


class ProgramsNotAllowed(Forbidden):
    """Servers that are programs on this machine are for administrators, and only where the installation allows them."""

    slug = "programs-not-allowed"


T = TypeVar("T")
Act = Callable[["Wire", Target], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class McpAccess:
    """Opens servers for their users."""

    shards: Shards
    hub: McpHub
    secrets: McpSecrets
    now: Callable[[], float] = time.time

    def open(self, user_id: int, row: rows.Row, role: str) -> Target:
        """The server as one connects to it.

        Raises:
            McpFailure: this user may not have such a server (any more), or its secrets cannot be read.
        """
        view = row.view
        if not self.hub.may_use(view.transport, role):
            raise McpFailure("not_allowed", ProgramsNotAllowed().detail)
        try:
            secrets = self.secrets.open(user_id, view.id, row.sealed)
        except UnreadableSecret as error:
            raise McpFailure("unreadable_secret", error.detail) from error
        return Target(
            transport=view.transport,
            url=view.url,
            command=row.command,
            secrets=secrets,
            protocol=row.protocol,
            may_go_anywhere=role == "admin",
        )

    async def use(self, user_id: int, server_id: UUID, target: Target, act: Act[T]) -> T:
        """Carries out a conversation; tokens that ended are renewed, once.

        Raises:
            McpFailure: as `act` does, or too many are under way; SignInNeeded when nothing but the user helps.
        """
        async with self.hub.wire(user_id) as wire:
            tokens = target.secrets.tokens
            if tokens and tokens.expires_at is not None and tokens.expires_at - _EARLY_SECONDS <= self.now():
                target = await self._renewed(wire, user_id, server_id, target) or target
            try:
                return await act(wire, target)
            except SignInNeeded:
                renewed = await self._renewed(wire, user_id, server_id, target)
                if renewed is None:
                    raise
            return await act(wire, renewed)

    async def _renewed(self, wire: Wire, user_id: int, server_id: UUID, target: Target) -> Target | None:
        """With new tokens, made by us or by somebody else meanwhile; None where there is no way to get any."""
        tokens, client = target.secrets.tokens, target.secrets.client
        if tokens is None or client is None or tokens.refresh_token is None:
            return None
        for _ in range(_LOOKS):
            async with self.shards.user_tx(user_id) as tx:
                row = await rows.find(tx, server_id)
                stored = self.secrets.open(user_id, server_id, row.sealed)
                if stored.tokens != tokens:
                    return replace(target, secrets=stored)
                is_ours = await rows.claim_renewal(tx, server_id, _CLAIM_SECONDS)
                # Read again under the claim: meanwhile another may have renewed it, or a new secret key sealed it anew.
                row = await rows.find(tx, server_id)
                stored = self.secrets.open(user_id, server_id, row.sealed)
                if is_ours and stored.tokens != tokens:
                    await rows.renew(tx, server_id, was=row.sealed, sealed=row.sealed)
                    return replace(target, secrets=stored)
            if is_ours:
                made = await self._renew(wire, user_id, row, stored, may_go_anywhere=target.may_go_anywhere)
                return replace(target, secrets=made)
            await asyncio.sleep(_LOOK_SECONDS)
        raise McpFailure("busy", "The sign-in at the server is being renewed. Try again in a moment.")

    async def _renew(
        self, wire: Wire, user_id: int, row: rows.Row, stored: Secrets, *, may_go_anywhere: bool
    ) -> Secrets:
        assert stored.client is not None
        assert stored.tokens is not None
        server_id = row.view.id
        secrets, sealed = stored, row.sealed
        try:
            made = await wire.renew(stored.client, stored.tokens, may_go_anywhere=may_go_anywhere)
            secrets = replace(stored, tokens=made)
            sealed = self.secrets.seal(user_id, server_id, secrets)
        except McpFailure as failure:
            if failure.fault.code == "sign_in_failed":
                raise SignInNeeded from failure
            raise
        finally:
            async with self.shards.user_tx(user_id) as tx:
                await rows.renew(tx, server_id, was=row.sealed, sealed=sealed)
        return secrets
