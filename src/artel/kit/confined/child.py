"""The confined process: `python -I -m artel.kit.confined.child PROGRAM PARENT LIMITS`.

PROGRAM is a module with two functions: `prepare()` imports and opens what is needed later, and answers the paths that
must stay readable; `run(payload)` answers a payload, behind the walls. The payload comes on standard input, the answer
goes to standard output.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Final, Protocol, cast

from artel.kit.confined import walls
from artel.kit.confined.limits import Limits

OUT_OF_MEMORY: Final = 71
"""The exit status of a process that was refused memory."""

_STRANGERS: Final = range(61_184, 65_520)
"""User ids that nobody has: systemd keeps them for services without an account, and its own are taken from the low end.
An account such as nobody would not do: the embedded PostgreSQL may run as it."""
_PROCESSORS: Final = 2


class Program(Protocol):
    """What a confined process carries out."""

    def prepare(self) -> Sequence[str]:
        """Imports and opens what is needed later; answers the paths that must stay readable."""
        ...

    def run(self, payload: bytes) -> bytes:
        """The answer to a payload."""
        ...


def confine(limits: Limits, readable: Sequence[str]) -> None:  # pragma: no cover  # see walls
    """Puts this process behind its limits and walls, for good."""
    walls.stay_on(random.sample(sorted(_processors()), min(_PROCESSORS, len(_processors()))))
    if not limits.network:
        _become_a_stranger()
    walls.forbid_new_rights()
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _limit(resource.RLIMIT_AS, limits.address_space)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    if not limits.network:
        walls.close_files(readable)
        walls.close_sockets()


def no_new_processes(pid: int = 0) -> None:  # pragma: no cover  # see walls
    """The process can start no other, and no thread; root's rights would count for more, which a stranger has not."""
    with contextlib.suppress(OSError, ValueError):
        if sys.platform == "linux":
            resource.prlimit(pid or os.getpid(), resource.RLIMIT_NPROC, (0, 0))
        elif not pid:
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _processors() -> set[int]:  # pragma: no cover  # see walls
    return os.sched_getaffinity(0) if sys.platform == "linux" else {0}


def _become_a_stranger() -> None:  # pragma: no cover  # see walls
    if os.geteuid() != 0:
        return
    stranger = random.choice(_STRANGERS)  # noqa: S311  # two at once had better differ, no more
    # In a container that maps few ids there is no such user: then the other walls have to do.
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setgid(stranger)
        os.setuid(stranger)


def _limit(kind: int, soft: int, hard: int | None = None) -> None:  # pragma: no cover  # see walls
    # Not every system has every limit (macOS takes no address space).
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (soft, soft if hard is None else hard))


def main(arguments: Sequence[str]) -> None:  # pragma: no cover  # see walls
    """Never returns."""
    name, parent, limits = arguments[0], int(arguments[1]), Limits.load(arguments[2])
    walls.die_with_parent(parent, signal.SIGKILL)
    signal.alarm(int(limits.seconds) + 2)  # where the kernel tells nobody of a parent's death
    try:
        program = cast(Program, importlib.import_module(name))
        readable = program.prepare()
        confine(limits, readable)
        walls.die_with_parent(parent, signal.SIGKILL)  # a change of user cleared it
        answer = program.run(sys.stdin.buffer.read())
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)


if __name__ == "__main__":  # pragma: no cover  # see walls
    main(sys.argv[1:])
