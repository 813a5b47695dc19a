"""The confined process of the `python` tool: Monty, a sandboxed interpreter, behind the walls of its process.

Monty itself runs programs in a worker of its own, so there are three lines: the language offers no way out, the worker
can do nothing more than this process, and this process has no files, no network and nobody to send signals to.
Payload: the source. Answer: JSON {"printed", "cut", "value"} or {"printed", "cut", "error"}.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic_monty import (
    Monty,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySyntaxError,
    OSPolicy,
    ResourceLimits,
)

from artel.kit.confined.child import no_new_processes
from artel.tools.builtin.python.bounds import MAX_ERROR, MAX_PRINTED, MAX_VALUE, MEMORY, MODULES, SECONDS
from artel.tools.builtin.python.showing import show

_LIMITS: Final[ResourceLimits] = {
    "max_feed_duration_secs": SECONDS,
    "max_memory": MEMORY,
    "max_recursion_depth": 500,
    "max_suspensions": 1000,
}
_OS: Final[OSPolicy] = {"sleep": "zero"}
_LIBRARIES: Final = ("ld-", "ld.", "libc.", "libc-", "libm.", "libgcc", "libpthread", "libdl")
_MAPPED: Final = Path("/proc/self/maps")
_DIGITS: Final = 19_000
"""Of a whole number that is shown."""

_GONE: Final = "The program broke the sandbox's interpreter, which was ended. Write it in a simpler way."
_CLOSED: Final = "No files, no network and no other programs can be reached from here."


def prepare() -> Sequence[str]:
    """Goes to the interpreter's directory, which later may lie behind directories that are closed to us."""
    worker = Path(sysconfig.get_path("scripts"), "monty")
    os.chdir(worker.parent)
    sys.set_int_max_str_digits(_DIGITS)
    return (str(worker), *system_libraries())


def system_libraries() -> list[str]:
    """Where the worker's libraries lie: where our own of the same names do."""
    if not _MAPPED.exists():
        return []
    mapped = {line.split(maxsplit=5)[-1] for line in _MAPPED.read_text().splitlines()}
    return [
        "/etc/ld.so.cache",
        *sorted({str(Path(path).parent) for path in mapped if Path(path).name.startswith(_LIBRARIES)}),
    ]


def run(payload: bytes) -> bytes:
    """The answer to a source."""
    printed = Printed(MAX_PRINTED)
    with Monty(
        binary_path="./monty", max_processes=1, request_timeout=SECONDS * 1.5, feed_duration_limit_grace=1.0
    ) as pool:
        outcome = _run(pool, payload.decode(), printed)
    return json.dumps({"printed": printed.text, "cut": printed.cut, **outcome}).encode()


def _run(pool: Monty, source: str, printed: Printed) -> dict[str, str]:
    try:
        with pool.checkout(script_name="program.py", limits=_LIMITS, os_policy=_OS) as session:
            if worker := session.worker_pid:
                no_new_processes(worker)
            return {"value": show(session.feed_run(source, print_callback=printed.take), MAX_VALUE)}
    except (MontySyntaxError, MontyRuntimeError) as error:
        return {"error": explain(error.display())}
    except MontyCrashedError:
        return {"error": _GONE}
    except MontyError as error:
        return {"error": explain(str(error))}
    except ValueError:  # the only value that cannot be brought over
        return {"error": f"The value is a number of more than {_DIGITS} digits. Answer a part of it, or its length."}


def explain(problem: str) -> str:
    """What went wrong in words a model can act on, the middle left out when it is long."""
    if len(problem) > MAX_ERROR:
        problem = f"{problem[: MAX_ERROR // 2]}\n...\n{problem[-MAX_ERROR // 2 :]}"
    if "ModuleNotFoundError" in problem:
        problem += f"\nThe modules there are: {', '.join(MODULES)}."
    if "PermissionError" in problem or "is not supported in this environment" in problem:
        problem += f"\n{_CLOSED}"
    return problem


class Printed:
    """What a program prints, the first so many characters of it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[str] = []
        self._length = 0
        self.cut = False

    @property
    def text(self) -> str:
        """All that was kept, both streams in their order."""
        return "".join(self._pieces)

    def take(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Keeps what still fits."""
        del stream
        room = self._most - self._length
        if len(text) > room:
            self.cut, text = True, text[:room]
        if text:
            self._pieces.append(text)
            self._length += len(text)
