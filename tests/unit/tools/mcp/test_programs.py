"""Servers that are programs: what they see, what they may send, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from artel.tools.mcp.model import McpFailure, Secrets, Target
from artel.tools.mcp.wire.requests import call_tool, list_tools
from tests.support.mcp_program import COMMAND

TLS = ssl.create_default_context()


def program(behaviour: str, *more: str, environment: Mapping[str, str] | None = None) -> Target:
    secrets = Secrets(environment=environment or {})
    return Target("stdio", command=(*COMMAND, behaviour, *more), secrets=secrets)


async def why(target: Target, seconds: float = 20) -> McpFailure:
    with pytest.raises(McpFailure) as failed:
        await list_tools(target, TLS, seconds)
    return failed.value


def is_gone(written: Path) -> bool:
    """Whether the process whose id stands there has ended (one that nobody waits for is as good as gone)."""
    number = int(written.read_text())
    return not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE


async def test_a_program_sees_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-server")
    monkeypatch.setenv("ARTEL_SECRET_KEY", "the master key")
    target = program("honest", environment={"NOTES_TOKEN": "theirs"})

    answer = await call_tool(target, TLS, "look", {}, {}, 20)

    seen = json.loads(answer.value)
    assert seen["environment"]["NOTES_TOKEN"] == "theirs"
    allowed = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "NOTES_TOKEN"}
    assert set(seen["environment"]) <= allowed
    assert seen["directory"] == tempfile.gettempdir()


async def test_its_tools_are_listed_though_it_grumbles() -> None:
    assert [tool.name for tool in (await list_tools(program("grumble"), TLS, 20)).tools] == ["look"]


async def test_one_that_hangs_is_killed(tmp_path: Path) -> None:
    marker = str(tmp_path / "pid")

    failure = await why(program("hang", marker), seconds=1)

    assert failure.fault.code == "timeout"
    assert [process for process in psutil.process_iter(["cmdline"]) if marker in str(process.info["cmdline"])] == []


async def test_what_it_started_is_killed_with_it(tmp_path: Path) -> None:
    written = tmp_path / "pid"

    await list_tools(program("parent", str(written)), TLS, 20)

    async with asyncio.timeout(5):
        while not is_gone(written):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_it_is_killed_when_its_caller_is_cancelled(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    task = asyncio.create_task(list_tools(program("hang", str(written)), TLS, 60))
    async with asyncio.timeout(10):
        while not (written.exists() and written.read_text()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_gone(written)


@pytest.mark.parametrize(
    ("behaviour", "seconds", "code", "says"),
    [
        ("pour", 30, "too_large", "more than is allowed"),
        ("pour-lines", 30, "flood", "too many notifications"),
        ("die", 30, "ended", "cannot find my configuration"),
        ("deaf", 1, "timeout", "did not answer"),
    ],
)
async def test_what_is_wrong_is_said(behaviour: str, seconds: float, code: str, says: str) -> None:
    failure = await why(program(behaviour), seconds)

    assert (failure.fault.code, says in failure.fault.detail) == (code, True), failure.fault


@pytest.mark.parametrize("command", [("/no/such/program",), ("a\0b",)])
async def test_what_cannot_be_started(command: tuple[str, ...]) -> None:
    failure = await why(Target("stdio", command=command))

    assert failure.fault.code == "not_started"
