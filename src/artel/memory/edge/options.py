"""How the workers of one data directory behave; told to each of them on its command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What may be tuned; tests do."""

    max_open: int = 200
    """Shards that a worker keeps open. An open one costs about 10 MB of page cache and 40 file descriptors."""
    reserve_bytes: int = 256 * 1024 * 1024
    """When less than this is free, nothing is written: the engine writes through memory maps, and a full disk under a
    memory map is no error but the end of the process."""
    renew_after: int = 8_000
    """Changed points after which a shard's index is built anew; for large shards a quarter of their points."""
    flush_seconds: float = 5.0
    index_from_kilobytes: int = 10_000
    """Vectors of a segment from which on it gets an index; below, comparing with all of them is as quick."""

    def to_json(self) -> str:
        """For the command line."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> EdgeOptions:
        """The opposite of `to_json`."""
        return cls(**orjson.loads(text))
