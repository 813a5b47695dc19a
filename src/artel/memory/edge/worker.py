"""The program of a worker process: it owns the shards of some of the users, and nobody else opens them.

    python -m artel.memory.edge.worker SOCKET ROOT OPTIONS

`SIGTERM` ends it in order. What it was doing when it died otherwise stands in the file `busy` of its working directory:
a shard over which the engine dies again and again is put away, so that it cannot take the other users' down with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.renewals import Renewals
from artel.memory.edge.shapes import as_vector_of, unpack_points, unpack_vectors
from artel.memory.edge.shards import NoShard, OpenShard, ShardBusy, ShardFull, Shards
from artel.memory.engine.host import Host, NotNow, Refused, Reply
from artel.memory.vectors import Vector
from artel.telemetry.logs import configure_logging

Arguments = Mapping[str, Any]

_BUSY: Final = "busy"
_NUMBER: Final = struct.Struct("<q")
_URGENT: Final = frozenset({"search", "count", "ensure", "troubles"})
_WRITES: Final = frozenset({"upsert", "set_vectors", "delete", "delete_session"})
_NEEDS_ROOM: Final = frozenset({"upsert", "set_vectors", "purge"})
_CHANGES_FORM: Final = frozenset({"ensure", "drop_space", "erase"})


class LastBreath:
    """Whose shard the process is working on, where it can be read when the process is no more."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def last(self) -> int | None:
        """Over whose shard the process before this one died, if over any."""
        written = os.pread(self._descriptor, _NUMBER.size, 0)
        user_id = _NUMBER.unpack(written)[0] if len(written) == _NUMBER.size else 0
        os.pwrite(self._descriptor, _NUMBER.pack(0), 0)
        return user_id or None

    @contextmanager
    def over(self, user_id: int) -> Generator[None]:
        """Says it while it lasts."""
        os.pwrite(self._descriptor, _NUMBER.pack(user_id), 0)
        try:
            yield
        finally:
            os.pwrite(self._descriptor, _NUMBER.pack(0), 0)


class EdgeHandler:
    """Carries out what `store.EdgeContext` asks for."""

    def __init__(self, shards: Shards, breath: LastBreath) -> None:
        self.shards = shards
        self.renewals: Renewals | None = None
        self._breath = breath
        self._operations: dict[str, Callable[[int, Arguments, bytes], Reply]] = {
            "ensure": self._ensure,
            "upsert": self._upsert,
            "set_vectors": self._set_vectors,
            "search": self._search,
            "count": self._count,
            "ids": self._ids,
            "ids_without": self._ids_without,
            "delete": self._delete,
            "delete_session": self._delete_session,
            "drop_space": self._drop_space,
            "purge": self._purge,
            "erase": self._erase,
            "is_gone": self._is_gone,
        }

    def is_urgent(self, op: str) -> bool:
        """Somebody waits for searches."""
        return op in _URGENT

    def handle(self, op: str, arguments: Arguments, block: bytes) -> Reply:
        """One request of one user's."""
        if op == "troubles":
            return Reply({"lost": self.shards.lost(), "full": not self.shards.has_room()})
        if (operation := self._operations.get(op)) is None:
            raise Refused("failed", "no such operation")
        user_id = int(arguments["user"])
        self._may_go_on(op, user_id)
        try:
            with self._breath.over(user_id):
                return operation(user_id, arguments, block)
        except (Refused, NotNow):
            raise
        except NoShard as error:
            raise Refused("lost") from error
        except (ShardBusy, ShardFull) as error:
            raise _refusal(error) from error
        except BaseException as error:
            # The engine's panics derive from BaseException alone; those that end the process must go on.
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            raise _refusal(self.shards.failed(user_id, error)) from error

    def _may_go_on(self, op: str, user_id: int) -> None:
        renewals = self._renewals
        if op in _NEEDS_ROOM:
            self._need_room()
        if (op in _WRITES and renewals.is_copying(user_id)) or (op in _CHANGES_FORM and renewals.is_renewing(user_id)):
            raise NotNow

    def _need_room(self) -> None:
        if not self.shards.has_room():
            raise Refused("full")

    @property
    def _renewals(self) -> Renewals:
        assert self.renewals is not None
        return self.renewals

    def _ensure(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        wanted = {str(name): int(size) for name, size in arguments["spaces"]}
        try:
            found, created = self.shards.get(user_id), False
        except NoShard:
            self._need_room()
            found, created = self.shards.create(user_id, wanted), True
        there = dict(found.shard.spaces)
        for name, size in wanted.items():
            if there.get(name, size) != size:
                raise Refused("other-space", f"{name} has {there[name]} dimensions")
            if name not in there:
                self._need_room()
                found.shard.add_space(name, size)
        spaces = sorted(found.shard.spaces.items())
        return Reply({"created": created, "points": found.shard.size(), "spaces": spaces})

    def _upsert(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        points = unpack_points(arguments["points"], block)
        found = self.shards.get(user_id)
        _check_spaces(found, (point.vectors for point in points))
        found.shard.upsert(points)
        self._changed(user_id, [point.id for point in points])
        return Reply()

    def _set_vectors(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        space, vectors = arguments["space"], unpack_vectors(arguments["vectors"], block)
        found = self.shards.get(user_id)
        _check_spaces(found, ({space: vector} for vector in vectors.values()))
        found.shard.set_vectors(space, vectors)
        self._changed(user_id, list(vectors))
        return Reply()

    def _search(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        found = self.shards.get(user_id)
        space = arguments.get("space")
        vector = as_vector_of(block) if space else None
        if space and vector is not None:
            _check_spaces(found, ({space: vector},))
        hits = found.shard.search(
            user_id, space, vector, arguments["sparse"], arguments["where"], int(arguments["limit"])
        )
        items = [
            [str(hit.fused.id), hit.fused.score, hit.fused.similarity, hit.fused.words, hit.payload] for hit in hits
        ]
        return Reply(items)

    def _count(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        return Reply(self.shards.get(user_id).shard.count(user_id, arguments["where"]))

    def _ids(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        after = UUID(arguments["after"]) if arguments.get("after") else None
        return Reply([str(id) for id in self.shards.get(user_id).shard.ids(after, int(arguments["limit"]))])

    def _ids_without(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        found = self.shards.get(user_id).shard.ids_without(arguments["space"], int(arguments["limit"]))
        return Reply([str(id) for id in found])

    def _delete(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        ids = [UUID(id) for id in arguments["ids"]]
        self.shards.get(user_id).shard.delete(ids)
        self._changed(user_id, ids)
        return Reply()

    def _delete_session(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        session_id = int(arguments["session"])
        self.shards.get(user_id).shard.delete_session(session_id)
        self.shards.changed(user_id, session=session_id, count=1)
        return Reply()

    def _drop_space(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        found = self.shards.get(user_id)
        if arguments["space"] in found.shard.spaces:
            found.shard.drop_space(arguments["space"])
        return Reply()

    def _purge(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del block
        token = str(arguments["token"])
        outcome = self._renewals.outcome(token)
        if outcome is None:
            self.shards.get(user_id)
            if self._renewals.is_idle:
                self._renewals.start(user_id, "rewrite", token)
            raise NotNow
        if not outcome:
            raise Refused("failed", "the shard could not be written anew")
        return Reply()

    def _erase(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del arguments, block
        self.shards.erase(user_id)
        return Reply()

    def _is_gone(self, user_id: int, arguments: Arguments, block: bytes) -> Reply:
        del arguments, block
        return Reply(not self.shards.home(user_id).path.exists())

    def _changed(self, user_id: int, ids: list[UUID]) -> None:
        self.shards.changed(user_id, ids, count=len(ids))
        if self._renewals.is_idle and self._renewals.needs(user_id):
            self._renewals.start(user_id, "optimize")


def _check_spaces(found: OpenShard, batches: Iterable[Mapping[str, Vector]]) -> None:
    """The engine would store a point under a space that it does not know, and never give it back."""
    there = found.shard.spaces
    for vectors in batches:
        for name, vector in vectors.items():
            if there.get(name) != len(vector):
                raise Refused("bad-vector", f"{name} has {there.get(name, 'no')} dimensions, not {len(vector)}")


def _refusal(error: Exception) -> Refused:
    if isinstance(error, NoShard):
        return Refused("lost")
    return Refused("full" if isinstance(error, ShardFull) else "failed", type(error).__name__)


async def _flush(shards: Shards, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        while shards.flush_one():  # noqa: ASYNC110  # requests go between two
            await asyncio.sleep(0)


async def run(socket: Path, root: Path, options: EdgeOptions) -> None:
    """Serves until it is told to end."""
    shards, breath = Shards(root, options), LastBreath(Path(_BUSY))
    if (user_id := breath.last()) is not None:
        shards.crashed(user_id)
    handler = EdgeHandler(shards, breath)
    host = Host(handler)
    handler.renewals = Renewals(root, shards, options, host.resume)
    flushing = asyncio.create_task(_flush(shards, options.flush_seconds))
    try:
        await host.serve(socket)
    finally:
        flushing.cancel()
        await handler.renewals.cancel()
        with contextlib.suppress(Exception):
            shards.close()


def main(arguments: list[str]) -> None:
    """The command line."""
    configure_logging("json")
    socket, root, options = Path(arguments[0]), Path(arguments[1]), EdgeOptions.from_json(arguments[2])
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    asyncio.run(run(socket, root, options))


if __name__ == "__main__":
    main(sys.argv[1:])
