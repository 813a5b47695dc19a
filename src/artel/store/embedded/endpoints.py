"""Where the running embedded servers listen, and how that is told to other processes of the same data directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import orjson

SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class PostgresEndpoint:
    """One running PostgreSQL: a unix socket in a private directory and a port on 127.0.0.1."""

    socket_directory: str
    port: int
    password: str = field(repr=False)
    """Of the superuser."""

    def dsn(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A URL over the unix socket, which is faster than TCP. Without `password` it is the superuser's."""
        credentials = self._credentials(user, password)
        place = urlencode({"host": self.socket_directory, "port": self.port}, quote_via=quote)
        return f"postgresql://{credentials}@/{quote(database, safe='')}?{place}"

    def tcp_dsn(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A URL over TCP, for tools that know no sockets."""
        return f"postgresql://{self._credentials(user, password)}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def _credentials(self, user: str, password: str | None) -> str:
        return f"{quote(user, safe='')}:{quote(self.password if password is None else password, safe='')}"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Everything that runs for one data directory."""

    postgres: tuple[PostgresEndpoint, ...]
    redis_url: str | None
    """`unix:///...`, or None when no Valkey was asked for."""
    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Paths of the sockets of what runs beside the servers, by what it is for."""

    def to_json(self) -> bytes:
        """For other processes of the same user; holds passwords."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, raw: bytes) -> Endpoints:
        """The opposite of `to_json`."""
        value = orjson.loads(raw)
        companions = {what: tuple(sockets) for what, sockets in value["companions"].items()}
        return cls(tuple(PostgresEndpoint(**item) for item in value["postgres"]), value["redis_url"], companions)


def socket_url(socket: Path) -> str:
    """A Redis URL of a unix socket."""
    return f"unix://{quote(str(socket))}"
