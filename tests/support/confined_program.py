"""A confined program that does whatever Python source it is sent: as if what ran in there had broken out of its
interpreter or parser. The source may set `answer`."""

from __future__ import annotations

import ctypes
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from artel.kit.confined.limits import MEBIBYTE, Limits
from artel.kit.confined.run import Confined

LIMITS = Limits(seconds=20, cpu_seconds=5, address_space=512 * MEBIBYTE, answer=100_000)
_PLACE = str(Path(__file__).parents[2])
_CHILD = f"import sys; sys.path.insert(0, {_PLACE!r}); from artel.kit.confined.child import main; main(sys.argv[1:])"
_KNOWN = {"ctypes": ctypes, "signal": signal, "socket": socket, "time": time}
"""Nothing can be imported later."""


def broken_out(limits: Limits = LIMITS, **more: Any) -> Confined:
    """Runs sources behind the walls."""
    return Confined("tests.support.confined_program", limits, child=("-c", _CHILD), **more)


async def attempts(*attacks: str) -> dict[str, str]:
    """What became of each of the attacks, all in one process: the name of an error, or `done`."""
    source = f"""
answer = {{}}
for attack in {attacks!r}:
    try:
        exec(attack, dict(globals()))
        answer[attack] = "done"
    except OSError as error:
        answer[attack] = type(error).__name__
import json
answer = json.dumps(answer)
"""
    return orjson.loads(await broken_out().run(source.encode()))


def prepare() -> Sequence[str]:
    """Nothing stays readable."""
    return ()


def run(payload: bytes) -> bytes:
    """Does what it is told; a refusal is answered as its name."""
    scope: dict[str, Any] = dict(_KNOWN)
    try:
        exec(payload, scope)
    except OSError as error:
        return type(error).__name__.encode()
    return str(scope.get("answer", "done")).encode()
