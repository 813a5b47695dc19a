"""A server's secrets as they are stored: one sealed value, which opens only for this user and this server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from artel.kit.secrets import SecretBox
from artel.tools.mcp.model import Client, Pending, Secrets, Tokens


class McpSecrets:
    """Seals and opens them."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    def seal(self, user_id: int, server_id: UUID, secrets: Secrets) -> bytes | None:
        """None when there are none."""
        if secrets == Secrets():
            return None
        return self._seal(secrets, _server(user_id, server_id))

    def open(self, user_id: int, server_id: UUID, sealed: bytes | None) -> Secrets:
        """What `seal` was given.

        Raises:
            UnreadableSecret: the server's secret key is another than when it was sealed.
        """
        if sealed is None:
            return Secrets()
        plain: dict[str, Any] = orjson.loads(self._box.open(sealed, _server(user_id, server_id)))
        client, tokens = plain["client"], plain["tokens"]
        return Secrets(
            headers=plain["headers"],
            environment=plain["environment"],
            client=Client(**client) if client else None,
            tokens=Tokens(**tokens) if tokens else None,
        )

    def seal_pending(self, user_id: int, state_hash: bytes, pending: Pending) -> bytes:
        """Of a sign-in that was begun."""
        return self._seal(pending, _sign_in(user_id, state_hash))

    def open_pending(self, user_id: int, state_hash: bytes, sealed: bytes) -> Pending:
        """What `seal_pending` was given.

        Raises:
            UnreadableSecret: as for `open`.
        """
        plain: dict[str, Any] = orjson.loads(self._box.open(sealed, _sign_in(user_id, state_hash)))
        return Pending(Client(**plain["client"]), plain["verifier"], plain["names_itself"])

    def _seal(self, value: Secrets | Pending, context: str) -> bytes:
        return self._box.seal(orjson.dumps(asdict(value)).decode(), context)


def _server(user_id: int, server_id: UUID) -> str:
    return f"mcp_servers/{user_id}/{server_id}"


def _sign_in(user_id: int, state_hash: bytes) -> str:
    return f"mcp_sign_ins/{user_id}/{state_hash.hex()}"
