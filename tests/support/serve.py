"""The product as a user starts it: `artel serve` as a process of its own, on any free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import pytest

ARTEL = Path(sys.executable).with_name("artel")
_READY = re.compile(r"Artel is ready on (http://\S+)")
_OWN_SETTINGS = re.compile(
    r"PYTHONDONTWRITEBYTECODE$|ARTEL_|HOST$|PORT$|DATABASE_URL$|REDIS_URL$|QDRANT_URL$|OPENAI_|ANTHROPIC_|GOOGLE_|GEMINI_|OPENROUTER_|OLLAMA_"
)


def without_own_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with none of Artel's settings in it."""
    return {key: value for key, value in environment.items() if not _OWN_SETTINGS.match(key)}


@dataclass
class Serve:
    """One running (or refused) `artel serve`."""

    process: subprocess.Popen[str]
    output: Path
    """Everything it wrote, both streams."""

    def url(self) -> str:
        """Waits until it answers, and says where.

        Raises:
            AssertionError: it ended instead; with what it wrote.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._keep(line)
            if found := _READY.search(line):
                return found.group(1)
        self.process.wait(30)
        raise AssertionError(f"artel serve ended with {self.process.returncode}:\n{self.output.read_text()}")

    def family(self) -> list[psutil.Process]:
        """Its child processes and theirs: the embedded servers."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to this process alone."""
        self.process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        """Waits for its end; the exit code.

        Raises:
            AssertionError: it does not end; with what each of its threads was doing.
        """
        try:
            rest, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # the fault handler writes the stacks
            rest, _ = self.process.communicate()
            self._keep(rest)
            raise AssertionError(f"artel serve does not end:\n{self.output.read_text()}") from None
        self._keep(rest)
        return self.process.returncode

    def _keep(self, text: str) -> None:
        with self.output.open("a") as file:
            file.write(text)


# A model takes seconds to start: whoever wants to be found by meaning says so.
_USUAL = {"PORT": "0", "PYTHONFAULTHANDLER": "1", "ARTEL_EMBEDDING_MODEL": "off"}

StartServe = Callable[..., Serve]
"""`start_serve(data_directory, OPENAI_BASE_URL="...")`; `command=` and `cwd=` for another way to start it."""


@pytest.fixture
def start_serve(tmp_path: Path) -> Iterator[StartServe]:
    """Starts servers that end with the test. The environment has none of our settings but those given."""
    with _starting(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def start_lasting_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServe]:
    """Starts servers that many tests of a module use, each with users of its own."""
    with _starting(tmp_path_factory.mktemp("serve")) as start:
        yield start


@contextmanager
def _starting(outputs: Path) -> Generator[StartServe]:
    started: list[Serve] = []

    def start(data: Path, *, command: list[str] | None = None, **environment: str) -> Serve:
        inherited = without_own_settings(os.environ)
        process = subprocess.Popen(
            command or [str(ARTEL), "serve"],
            env={**inherited, **_USUAL, "ARTEL_DATA_DIR": str(data), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(Serve(process, outputs / f"serve-{len(started)}.log"))
        return started[-1]

    yield start
    for serve in started:
        if serve.process.poll() is None:
            serve.process.terminate()
            serve.wait()
        _close(serve.process.stdout)


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        stream.close()
