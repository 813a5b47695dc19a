"""The whole schema: `METADATA` knows every table, which it does only once all modules of tables are imported."""

from artel.store import (
    identity_tables,
    limits_tables,
    memory_tables,
    process_tables,
    retention_tables,
    shard_tables,
    tool_tables,
)
from artel.store.tables import Base

METADATA = Base.metadata

__all__ = [
    "METADATA",
    "identity_tables",
    "limits_tables",
    "memory_tables",
    "process_tables",
    "retention_tables",
    "shard_tables",
    "tool_tables",
]
