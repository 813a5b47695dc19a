"""Keeps one server running as a child process: starts it, waits until it answers, restarts it, stops it in order.

Each server has a thread of its own, which spawns the child and then waits for it. The kernel's death signal follows the
thread that spawned the child, so that thread lives exactly as long as the child may; should this process be killed, all
its threads go at once and the servers with them. The thread also means that a busy event loop delays nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import structlog

from artel.kit.errors import ArtelError
from artel.store.embedded.account import Account

_EXEC_CHILD = Path(__file__).with_name("exec_child.py")
_POLL_SECONDS = 0.005
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 5.0
_STEADY_AFTER_SECONDS = 10.0
_LARGEST_LOG_BYTES = 8_000_000
_TAIL_BYTES = 2_000


class ServerDidNotStart(ArtelError):
    """An embedded server did not start. Its log says why."""

    slug = "server-did-not-start"
    status = 503


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a server."""

    program: Sequence[str | Path]
    directory: Path
    """The server's data, which becomes its working directory."""
    account: Account | None
    environment: dict[str, str]
    stop_signals: Sequence[tuple[signal.Signals, float]]
    """From orderly to brutal, each with the seconds to wait for its effect."""
    orphaned: signal.Signals | None = None
    """What is sent if we are killed; the first of the stop signals if it is None."""


class Server(Protocol):
    """One kind of server, as the keeper sees it."""

    @property
    def name(self) -> str:
        """For logs."""
        ...

    @property
    def home(self) -> Path:
        """Where the keeper may put the server's log and lock. Belongs to us, not to the server's account."""
        ...

    def prepare(self, alive: int) -> Launch:
        """Makes ready what the server needs; called before every start, when no process of this server is left.

        alive: a descriptor that helper processes must inherit, as the server will.
        """
        ...

    def is_ready(self, pid: int) -> bool:
        """Whether it answers."""
        ...


class Keeper:
    """Keeps one server running from `start` to `stop`."""

    def __init__(
        self, server: Server, start_timeout: float = 60.0, on_ready: Callable[[int], None] = lambda pid: None
    ) -> None:
        """start_timeout: seconds. on_ready: is told the process each time the server answers, in a thread of ours."""
        self._on_ready = on_ready
        self.name = server.name
        self._server = server
        self._start_timeout = start_timeout
        self._log = structlog.get_logger(__name__).bind(server=server.name)
        self._first = threading.Event()
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stop_signals: Sequence[tuple[signal.Signals, float]] = ()
        self._thread = threading.Thread(target=self._run, name=f"keeper-{server.name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The running child's process id."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begins to start the server; `wait_ready` says how it went."""
        self._thread.start()

    def wait_ready(self) -> None:
        """Returns when the server answers.

        Raises:
            ServerDidNotStart: the first start failed; there will be no second try.
        """
        self._first.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stops the server in order and returns when its process is gone."""
        self._stopping.set()
        # The first start ends by itself: as ready, as failed, or because it sees that we are stopping.
        if self._thread.ident is not None:
            self._first.wait()
            self._signal_until_gone()
            self._thread.join()

    def _run(self) -> None:
        backoff = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._start_once()
            except Exception as error:  # the thread's top: the failure is told to the caller or tried again
                self._log.error("server.start_failed", error=str(error))
                if not self._first.is_set():
                    self._failure = error
                    break
            else:
                self._log.info("server.ready", pid=self.pid, seconds=round(time.monotonic() - began, 3))
                if (pid := self.pid) is not None:
                    self._on_ready(pid)
                self._first.set()
                self._wait_for_exit()
            if time.monotonic() - began > _STEADY_AFTER_SECONDS:
                backoff = 0.0
            self._stopping.wait(backoff)
            backoff = min(max(_FIRST_BACKOFF_SECONDS, backoff * 2), _LONGEST_BACKOFF_SECONDS)
        self._first.set()

    def _start_once(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        alive = self._take_alive_lock(deadline)
        try:
            launch = self._server.prepare(alive)
            self._stop_signals = launch.stop_signals
            self._process = self._spawn(launch, alive)
        finally:
            os.close(alive)
        try:
            self._wait_until_ready(self._process, deadline)
        except BaseException:
            self._signal_until_gone()
            self._process = None
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while not self._server.is_ready(process.pid):
            if (code := process.poll()) is not None:
                raise ServerDidNotStart(f"{self._server.name} exited with {code} while starting: {self._log_tail()}")
            if time.monotonic() > deadline or self._stopping.is_set():
                raise ServerDidNotStart(f"{self._server.name} did not become ready: {self._log_tail()}")
            time.sleep(_POLL_SECONDS)

    def _take_alive_lock(self, deadline: float) -> int:
        """A locked descriptor that the server and all its helpers inherit.

        The kernel frees such a lock when the last of them is gone, so holding it proves that no process of an earlier
        start still writes to the data, whatever pid files say.
        """
        descriptor = os.open(self._server.home / "alive.lock", os.O_RDWR | os.O_CREAT, 0o600)
        while not self._stopping.is_set():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    break
                time.sleep(_POLL_SECONDS)
            else:
                return descriptor
        os.close(descriptor)
        raise ServerDidNotStart(f"A process of an earlier {self._server.name} is still running on {self._server.home}.")

    def _spawn(self, launch: Launch, alive: int) -> subprocess.Popen[bytes]:
        with self._open_log() as log:
            return subprocess.Popen(  # noqa: S603  # our own program, no shell
                child_command(launch),
                env=launch.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(alive,),
                # Ctrl-C in a terminal goes to its whole process group; the servers must outlive us by a moment.
                start_new_session=True,
            )

    def _wait_for_exit(self) -> None:
        process = self._process
        assert process is not None
        code = process.wait()
        self._process = None
        if not self._stopping.is_set():
            self._log.error("server.died", code=code, tail=self._log_tail())

    def _signal_until_gone(self) -> None:
        process = self._process
        if process is None:
            return
        for number, seconds in self._stop_signals:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return
            self._log.warning("server.stop_is_slow", signal=number.name)

    def _open_log(self) -> BinaryIO:
        path = self._server.home / "server.log"
        if path.exists() and path.stat().st_size > _LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.old"))
        return path.open("ab")

    def _log_tail(self) -> str:
        with (self._server.home / "server.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return log.read().decode(errors="replace").strip()


def child_command(launch: Launch) -> list[str | Path]:
    """The command that becomes the launch's program, which dies with this thread. Blocks nothing and needs no shell."""
    account = launch.account
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    parent, death_signal = os.getpid(), launch.orphaned or launch.stop_signals[0][0]
    ours = (parent, int(death_signal), uid, gid)
    return [sys.executable, "-I", "-S", _EXEC_CHILD, *map(str, ours), launch.directory, *launch.program]
