"""Child processes on cores of their own, and what a family of processes uses."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.machine import ROOT

_STOP_SECONDS = 40


class DidNotStart(Exception):
    """A child ended instead of saying that it is ready."""


@dataclass(frozen=True)
class Child:
    """A running child process."""

    pid: int
    address: str
    """The last word of the line with which it said that it is ready."""


@contextmanager
def child(
    command: Sequence[str],
    *,
    ready: str,
    cores: frozenset[int] = frozenset(),
    environment: Mapping[str, str] | None = None,
) -> Generator[Child]:
    """Runs a command until the block ends; enters it once the command has written a line that begins with `ready`.

    Raises:
        DidNotStart: with what the command wrote.
    """
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: pin(cores),  # no threads run yet when children are started
    ) as process:
        try:
            yield Child(process.pid, _wait_for(process, ready))
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            process.kill()


def pin(cores: frozenset[int]) -> None:
    """Binds this process, and what it starts from now on, to these cores; no cores leave it as it is."""
    if cores:
        os.sched_setaffinity(0, cores)


def cpu_seconds(pid: int, *, family: bool = True) -> float:
    """Processor time so far: of a process, and of all its children, the ended ones included, if `family`."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    total = times.user + times.system
    if not family:
        return total
    total += times.children_user + times.children_system
    for each in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            theirs = each.cpu_times()
            total += theirs.user + theirs.system
    return total


def memory_mb(pid: int) -> float:
    """What the process alone would give back if it ended: its proportional set size, or else its resident size."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return psutil.Process(pid).memory_info().rss / 2**20


def private_mb(pid: int, *, shares: bool = False) -> float:
    """What only this process has (its unique set size); of one that `shares` memory with others what is nobody's file
    and in no shared segment.

    Raises:
        psutil.NoSuchProcess, OSError: it has ended.
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.exists():
        return psutil.Process(pid).memory_full_info().uss / 2**20
    wanted = ("Pss_Anon:",) if shares else ("Private_Clean:", "Private_Dirty:")
    lines = [line.split() for line in rollup.read_text().splitlines()]
    return sum(int(words[1]) for words in lines if words[0] in wanted) / 1024


def _wait_for(process: subprocess.Popen[str], ready: str) -> str:
    assert process.stdout is not None
    written: list[str] = []
    for line in process.stdout:
        if line.startswith(ready):
            return line.split()[-1]
        written.append(line)
    raise DidNotStart("".join(written))
