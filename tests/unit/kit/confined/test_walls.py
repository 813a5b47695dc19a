"""The walls, seen from inside: Python code that broke out of everything else tries what it can."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from artel.kit.confined import walls
from tests.support.confined_program import attempts, broken_out

LANDLOCK = walls.landlock_version()
linux = pytest.mark.skipif(sys.platform != "linux", reason="these walls are Linux's")
needs_landlock = pytest.mark.skipif(not LANDLOCK, reason="this kernel has no Landlock")
needs_filter = pytest.mark.skipif(not walls.filters_calls(), reason="no system calls are refused here")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


FILES = [
    "open('/etc/passwd')",
    f"open({__file__!r})",
    "open('/proc/self/environ')",
    f"open('/proc/{os.getpid()}/environ')",
    f"open('/proc/{os.getpid()}/mem', 'rb')",
    "open('{open}/note')",
    "open('{open}/note', 'a')",
    "open('{open}/new', 'w')",
    "open('/dev/zero')",
    "import os; os.listdir('/')",
    "import os; os.listdir('{open}')",
    "import os; os.mkdir('{open}/directory')",
    "import os; os.unlink('{open}/note')",
    "import os; os.rename('{open}/note', '{open}/other')",
    "import os; os.symlink('/etc/passwd', '{open}/link')",
    "import os; os.link('{open}/note', '{open}/twin')",
    "import os; os.truncate('{open}/note', 0)",
    "import os; os.execv('/bin/sh', ['sh', '-c', 'exit 0'])",
    "import os; os.open('{open}', os.O_TMPFILE | os.O_RDWR)",
]
SOCKETS = [
    "socket.socket()",
    "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "socket.socket(socket.AF_UNIX)",
    "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
]


@pytest.fixture
def open_directory() -> Generator[Path]:
    """Where everybody may do everything, as far as its mode goes."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o777)
        (directory / "note").write_text("text")
        (directory / "note").chmod(0o666)
        yield directory


@needs_landlock
async def test_there_are_no_files(open_directory: Path) -> None:
    attacks = [attack.replace("{open}", str(open_directory)) for attack in FILES]

    assert await attempts(*attacks) == dict.fromkeys(attacks, "PermissionError")
    assert (open_directory / "note").read_text() == "text"


@needs_filter
async def test_there_is_no_network() -> None:
    assert await attempts(*SOCKETS) == dict.fromkeys(SOCKETS, "PermissionError")


@needs_filter
@pytest.mark.parametrize(
    ("name", "number"),
    [("io_uring_setup", 425), ("unshare", {"x86_64": 272, "aarch64": 97}), ("ptrace", {"x86_64": 101, "aarch64": 117})],
)
async def test_ways_around_are_refused(name: str, number: int | dict[str, int]) -> None:
    call = number if isinstance(number, int) else number[os.uname().machine]
    attack = f"c = ctypes.CDLL(None, use_errno=True); answer = c.syscall({call}, 0, 0, 0, 0), ctypes.get_errno()"

    assert await broken_out().run(attack.encode()) == b"(-1, 1)", name


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only this machine has a second numbering")
async def test_the_other_numbering_of_calls_is_refused() -> None:
    attack = "c = ctypes.CDLL(None, use_errno=True); answer = c.syscall(0x40000000 + 41, 2, 1, 0), ctypes.get_errno()"

    assert await broken_out().run(attack.encode()) == b"(-1, 1)"


@linux
async def test_no_signal_reaches_the_server() -> None:
    kills = [f"import os; os.kill({os.getpid()}, {number})" for number in (0, 9, 19)]

    assert await attempts(*kills) == dict.fromkeys(kills, "PermissionError")


@linux
async def test_it_can_start_nothing_once_that_is_closed() -> None:
    attack = """
from artel.kit.confined.child import no_new_processes
import os
no_new_processes()
os.fork() or os._exit(0)
"""
    assert await broken_out().run(attack.encode()) == b"BlockingIOError"


@as_root
async def test_it_is_nobody_that_anyone_else_is() -> None:
    attack = (
        "import os; answer = os.getresuid()[0] >= 61184 and os.getresuid() == os.getresgid() and not os.getgroups()"
    )

    assert await broken_out().run(attack.encode()) == b"True"
    assert await broken_out().run(b"import os; os.setuid(0)") == b"PermissionError"


async def test_it_inherits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTEL_SECRET_KEY", "hunter2hunter2hunter2")
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    fds = """
import os
found = []
for fd in range(64):
    try:
        os.fstat(fd)
        found.append(fd)
    except OSError:
        pass
answer = found
"""
    assert await broken_out().run(fds.encode()) == b"[0, 1, 2]"
    os.close(reader)
    os.close(writer)
    environment = "import os; answer = [name for name in os.environ if name != 'LC_CTYPE']"  # Python's own doing
    assert await broken_out().run(environment.encode()) == b"[]"
    assert await broken_out(environment={"A": "b"}).run(b"import os; answer = os.environ['A']") == b"b"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (1, [0x1FFF]),
        (2, [0x3FFF]),
        (3, [0x7FFF]),
        (4, [0x7FFF, 3]),
        (5, [0xFFFF, 3]),
        (6, [0xFFFF, 3, 3]),
        (9, [0xFFFF, 3, 3]),
    ],
)
def test_each_version_of_landlock_is_asked_for_all_it_knows(version: int, words: list[int]) -> None:
    assert walls.landlock_rules(version) == struct.pack(f"={len(words)}Q", *words)


@pytest.mark.parametrize(
    ("machine", "arch", "number", "verdict"),
    [
        ("x86_64", 0xC000003E, 41, "refuse"),
        ("x86_64", 0xC000003E, 101, "refuse"),
        ("x86_64", 0xC000003E, 272, "refuse"),
        ("x86_64", 0xC000003E, 308, "refuse"),
        ("x86_64", 0xC000003E, 425, "refuse"),
        ("x86_64", 0xC000003E, 0x40000000 + 1, "refuse"),
        ("x86_64", 0xC000003E, 1, "allow"),
        ("x86_64", 0x40000003, 1, "kill"),
        ("aarch64", 0xC00000B7, 198, "refuse"),
        ("aarch64", 0xC00000B7, 41, "allow"),
        ("aarch64", 0xC000003E, 41, "kill"),
    ],
)
def test_the_filter_of_each_machine(machine: str, arch: int, number: int, verdict: str) -> None:
    assert _filtered(walls.call_filter(machine), arch, number) == verdict


def _filtered(program: bytes, arch: int, number: int) -> str:
    """What the kernel's own interpreter of such programs would answer."""
    steps = list(struct.iter_unpack("=HBBI", program))
    place, value = 0, 0
    while True:
        code, yes, no, operand = steps[place]
        place += 1
        if code == 0x20:
            value = {0: number, 4: arch}[operand]
        elif code == 0x06:
            return {0x7FFF0000: "allow", 0x00050001: "refuse", 0x80000000: "kill"}[operand]
        else:
            place += yes if {0x15: value == operand, 0x35: value >= operand}[code] else no


def test_nothing_is_asked_of_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "_LINUX", False)

    assert (walls.landlock_version(), walls.filters_calls()) == (0, False)
