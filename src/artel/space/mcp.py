"""A user's own MCP servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from artel.tools.mcp.model import OwnClient, Returned, ServerView
from artel.tools.mcp.servers import Also, McpServers, NewServer
from artel.tools.mcp.sign_in import McpSignIns


@dataclass(frozen=True, slots=True)
class UserMcpServers:
    """One user's."""

    user_id: int
    servers: McpServers
    sign_ins: McpSignIns

    async def all(self) -> Sequence[ServerView]:
        """The oldest first."""
        return await self.servers.all(self.user_id)

    def may_add_programs(self, role: str) -> bool:
        """Whether a user of this role may add servers that are programs on this machine."""
        return self.servers.access.hub.may_use("stdio", role)

    async def add(self, new: NewServer, *, also: Also | None = None) -> ServerView:
        """Asks a server for its tools and stores it, whatever comes of that; see `McpServers.add`.

        Raises:
            AddressRefused, ProgramsNotAllowed, TooManyServers: nothing was stored.
        """
        return await self.servers.add(self.user_id, new, also)

    async def refresh(self, server_id: UUID) -> ServerView:
        """Asks for its tools anew. Tools that became other ones ask again, even where they were allowed.

        Raises:
            NoSuchServer: it is not this user's.
        """
        return await self.servers.refresh(self.user_id, server_id)

    async def remove(self, server_id: UUID) -> None:
        """Takes a server away, and its tools from the agents.

        Raises:
            NoSuchServer: it is not this user's.
        """
        await self.servers.remove(self.user_id, server_id)

    async def begin_sign_in(self, server_id: UUID, redirect_uri: str, own: OwnClient | None) -> str:
        """The address at which the user signs in; afterwards they come back to `redirect_uri`.

        Raises:
            NoSuchServer, NoRegistration, SignInImpossible: there is none.
        """
        return await self.sign_ins.begin(self.user_id, server_id, redirect_uri, own)

    async def finish_sign_in(self, state: str, returned: Returned) -> UUID:
        """The server that the user has come back from. What went wrong there stands in its row.

        Raises:
            UnknownSignIn: it was not begun by this user.
        """
        return await self.sign_ins.finish(self.user_id, state, returned)
