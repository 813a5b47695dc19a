"""Walls that the Linux kernel puts around a process and all that it starts: no files, no sockets, no signals to others.

They are the second line behind a sandboxed interpreter or a parser: what breaks out of those finds nothing. Each is
taken where the kernel has it (Landlock since 5.13, its network and signal rules since 6.7 and 6.12; seccomp) and left
out where not. Standard library only.

Sources: the kernel's documentation of Landlock (userspace-api/landlock) and of seccomp filters, and its headers
landlock.h, seccomp.h, audit.h and the tables of system calls.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

_LINUX: Final = sys.platform == "linux"

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2

# The numbers of newer system calls are the same on every architecture.
_LANDLOCK_CREATE: Final = 444
_LANDLOCK_ADD: Final = 445
_LANDLOCK_RESTRICT: Final = 446
_LANDLOCK_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1
_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
_ALL_OF_NETWORK: Final = 0b11
_ALL_OF_SCOPES: Final = 0b11

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF_0000, 0x0005_0001, 0x8000_0000
_OTHER_NUMBERS: Final = 0x4000_0000
"""System calls of x86's second, 32-bit numbering begin here."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture's name in audit.h, and its numbers of the calls that are refused."""

    audit: int
    socket: int
    ptrace: int
    unshare: int
    setns: int
    io_uring_setup: int = 425


_MACHINES: Final = {
    "x86_64": _Machine(0xC000_003E, socket=41, ptrace=101, unshare=272, setns=308),
    "aarch64": _Machine(0xC000_00B7, socket=198, ptrace=117, unshare=97, setns=268),
}


def landlock_version() -> int:
    """Of the running kernel; 0 when it has none."""
    if not _LINUX:
        return 0
    return max(0, _libc().syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION)))


def filters_calls() -> bool:
    """Whether system calls can be refused here."""
    return _LINUX and os.uname().machine in _MACHINES and sys.maxsize > 2**32


def landlock_rules(version: int) -> bytes:
    """The `landlock_ruleset_attr` that handles, and so forbids, everything this version of Landlock knows."""
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    known = (files, _ALL_OF_NETWORK, _ALL_OF_SCOPES)[: 1 if version < 4 else 2 if version < 6 else 3]
    return struct.pack(f"={len(known)}Q", *known)


def call_filter(machine: str) -> bytes:
    """A seccomp program that refuses sockets, namespaces, tracing and io_uring, and kills at foreign numberings."""
    known = _MACHINES[machine]
    refused = (known.socket, known.ptrace, known.unshare, known.setns, known.io_uring_setup)
    steps = [(_LOAD, 0, 0, 4), (_IF_EQUAL, 1, 0, known.audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    left = len(refused)
    steps += [(_IF_EQUAL, left - place + 1, 0, number) for place, number in enumerate(refused)]
    steps += [(_IF_AT_LEAST, 1, 0, _OTHER_NUMBERS), (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


# What follows runs in children that may write nothing, so neither coverage's data; the tests look from outside.


def die_with_parent(parent: int, signal_number: int) -> None:  # pragma: no cover
    """Asks the kernel to end this process with its parent; leaves at once when that is gone already."""
    if _LINUX:
        _libc().prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os._exit(1)


def forbid_new_rights() -> None:  # pragma: no cover
    """No program started from here on gains rights by its file's mode bits."""
    if _LINUX:
        _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def close_files(readable: Sequence[str]) -> None:  # pragma: no cover
    """Only what lies at or below the paths can be read and run from here on; nothing can be written."""
    version = landlock_version()
    if not version:
        return
    rules = landlock_rules(version)
    ruleset = _libc().syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint32(0))
    if ruleset < 0:
        return
    for path in readable:
        with contextlib.suppress(OSError):  # not on this system
            _open_path(ruleset, path)
    _libc().syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def _open_path(ruleset: int, path: str) -> None:  # pragma: no cover
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rights = _EXECUTE | _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)  # noqa: PTH112  # no pathlib here
    rule = struct.pack("=Qi", rights, place)
    _libc().syscall(_LANDLOCK_ADD, ruleset, _RULE_PATH_BENEATH, rule, ctypes.c_uint32(0))
    os.close(place)


def close_sockets() -> None:  # pragma: no cover
    """Sockets, and the ways around, are refused from here on."""
    if filters_calls():
        steps = call_filter(os.uname().machine)
        buffer = ctypes.create_string_buffer(steps, len(steps))
        program = struct.pack("HxxxxxxP", len(steps) // 8, ctypes.addressof(buffer))
        _libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0)


def stay_on(processors: Iterable[int]) -> None:  # pragma: no cover
    """Threads are counted by processors: on a large machine their stacks would not fit into a small address space."""
    if _LINUX:
        os.sched_setaffinity(0, processors)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
