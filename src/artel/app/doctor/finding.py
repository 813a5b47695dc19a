"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """code: stable, for programs. says: one sentence, without secrets and without content. remedy: what to do."""

    code: str
    severity: Severity
    says: str
    remedy: str


CODES: Final = {
    "public_url_http": "the address that browsers use is not https",
    "open_without_https": "listens on the network, and no https is named",
    "proxies_trusted": "every address may say who the client is",
    "strangers_and_power": "everybody may register, and agents reach the private network",
    "same_database_twice": "one database is named as two shards",
    "secret_key_in_file": "stores of your own, but the secret key is in one machine's data directory",
    "weak_secret_key": "the secret key could be guessed",
    "key_rotation_open": "old secret keys are still named",
    "no_vector_store": "stores of your own, but none for memory",
    "never_started": "there is no installation in the data directory",
    "stopped": "nothing runs on the data directory, so its stores were not looked at",
    "data_not_writable": "the data directory cannot be written",
    "secret_readable": "others on this machine can read the secret key",
    "other_owner": "the data directory belongs to another user",
    "disk_full": "less than 256 MB are left on the disk of the data directory",
    "disk_low": "less than 2 GB are left there",
    "few_open_files": "too few files may be open for many event streams",
    "no_walls": "the kernel does not confine tools and parsers",
    "postgres_away": "a database does not answer",
    "postgres_old": "PostgreSQL is older than 16",
    "postgres_slow": "a database takes long to answer",
    "schema_missing": "a database has no schema",
    "schema_behind": "a schema is older than this program",
    "schema_ahead": "a schema is newer than this program",
    "restore_unfinished": "a restore was begun and not finished",
    "shards_mixed_up": "databases are named in the wrong order, or twice",
    "role_too_strong": "the app's role may do what it must not",
    "table_open": "row-level security does not hold on a table",
    "clock_skew": "the clocks of this machine and of a store differ",
    "no_space": "accounts without a space on their shard",
    "stray_space": "spaces on shards where their users do not live",
    "move_unfinished": "users who are being moved to another shard",
    "unknown_shard": "accounts on shards that are not named",
    "stuck_tasks": "tasks whose process is gone, while others are at work",
    "waiting_tasks": "tasks that nobody takes",
    "nobody_at_work": "no process takes tasks",
    "lost_approvals": "questions to which no task waits",
    "runs_without_tasks": "runs that nothing goes on with",
    "memory_behind": "memory has not been indexed for over an hour",
    "redis_away": "Redis does not answer",
    "redis_old": "Redis is older than 7",
    "redis_evicts": "Redis may throw keys away",
    "redis_forgets": "Redis keeps nothing on disk",
    "redis_cluster": "Redis runs in cluster mode",
    "memory_away": "the vector store, or the model for memory, is in trouble",
    "model_away": "a provider of models does not answer to the server's key",
}
"""Everything it looks for. docs/backups.md lists the same."""
