"""Becomes a server that dies with its parent.

    python -I -S exec_child.py PARENT SIGNAL UID GID DIRECTORY PROGRAM [ARGUMENT...]

Runs as a program of its own between fork and exec, because code between the two in a process with threads may deadlock
(`preexec_fn`), and because the order matters: enter the directory while still privileged (its parents may be closed to
the unprivileged account), drop privileges, and only then ask for the death signal, which a change of user would clear.
Standard library only: it starts in about 15 ms. UID and GID are -1 to stay as we are.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

_PR_SET_PDEATHSIG = 1
_WATCH_EVERY_SECONDS = 0.5


def main(arguments: list[str]) -> None:
    """Never returns: either becomes the program or exits."""
    parent, signal_number, uid, gid = (int(argument) for argument in arguments[:4])
    directory, program = arguments[4], arguments[5:]
    os.chdir(directory)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux" and "ARTEL_FORCE_WATCHDOG" not in os.environ:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number)
    else:
        _leave_watchdog(parent, signal_number)
    if os.getppid() != parent:  # it died before the request took effect
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606  # no shell is wanted


def _leave_watchdog(parent: int, signal_number: int) -> None:
    """Where the kernel has no death signal: a grandchild that looks for the parent twice a second."""
    server = os.getpid()
    middle = os.fork()
    if middle:
        os.waitpid(middle, 0)
        return
    if os.fork():
        os._exit(0)
    os.closerange(0, 256)  # the server's lock and pipes must not outlive the server
    while _is_alive(server):
        if not _is_alive(parent):
            os.kill(server, signal_number)
            break
        time.sleep(_WATCH_EVERY_SECONDS)
    os._exit(0)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
