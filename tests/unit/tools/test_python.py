"""The tool `python`: what a program may do, and everything it may not. Each attack is refused in words, and the process
that asked goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import psutil
import pytest
from pydantic_monty import Monty

from artel.tools.builtin.python import program
from artel.tools.builtin.python.bounds import MAX_ERROR, MAX_PRINTED, MAX_VALUE, MODULES
from artel.tools.builtin.python.showing import show
from artel.tools.builtin.python.tool import LIMITS, PythonArguments, Sandbox, python
from artel.tools.tool import BadArguments, ToolFailure
from tests.support.callers import caller


async def run(code: str, sandbox: Sandbox | None = None) -> dict[str, Any]:
    return (await (sandbox or Sandbox()).run(caller(), PythonArguments(code=code))).value


async def failure(code: str, sandbox: Sandbox | None = None) -> str:
    with pytest.raises(ToolFailure) as caught:
        await run(code, sandbox)
    return str(caught.value)


async def test_a_program_answers_what_it_printed_and_its_last_value() -> None:
    code = """
import json, math, re
from dataclasses import dataclass

@dataclass
class Point:
    x: int
    y: int = 2

rows = json.loads('[{"a": 1}, {"a": 2}]')
print("сумма:", sum(row["a"] for row in rows))
{"root": math.sqrt(16), "words": re.findall("[a-z]+", "ab, cd"), "point": Point(1), 1: (1,), "none": None}
"""
    assert await run(code) == {
        "printed": "сумма: 3\n",
        "value": "{'root': 4.0, 'words': ['ab', 'cd'], 'point': Point(x=1, y=2), 1: (1,), 'none': None}",
    }


async def test_nothing_is_kept_between_calls() -> None:
    sandbox = Sandbox()
    await run("x = 1", sandbox)

    assert "NameError" in await failure("x", sandbox)


async def test_a_mistake_is_told_with_its_place_and_what_was_printed_before() -> None:
    said = await failure("print('begun')\nvalues = [1]\nvalues[3]")

    assert "line 3" in said
    assert "IndexError" in said
    assert said.endswith("Printed before:\nbegun\n")
    assert "SyntaxError" in await failure("def f(:")
    assert "yield" in await failure("def f():\n    yield 1")


async def test_every_module_that_is_told_of_is_there() -> None:
    assert await run("\n".join(f"import {name}" for name in MODULES)) == {"printed": "", "value": "None"}
    assert all(name in python().description for name in MODULES)
    assert "The modules there are: asyncio" in await failure("import numpy")


HOSTILE = {
    # files
    "open('/etc/passwd').read()": "No files",
    "open('/proc/self/environ').read()": "No files",
    "open('/tmp/x', 'w').write('x')": "No files",
    "from pathlib import Path\nPath('/etc/passwd').read_text()": "No files",
    "from pathlib import Path\nlist(Path('/').iterdir())": "No files",
    "from pathlib import Path\nPath('/tmp/x').write_text('x')": "No files",
    "import os\nos.listdir('/')": "No files",
    "import os\nos.remove('/etc/passwd')": "No files",
    # the environment and other processes
    "import os\nos.environ": "No files",
    "import os\nos.getenv('HOME')": "No files",
    "import os\nos.system('id')": "no attribute",
    "import os\nos.kill(1, 9)": "no attribute",
    "import os\nos.fork()": "no attribute",
    "import os\nos.execv('/bin/sh', ['sh'])": "no attribute",
    "import sys\nsys.exit(3)": "no attribute",
    "import sys\nsys.modules": "no attribute",
    "import subprocess": "ModuleNotFoundError",
    "import signal": "ModuleNotFoundError",
    "import ctypes": "ModuleNotFoundError",
    "import multiprocessing": "ModuleNotFoundError",
    "import threading": "ModuleNotFoundError",
    "import resource": "ModuleNotFoundError",
    "import importlib": "ModuleNotFoundError",
    "import builtins": "ModuleNotFoundError",
    "import gc": "ModuleNotFoundError",
    "import inspect": "ModuleNotFoundError",
    "import pickle": "ModuleNotFoundError",
    "import artel": "ModuleNotFoundError",
    # the network
    "import socket": "ModuleNotFoundError",
    "import urllib.request": "ModuleNotFoundError",
    "import http.client": "ModuleNotFoundError",
    "import asyncio\nasyncio.run(asyncio.open_connection('127.0.0.1', 1))": "no attribute",
    "import asyncio\nasyncio.create_subprocess_shell('id')": "no attribute",
    # ways through the language itself
    "__import__('os')": "NameError",
    "eval(\"__import__('os')\")": "NameError",
    "exec('import socket')": "ModuleNotFoundError",
    "compile('1', 'x', 'exec')": "NameError",
    "().__class__.__base__.__subclasses__()": "no attribute '__class__'",
    "[].__class__.__mro__[-1]": "no attribute '__class__'",
    "type(1).__subclasses__(type(1))": "no attribute",
    "type.__getattribute__": "no attribute",
    "object.__subclasses__()": "no attribute",
    "getattr((), '__class__')": "no attribute '__class__'",
    "'{0.__class__}'.format(1)": "no attribute '__class__'",
    "'{0.__globals__}'.format(print)": "no attribute",
    "f'{print.__self__}'": "no attribute",
    "print.__globals__": "no attribute",
    "(lambda: 0).__globals__": "no attribute",
    "(lambda: 0).__code__": "no attribute",
    "globals()['__builtins__']": "NameError",
    "__builtins__": "NameError",
    "__loader__": "NameError",
    "class A: pass\nA().__class__.__base__": "no attribute",
    "try:\n    1/0\nexcept Exception as e:\n    e.__traceback__.tb_frame": "no attribute",
    "(i for i in [1]).gi_frame": "no attribute",
    "async def f(): pass\nf().cr_frame": "no attribute",
    "input()": "NameError",
    "breakpoint()": "NameError",
    "help()": "NameError",
    # bombs
    "9**9**9": "MemoryError",
    "1 << 10**10": "MemoryError",
    "'a' * 10**11": "MemoryError",
    "[0] * 10**9": "MemoryError",
    "bytearray(10**10)": "NameError",
    "list(range(10**9))": "MemoryError",
    "x = []\nwhile True:\n    x.append('a' * 1000 + str(len(x)))": "MemoryError",
    "x = 'a'\nwhile True:\n    x += x": "MemoryError",
    "'a' * 100_000_000": "Memory",
    "[[0] * 1000] * 1000": "cut",
    "def f():\n    return f()\nf()": "RecursionError",
    "a = []\na.append(a)\na": "[...]",
    "x = 1\nfor i in range(100): x = [x]\nx": "[[1]]",
    "(" * 5000 + ")" * 5000: "too deeply nested",
    "x = " + "-" * 20_000 + "1": "too deeply nested",
    "import re\nre.match('(a+)+$', 'a' * 40 + 'b')": "None",
    "import re\nre.match(r'(a+)+(?<=b)\\1$', 'a' * 40 + 'b')": "backtracking count exceeded",
    "10 ** 30000": "more than 19000 digits",
    "import json\njson.loads('[' * 100000)": "recursion limit exceeded",
    "f'{1:{10**9}}'": "MemoryError",
    "sorted(range(10**7), key=lambda x: -x)": "MemoryError",
}


async def told(code: str, sandbox: Sandbox) -> str:
    try:
        return str(await run(code, sandbox))
    except ToolFailure as failed:
        return str(failed)


async def test_hostile_programs_are_refused_with_a_reason_and_leave_nothing_behind() -> None:
    sandbox = Sandbox()
    answers = await asyncio.gather(*(told(code, sandbox) for code in HOSTILE))

    unclear = {code: answer for code, answer in zip(HOSTILE, answers, strict=True) if HOSTILE[code] not in answer}
    assert unclear == {}
    assert not [answer for answer in answers if "root:" in answer or len(answer) > MAX_ERROR + MAX_VALUE]
    assert descendants() == []
    assert (await run("1 + 1", sandbox))["value"] == "2"


async def test_what_goes_on_for_ever_is_stopped() -> None:
    for said in await asyncio.gather(failure("while True: pass"), failure("while True: print('x' * 1000)")):
        assert "TimeoutError" in said
    assert descendants() == []


async def test_a_sandbox_that_is_stuck_is_ended_from_outside() -> None:
    sandbox = Sandbox(replace(LIMITS, seconds=1.5))

    assert "took too long" in await failure("while True: pass", sandbox)
    assert descendants() == []


async def test_sleeping_takes_no_time() -> None:
    assert (await run("import time\nfor _ in range(3): time.sleep(10_000)\n'awake'"))["value"] == "'awake'"


async def test_a_program_that_prints_much_is_cut_and_goes_on() -> None:
    found = await run("for i in range(10_000): print('0123456789')\n'end'")

    assert found["value"] == "'end'"
    assert found["printed"].endswith("\n... (more was printed and is not shown)")
    assert len(found["printed"]) < MAX_PRINTED + 100


async def test_a_large_value_is_cut() -> None:
    found = await run("'x' * 1_000_000")

    assert found["value"].endswith("(cut)")
    assert len(found["value"]) < MAX_VALUE + 100


async def test_who_stops_waiting_ends_the_program() -> None:
    task = asyncio.create_task(run("while True: pass"))
    async with asyncio.timeout(20):
        while not any(name == "monty" for _, name in descendants()):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert descendants() == []


async def test_a_killed_interpreter_is_told_as_such() -> None:
    task = asyncio.create_task(run("while True: pass"))
    async with asyncio.timeout(20):
        while not (found := [each for each, name in descendants() if name == "monty"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    found[0].kill()

    with pytest.raises(ToolFailure, match="broke the sandbox"):
        await task


@pytest.mark.parametrize(
    "arguments", [{}, {"code": ""}, {"code": "x" * 50_001}, {"code": 1}, {"code": "1", "timeout": 9}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    tool = python()

    assert (tool.tool_id, tool.policy) == ("python", "allow")
    with pytest.raises(BadArguments):
        tool.check(arguments)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ((), "()"),
        ({}, "{}"),
        (set[int](), "set()"),
        (frozenset[int](), "frozenset()"),
        ((1,), "(1,)"),
        ((1, 2), "(1, 2)"),
        ({1}, "{1}"),
        (frozenset({1}), "frozenset({1})"),
        ({"a": [1, {"b": b"c"}]}, "{'a': [1, {'b': b'c'}]}"),
        (Counter("aab"), "Counter({'a': 2, 'b': 1})"),
        (1.5, "1.5"),
        (None, "None"),
        ("a'b", '"a\'b"'),
    ],
)
def test_a_value_is_shown_as_python_would(value: Any, text: str) -> None:
    assert show(value, 1000) == text


def test_a_shared_value_is_not_written_out_for_ever() -> None:
    shared: list[Any] = [0]
    for _ in range(40):
        shared = [shared, shared]

    assert len(show(shared, 500)) < 520
    assert show([1] * 10_000, 20) == "[1, 1, 1, 1, 1, 1, 1... (cut)"
    assert len(show("x" * 10_000, 50)) < 70
    assert len(show(dict.fromkeys(range(1000)), 50)) < 70


def test_what_comes_from_the_interpreter_is_shown_by_name() -> None:
    with Monty() as pool, pool.checkout() as session:
        code = "class A:\n    def __init__(self):\n        self.x = [1]\n        self.y = 2\n[A(), A, print, int]"
        assert show(session.feed_run(code), 1000) == "[A(x=[1], y=2), <A>, <print>, <class 'int'>]"


def test_the_program_runs_without_its_walls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setattr(program, "no_new_processes", ignored)
    monkeypatch.setattr(program.sys, "set_int_max_str_digits", ignored)

    assert str(program.prepare()[0]).endswith("monty")
    assert program.run(b"print('a')\n1 + 1") == b'{"printed": "a\\n", "cut": false, "value": "2"}'
    for code, words in {
        b"1/0": b"ZeroDivisionError",
        b"(": b"SyntaxError",
        b"10**9999": b"digits",
        b"import x": b"modules",
    }.items():
        assert words in program.run(code)
    many = program.run(b"for i in range(9999): print('0123456789')")
    assert b'"cut": true' in many
    assert b"..." in program.run(b"raise ValueError('x' * 10_000)")


def test_where_there_are_no_maps_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_MAPPED", program.Path("/nowhere/maps"))

    assert program.system_libraries() == []


def ignored(_: int) -> None:
    """Does nothing."""


def descendants() -> list[tuple[psutil.Process, str]]:
    """The confined processes of this test's, and the interpreters below, each with its program's name."""
    found: list[tuple[psutil.Process, str]] = []
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.NoSuchProcess:
            continue
        if words and words[0].endswith("monty"):
            found.append((process, "monty"))
        elif "artel.kit.confined.child" in words:
            found.append((process, "child"))
    return found
