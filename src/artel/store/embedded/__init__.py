"""PostgreSQL and Valkey as supervised child processes, so that one command starts everything."""

from artel.store.embedded.databases import create_database, drop_database, ensure_database
from artel.store.embedded.directory import DataDirectory, DataDirectoryInUse
from artel.store.embedded.endpoints import Endpoints, PostgresEndpoint
from artel.store.embedded.secret import load_or_create_secret, read_secrets, replace_secrets
from artel.store.embedded.servers import (
    Companions,
    EmbeddedServers,
    MakeCompanions,
    borrow_endpoints,
    no_companions,
    postgres_servers_of,
)
from artel.store.embedded.supervisor import ServerDidNotStart

__all__ = [
    "Companions",
    "DataDirectory",
    "DataDirectoryInUse",
    "EmbeddedServers",
    "Endpoints",
    "MakeCompanions",
    "PostgresEndpoint",
    "ServerDidNotStart",
    "borrow_endpoints",
    "create_database",
    "drop_database",
    "ensure_database",
    "load_or_create_secret",
    "no_companions",
    "postgres_servers_of",
    "read_secrets",
    "replace_secrets",
]
