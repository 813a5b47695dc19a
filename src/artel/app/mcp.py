"""Users' MCP servers, composed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from artel.approvals.policy import withdraw
from artel.files.store import FileTooLarge, Limits, NewFile, StorageFull, put
from artel.kit.ids import IdMaker
from artel.kit.secrets import SecretBox
from artel.settings import Settings
from artel.store.shards import Shards
from artel.tools.mcp.access import McpAccess
from artel.tools.mcp.hub import McpHub
from artel.tools.mcp.model import Picture
from artel.tools.mcp.sealed import McpSecrets
from artel.tools.mcp.servers import McpServers
from artel.tools.mcp.sign_in import McpSignIns
from artel.tools.mcp.source import McpSource


@dataclass(frozen=True, slots=True)
class Mcp:
    """What the house needs of them."""

    servers: McpServers
    sign_ins: McpSignIns
    source: McpSource


def open_mcp(settings: Settings, shards: Shards, ids: IdMaker, box: SecretBox, limits: Limits) -> Mcp:
    """Nothing is connected to before it is needed, so there is nothing to close."""
    access = McpAccess(shards, McpHub(allow_programs=settings.allow_stdio_mcp), McpSecrets(box))
    servers = McpServers(access, ids, withdraw)

    async def keep_picture(user_id: int, picture: Picture) -> UUID | None:
        file_id = ids.uuid()
        name = f"picture.{picture.media_type.rpartition('/')[2]}"
        try:
            async with shards.user_tx(user_id) as tx:
                await put(tx, NewFile(file_id, name, picture.media_type, picture.content, "tool"), limits)
        except (FileTooLarge, StorageFull):
            return None
        return file_id

    return Mcp(servers, McpSignIns(servers), McpSource(access, keep_picture))
