"""Signing in at a server with OAuth: begun in one request, finished in another, perhaps of another process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from artel.kit.clock import Clock, utc_now
from artel.kit.errors import Invalid, NotFound
from artel.kit.secrets import UnreadableSecret, new_secret, token_hash
from artel.tools.mcp import rows
from artel.tools.mcp.model import McpFailure, OwnClient, Pending, Returned
from artel.tools.mcp.servers import McpServers

LIFETIME: Final = timedelta(minutes=10)
_MAX_OPEN: Final = 5
"""Begun sign-ins that are kept of one user; older ones give way."""


class SignInImpossible(Invalid):
    """One cannot sign in at this server."""

    slug = "sign-in-impossible"


class NoRegistration(Invalid):
    """The sign-in server registers nobody by itself. Register Artel there by hand and send the client's id."""

    slug = "no-registration"


class UnknownSignIn(NotFound):
    """This sign-in was not begun by you, is over, or took too long. Begin it again."""

    slug = "unknown-sign-in"


@dataclass(frozen=True, slots=True)
class McpSignIns:
    """Of all users of a process; each call says for whom it is."""

    servers: McpServers
    clock: Clock = utc_now

    async def begin(self, user_id: int, server_id: UUID, redirect_uri: str, own: OwnClient | None) -> str:
        """The address at which the user signs in.

        Raises:
            NoSuchServer: it is not this user's.
            NoRegistration: the user must register us by hand and say as whom, in `own`.
            SignInImpossible: there is no way in, or none that is safe.
        """
        access = self.servers.access
        async with access.shards.user_tx(user_id) as tx:
            row = await rows.find(tx, server_id)
            role = tx.entry.role
        if row.view.transport != "http":
            raise SignInImpossible("One does not sign in at a program.", reason="program-without-sign-in")
        state = new_secret()
        try:
            target = access.open(user_id, row, role)
            async with access.hub.wire(user_id) as wire:
                url, pending = await wire.begin_sign_in(target, redirect_uri, state, own)
        except McpFailure as failure:
            if failure.fault.code == "no_registration":
                raise NoRegistration(failure.fault.detail) from failure
            raise SignInImpossible(failure.fault.detail) from failure
        await self._keep(user_id, server_id, state, pending)
        return url

    async def _keep(self, user_id: int, server_id: UUID, state: str, pending: Pending) -> None:
        hashed, now = token_hash(state), self.clock()
        sealed = self.servers.access.secrets.seal_pending(user_id, hashed, pending)
        async with self.servers.access.shards.user_tx(user_id) as tx:
            await tx.execute(_MAKE_ROOM, user_id, now, _MAX_OPEN - 1)
            await tx.execute(_BEGIN, user_id, hashed, server_id, sealed, now + LIFETIME)

    async def finish(self, user_id: int, state: str, returned: Returned) -> UUID:
        """Takes what the user came back with, once; the server is then asked for its tools. Answers which it is.

        What goes wrong at the server stands in its row.

        Raises:
            UnknownSignIn: nothing of the kind was begun by this user in time.
        """
        access = self.servers.access
        hashed = token_hash(state)
        async with access.shards.user_tx(user_id) as tx:
            begun = await tx.fetchrow(_TAKE, user_id, hashed, self.clock())
            role = tx.entry.role
        if begun is None:
            raise UnknownSignIn
        server_id: UUID = begun["server_id"]
        try:
            pending = access.secrets.open_pending(user_id, hashed, begun["sealed"])
            async with access.hub.wire(user_id) as wire:
                tokens = await wire.finish_sign_in(pending, returned, may_go_anywhere=role == "admin")
        except McpFailure as failure:
            async with access.shards.user_tx(user_id) as tx:
                await rows.keep(tx, server_id, rows.Found("needs_sign_in", failure.fault))
            return server_id
        except UnreadableSecret as error:
            raise UnknownSignIn from error
        async with access.shards.user_tx(user_id) as tx:
            row = await rows.find(tx, server_id)
            secrets = access.secrets.open(user_id, server_id, row.sealed)
            secrets = replace(secrets, client=pending.client, tokens=tokens)
            await rows.sign_in(tx, server_id, access.secrets.seal(user_id, server_id, secrets))
        await self.servers.refresh(user_id, server_id)
        return server_id


_MAKE_ROOM = """
delete from mcp_sign_ins where user_id = $1 and (expires_at <= $2 or state_hash in (
    select state_hash from mcp_sign_ins where user_id = $1 order by expires_at desc offset $3
))
"""
_BEGIN = """
insert into mcp_sign_ins (user_id, state_hash, server_id, sealed, expires_at) values ($1, $2, $3, $4, $5)
"""
_TAKE = """
delete from mcp_sign_ins where user_id = $1 and state_hash = $2 and expires_at > $3 returning server_id, sealed
"""
