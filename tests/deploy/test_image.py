"""The image: what it is built from, what it runs as, and the wheel inside."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

import pytest

from tests.support.deployment import DEPLOY, ROOT, is_command, known_variables

DOCKERFILE: Final = (DEPLOY / "Dockerfile").read_text()
FINAL: Final = DOCKERFILE.rpartition("\nFROM ")[2]
TOOLS: Final = Path(sys.executable).parent


def test_the_linter_finds_nothing() -> None:
    done = subprocess.run([TOOLS / "hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_every_base_has_a_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert len(bases) == 3
    assert all(re.search(r":\d+\.\d+[\d.]*-", base) for base in bases), bases


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert re.findall(r"^USER (.*)", FINAL, re.MULTILINE) == ["10001:10001"]
    assert "useradd --uid 10001 --gid 10001" in FINAL


def test_it_starts_a_command_that_exists_with_variables_that_exist() -> None:
    assert 'ENTRYPOINT ["/opt/artel/bin/artel"]' in FINAL
    (command,) = re.findall(r'^CMD \["(\w+)"\]', FINAL, re.MULTILINE)
    assert is_command([command])
    of_artel = set(re.findall(r"\b(ARTEL_\w+|HOST|PORT)=", FINAL))
    assert of_artel == {"ARTEL_DATA_DIR", "ARTEL_LOG_FORMAT", "HOST", "PORT"}
    assert of_artel <= known_variables()


def test_what_is_copied_is_sent_to_the_builder_and_exists() -> None:
    sources = [
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]

    assert "src" in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source == name or source.startswith(f"{name}/") for name in sent), source


def test_nothing_else_is_sent_to_the_builder() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]

    assert rules[0] == "*"
    for name in (".artel", ".git", ".venv", ".env", "tests", "deploy/.env"):
        assert not any(fnmatch.fnmatch(name, rule[1:]) for rule in rules if rule.startswith("!")), name


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel is built from, as the image has it, with a page of one file."""
    root = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    (root / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/wheel_page.py", root / "scripts/wheel_page.py")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def build(source: Path) -> subprocess.CompletedProcess[str]:
    command = [TOOLS / "uv", "build", "--wheel", "--no-build-isolation", "--python", sys.executable]
    return subprocess.run(
        [*command, "--out-dir", source / "out", source], capture_output=True, text=True, check=False, cwd=source
    )


def test_a_wheel_is_not_built_without_a_page(source: Path) -> None:
    done = build(source)

    assert done.returncode != 0
    assert "Build it first: make web" in done.stderr


def test_a_wheel_has_the_page_inside_and_all_that_is_not_python(source: Path) -> None:
    (source / "web/dist/assets").mkdir(parents=True)
    (source / "web/dist/index.html").write_text("<!doctype html>")
    (source / "web/dist/assets/app-1.js").write_text("1")

    done = build(source)

    assert done.returncode == 0, done.stderr
    (wheel,) = (source / "out").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"artel/web_dist/index.html", "artel/web_dist/assets/app-1.js", "artel/app/gateway.py"} <= names
    others = {f"artel/{p.relative_to(source / 'src/artel')}" for p in (source / "src/artel").rglob("*.lua")}
    assert others
    assert others <= names


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def health(*arguments: str, **environment: str) -> int:
    command = [sys.executable, "-I", "-S", DEPLOY / "health.py", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def test_health_is_what_the_server_says(port: int) -> None:
    assert health(PORT=str(port)) == 0
    assert health("/readyz", PORT=str(port)) == 1


def test_a_worker_is_asked_on_the_port_of_its_figures(port: int) -> None:
    assert health(PORT="1", ARTEL_METRICS_PORT=str(port)) == 0


def test_who_does_not_listen_is_not_healthy() -> None:
    assert health(PORT="1") == 1
