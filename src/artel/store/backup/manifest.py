"""What a backup says of itself: before the rows what they are, behind them how many, and their sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import orjson
from pydantic import TypeAdapter, ValidationError

from artel.kit.errors import ArtelError
from artel.kit.sealed_stream import Damaged

FORMAT = 1


class NewerFormat(ArtelError):
    """The backup was made by a newer version of Artel. Install that one, or a newer one."""

    slug = "newer-backup"


@dataclass(frozen=True, slots=True)
class ShardHead:
    """One shard. tables: the columns of each, in the order in which they are loaded."""

    name: str
    is_directory: bool
    tables: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Head:
    """The first member. made_at: ISO 8601, UTC. revision: of the schema.

    key_id: names the secret key without giving it away. secret_key: the key itself, only in an encrypted backup.
    variables: names of those that were set where it was made.
    """

    version: str
    revision: str
    made_at: str
    shards: tuple[ShardHead, ...]
    key_id: str
    variables: tuple[str, ...] = ()
    secret_key: str | None = field(default=None, repr=False)
    format: int = FORMAT

    def to_json(self) -> bytes:
        """As it is stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, raw: bytes) -> Head:
        """The opposite of `to_json`.

        Raises:
            Damaged, NewerFormat: it cannot be read.
        """
        try:
            head = TypeAdapter(Head).validate_json(raw)
        except ValidationError as error:
            raise Damaged from error
        if head.format > FORMAT:
            raise NewerFormat
        return head


@dataclass(frozen=True, slots=True)
class TableSum:
    """Of one table of one shard: its rows, the bytes of their COPY, and the SHA-256 of these."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The last member. sums: by shard and table. sequences: the last value by name, of the directory."""

    sums: Mapping[str, Mapping[str, TableSum]]
    sequences: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(each.rows for tables in self.sums.values() for each in tables.values())

    def to_json(self) -> bytes:
        """As it is stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, raw: bytes) -> Manifest:
        """The opposite of `to_json`.

        Raises:
            Damaged: it cannot be read.
        """
        try:
            return TypeAdapter(Manifest).validate_json(raw)
        except ValidationError as error:
            raise Damaged from error
