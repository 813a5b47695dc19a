"""The house rules that no other tool checks. Each message says what to do."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 500

SYSTEM_TX_CALLERS = {
    "src/artel/accounts/admin_log.py": "what administrators did, in the directory: ids only",
    "src/artel/accounts/administration.py": "accounts in the directory, and who is an administrator",
    "src/artel/accounts/invitations.py": "invitations, in the directory",
    "src/artel/accounts/leaving.py": "takes a user out of the directory, and what is to be done of that",
    "src/artel/accounts/password_links.py": "links for new passwords, in the directory",
    "src/artel/accounts/server_settings.py": "what holds for everybody, in the directory",
    "src/artel/accounts/sums.py": "what accounts used: sums only, through a SECURITY DEFINER function",
    "src/artel/accounts/oidc/identities.py": "whose account a person of the provider's opens",
    "src/artel/accounts/users.py": "sign-in and the directory of users",
    "src/artel/app/gauges.py": "how much work waits: sums only, through a SECURITY DEFINER function",
    "src/artel/app/shards.py": "which shards there are, how many users, who is moved: for the administrator's commands",
    "src/artel/bus/lease.py": "the leases of workers, and which of our own tasks were taken: ids only",
    "src/artel/bus/sweeper.py": "whose work to look at again: ids only, through SECURITY DEFINER functions",
    "src/artel/space/erasure.py": "removes what is left of users whom the directory no longer knows",
    "src/artel/space/foreign.py": "whether an unknown id is somebody else's, to count the attempt",
}
"""Who may look across users, and why. A new line here is what a reviewer looks for."""

GENERATED = {"web/src/api/schema.d.ts", "web/package-lock.json", "web/openapi.json"}
WITHOUT_PLACES = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|proxy\.golang|index\.crates"  # registries
    r"|(?<![\w.-])/(?:root|work|home/\w+)/"  # somebody's machine
)
THIS_FILE = "tests/unit/test_house.py"


def tracked_files() -> list[str]:
    """Every file that git knows, or would, relative to the root; without git, as in an unpacked archive, every file."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
    else:
        folders = ("src", "tests", "bench", "docs", "scripts", "web/src")
        names = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
    return sorted(name for name in names if (ROOT / name).is_file())


FILES = tracked_files()
MODULES = [name for name in FILES if name.endswith(".py") and name.startswith("src/")]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    """Of a module, which many rules look at."""
    return ast.parse(read(name))


def calls(module: ast.AST) -> Iterator[str]:
    """The names of the functions and methods that are called or handed on."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            yield node.attr


def test_no_file_is_too_long() -> None:
    code = [name for name in FILES if name.endswith((".py", ".ts", ".tsx", ".sql", ".lua", ".sh", ".css"))]
    lengths = {name: read(name).count("\n") for name in code if name not in GENERATED}

    too_long = {name: length for name, length in lengths.items() if length > LONGEST_FILE}

    assert not too_long, "split these files: one idea a file"


def test_a_module_says_what_it_is() -> None:
    silent = [name for name in MODULES if not ast.get_docstring(tree(name))]

    assert not silent, "begin these modules with a docstring"


def test_nothing_is_called_utils() -> None:
    drawers = [name for name in FILES if re.search(r"(^|/)_?(utils?|helpers?|misc)(\.\w+$|/)", name)]

    assert not drawers, "name these for what is in them"


def test_imports_stand_at_the_top() -> None:
    hidden = [
        f"{name}:{node.lineno}"
        for name in MODULES
        for function in ast.walk(tree(name))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert not hidden, "move these imports to the top; if they would loop, a wall is in the wrong place"


def test_who_looks_across_users_is_listed() -> None:
    callers = {
        name
        for name in MODULES
        if not name.startswith("src/artel/store/")
        if {"system_tx", "shard_system_tx", "leaving_tx"} & set(calls(tree(name)))
    }

    assert callers == set(SYSTEM_TX_CALLERS), "user data is reached through user_tx; see SYSTEM_TX_CALLERS"


def test_only_movers_pass_the_fence() -> None:
    callers = {
        name
        for name in MODULES
        if not name.startswith("src/artel/store/moves/")
        if "mover_tx" in set(calls(tree(name)))
    }

    assert not callers, "mover_tx sees a user's rows where nobody is served; use user_tx"


def test_only_the_store_makes_connections() -> None:
    doors = {"connect", "create_pool", "create_engine", "create_async_engine", "async_sessionmaker"}
    drivers = {"asyncpg", "sqlalchemy"}
    elsewhere = [
        f"{name}: {node.func.value.id}.{node.func.attr}"
        for name in MODULES
        if not name.startswith("src/artel/store/")
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        if node.func.value.id in drivers and node.func.attr in doors
    ] + [
        f"{name}: {alias.name}"
        for name in MODULES
        if not name.startswith("src/artel/store/")
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in drivers
        for alias in node.names
        if alias.name in doors
    ]

    assert not elsewhere, "these go past user_tx"


def test_no_registry_and_no_machine_is_named() -> None:
    named: list[str] = []
    for name in FILES:
        if name == THIS_FILE or Path(name).suffix in (".png", ".woff2", ".ico", ".jpg", ".webp", ".whl"):
            continue
        found = WITHOUT_PLACES.search(read(name))
        if found:
            named.append(f"{name}: {found.group()}")

    assert not named, "a clone elsewhere has other places"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-run.lock"])
def test_every_dependency_is_locked(lock: str) -> None:
    project = read("pyproject.toml")
    wanted = re.findall(r'^  "([A-Za-z0-9_.-]+)', project.split("[project.scripts]")[0], re.MULTILINE)
    locked = set(re.findall(r"^([a-z0-9_.-]+)==", read(lock), re.MULTILINE))

    missing = [name for name in wanted if name.lower() not in locked]

    assert wanted
    assert not missing, "run `make lock`"
