"""A program that gives a shard a new index, working on a copy of it.

    python -m artel.memory.edge.renew optimize|rewrite SHARD COPY INDEX_FROM_KILOBYTES

Says `copied` when it needs the shard no more, and ends with 0 when the copy is ready. `optimize` indexes what is new;
`rewrite` puts every point into a new shard, so that nothing of deleted ones is left in any file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from artel.memory.edge.home import remove
from artel.memory.edge.shard import Shard

_NICENESS: Final = 10
_BATCH: Final = 256
_CHUNK: Final = 8 * 1024 * 1024


def main(arguments: list[str]) -> None:
    """The command line."""
    how, source, target, index_from = arguments
    os.nice(_NICENESS)
    shard, copy = Path(source), Path(target)
    remove(copy)
    copy_directory(shard, copy)
    print("copied", flush=True)  # noqa: T201  # for the worker, which waits for it
    if how == "rewrite":
        rewrite(copy, int(index_from))
    found = Shard.open(copy)
    found.optimize()
    found.close()


def rewrite(copy: Path, index_from_kilobytes: int) -> None:
    """Replaces a shard by one that holds the same points and nothing else."""
    written = copy.with_name("new")
    remove(written)
    old = Shard.open(copy)
    new = Shard.create(written, old.spaces, index_from_kilobytes)
    for points in old.all_points(_BATCH):
        new.put(points)
    if new.size() != old.size():
        raise RuntimeError(f"{old.size()} points became {new.size()}")
    new.close()
    old.abandon()
    remove(copy)
    written.rename(copy)


def copy_directory(source: Path, target: Path) -> None:
    """Copies without filling the holes that the engine's files are full of."""
    for folder, _, files in os.walk(source):
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True, mode=0o700)
        for name in files:
            _copy_file(Path(folder, name), place / name)


def _copy_file(source: Path, target: Path) -> None:
    if not hasattr(os, "SEEK_DATA"):
        shutil.copyfile(source, target)
        return
    with source.open("rb") as old, target.open("wb") as new:
        size = os.fstat(old.fileno()).st_size
        new.truncate(size)
        begin = 0
        with contextlib.suppress(_NoMoreData):
            while begin < size:
                begin = _seek(old.fileno(), begin, os.SEEK_DATA)
                end = _seek(old.fileno(), begin, os.SEEK_HOLE)
                _copy_range(old.fileno(), new.fileno(), begin, end)
                begin = end


class _NoMoreData(Exception):
    """Nothing but a hole is left."""


def _seek(descriptor: int, place: int, how: int) -> int:
    try:
        return os.lseek(descriptor, place, how)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise _NoMoreData from error
        raise


def _copy_range(old: int, new: int, begin: int, end: int) -> None:
    while begin < end:
        data = os.pread(old, min(_CHUNK, end - begin), begin)
        os.pwrite(new, data, begin)
        begin += len(data)


if __name__ == "__main__":
    main(sys.argv[1:])
