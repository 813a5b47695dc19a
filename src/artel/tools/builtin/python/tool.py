"""The tool `python`: runs a program that a model wrote."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import Field

from artel.kit.confined.limits import MEBIBYTE, Limits
from artel.kit.confined.run import Confined, Ended, Reason
from artel.tools.builtin.python.bounds import MEMORY, MODULES, SECONDS
from artel.tools.tool import Arguments, Caller, Outcome, Tool, ToolFailure, builtin

_PROGRAM: Final = "artel.tools.builtin.python.program"
LIMITS: Final = Limits(seconds=15, cpu_seconds=10, address_space=1024 * MEBIBYTE, answer=MEBIBYTE)

_ENDED: Final[dict[Reason, str]] = {
    "time": "The program took too long and was stopped. Do less at once.",
    "memory": "The program, or the value it ends with, needs more memory than there is. Keep less at once.",
    "size": "The program's answer is too large. Print only what you need.",
    "failed": "The sandbox was ended by what the program did. Write it in a simpler way.",
}

_DESCRIPTION: Final = (
    "Runs a Python program in a sandbox and answers what it printed and the value of its last expression. Use it to "
    "compute, and to reshape or check data that you put into the program. No files, no network, no packages; nothing "
    f"is kept between calls. Modules: {', '.join(MODULES)}. No class inheritance or "
    f"method decorators, no yield, del, import * or input(). At most {SECONDS:.0f} seconds and {MEMORY // MEBIBYTE} MB."
)


class PythonArguments(Arguments):
    """A program."""

    code: str = Field(min_length=1, max_length=50_000, description="The whole program.")


class Sandbox:
    """Runs programs, each in a process of its own."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._confined = Confined(_PROGRAM, limits)

    async def run(self, caller: Caller, wanted: PythonArguments) -> Outcome:
        """What the program printed, and its last value.

        Raises:
            ToolFailure: it is wrong, or was stopped; in words for whoever wrote it.
        """
        del caller
        try:
            answer: dict[str, Any] = json.loads(await self._confined.run(wanted.code.encode()))
        except Ended as ended:
            raise ToolFailure(_ENDED[ended.reason]) from ended
        printed = answer["printed"] + ("\n... (more was printed and is not shown)" if answer["cut"] else "")
        if "error" in answer:
            raise ToolFailure(answer["error"] + (f"\n\nPrinted before:\n{printed}" if printed else ""))
        return Outcome({"printed": printed, "value": answer["value"]})


def python() -> Tool:
    """The tool."""
    return builtin(
        "python", "Python", _DESCRIPTION, PythonArguments, Sandbox().run, policy="allow", seconds=60
    )  # fmt: skip
