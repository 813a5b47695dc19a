"""`artel serve` as a user starts and stops it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from artel.store.embedded import exec_child
from tests.support.serve import ARTEL, StartServe

ACCOUNT = {"email": "anna@example.org", "password": "correct horse battery staple"}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that is served by one after the other: only the first has to make everything."""
    return tmp_path_factory.mktemp("used") / "data"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_stops_everything_in_order(start_serve: StartServe, used: Path, number: signal.Signals) -> None:
    serve = start_serve(used)
    assert httpx.get(f"{serve.url()}/readyz").status_code == 200
    family = serve.family()
    assert family

    serve.send(number)

    assert serve.wait() in (0, -number, 128 + number)
    assert [process for process in family if process.is_running()] == []
    assert "Traceback" not in serve.output.read_text()


@pytest.mark.uncovered
def test_kill_9_leaves_no_server_and_a_restart_has_everything(start_serve: StartServe, used: Path) -> None:
    serve = start_serve(used)
    assert httpx.post(f"{serve.url()}/auth/register", json=ACCOUNT).status_code == 201
    family = serve.family()

    serve.send(signal.SIGKILL)
    serve.wait()

    again = start_serve(used)
    assert httpx.post(f"{again.url()}/auth/login", json=ACCOUNT).is_success
    assert psutil.wait_procs(family, timeout=15)[1] == []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the server that runs."""
    return tmp_path_factory.mktemp("running") / "data"


@pytest.fixture(scope="module")
def address(start_lasting_serve: StartServe, data: Path) -> str:
    """The server that runs while others are refused."""
    return start_lasting_serve(data).url()


@pytest.mark.uncovered
def test_a_second_start_on_the_same_data_is_refused(start_serve: StartServe, data: Path, address: str) -> None:
    second = start_serve(data)

    assert second.wait() != 0
    assert "already runs on the data directory" in second.output.read_text()
    assert "Traceback" not in second.output.read_text()
    assert httpx.get(f"{address}/readyz").status_code == 200, "the first is not disturbed"


@pytest.mark.uncovered
def test_a_port_in_use_is_said_before_anything_starts(start_serve: StartServe, tmp_path: Path, address: str) -> None:
    second = start_serve(tmp_path / "two", PORT=address.rsplit(":", 1)[1])

    assert second.wait() != 0
    assert "PORT" in second.output.read_text()
    assert not (tmp_path / "two").exists()


def test_a_bad_setting_is_named(start_serve: StartServe, tmp_path: Path) -> None:
    serve = start_serve(tmp_path / "data", ARTEL_REGISTRATION="everybody")

    assert serve.wait() != 0
    assert "ARTEL_REGISTRATION" in serve.output.read_text()
    assert "Traceback" not in serve.output.read_text()


@pytest.mark.uncovered
def test_a_killed_make_takes_the_server_along(start_serve: StartServe, tmp_path: Path, used: Path) -> None:
    """`make run` is killed with -9: make's recipe is a shell that becomes the server, as in the Makefile."""
    recipe = f"exec '{sys.executable}' -I -S '{exec_child.__file__}' $PPID 15 -1 -1 . '{ARTEL}' serve"
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@{recipe.replace('$', '$$')}\n")
    make = start_serve(used, command=["make", "-f", str(makefile), "run"])
    make.url()
    family = make.family()

    make.send(signal.SIGKILL)

    assert psutil.wait_procs(family, timeout=40)[1] == []
