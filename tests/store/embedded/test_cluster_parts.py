"""What `artel cluster` is made of: ports that stay taken, processes that are kept, shards that are not forgotten."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from artel.app.cluster import ArtelProcess, Cluster, take_ports
from artel.app.databases import embedded_servers
from artel.app.server import PortTaken
from artel.cli.cluster import StopSignals
from artel.settings import load_settings
from artel.store.embedded import ServerDidNotStart, postgres_servers_of
from artel.store.embedded.supervisor import Keeper, Launch


@pytest.mark.skipif(sys.platform != "linux", reason="two sockets of one address are Linux's way")
def test_a_port_stays_taken_while_nobody_listens() -> None:
    with take_ports(load_settings({"PORT": 0}), 2) as ports:
        first, second = ports.numbers
        assert first != second
        assert ports.addresses == [f"http://127.0.0.1:{port}" for port in ports.numbers]
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", first)):
            pass

        with socket.socket() as process:
            process.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            process.bind(("127.0.0.1", first))
            process.listen()
            with socket.create_connection(("127.0.0.1", first)):
                pass


def test_ports_follow_each_other() -> None:
    for _ in range(20):
        with take_ports(load_settings({"PORT": 0}), 1) as some:
            free = some.numbers[0]
        with suppress(PortTaken), take_ports(load_settings({"PORT": free}), 2) as ports:
            assert ports.numbers == [free, free + 1]
            return
    raise AssertionError("no two ports in a row are free")


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(PortTaken, match=str(taken)), take_ports(load_settings({"PORT": taken}), 1):
            pass


def test_a_data_directory_keeps_its_shards(tmp_path: Path) -> None:
    assert postgres_servers_of(tmp_path) == 0
    for name in ("postgres", "postgres-2", "postgres-4"):
        (tmp_path / name).mkdir()
    assert postgres_servers_of(tmp_path) == 2

    own = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://c"}
    assert embedded_servers(load_settings(own), shards=3) is None


@dataclass
class _Sleeper:
    """A server that is ready at once."""

    home: Path
    name: str = "sleeper"
    launches: list[Launch] = field(default_factory=list[Launch])

    def prepare(self, alive: int) -> Launch:
        del alive
        program = [sys.executable, "-c", "import time; time.sleep(60)"]
        return Launch(program, self.home, None, dict(os.environ), [(signal.SIGTERM, 5.0)])

    def is_ready(self, pid: int) -> bool:
        return pid > 0


def test_who_keeps_a_server_hears_each_time_that_it_is_ready(tmp_path: Path) -> None:
    ready: list[int] = []
    again = threading.Event()

    def note(pid: int) -> None:
        ready.append(pid)
        if len(ready) == 2:
            again.set()

    keeper = Keeper(_Sleeper(tmp_path), on_ready=note)
    keeper.start()
    keeper.wait_ready()
    os.kill(ready[0], signal.SIGKILL)
    assert again.wait(20)
    keeper.stop()

    assert ready[0] != ready[1]


def test_a_process_is_ready_when_this_start_of_it_says_so(tmp_path: Path) -> None:
    log = tmp_path / "api-1" / "server.log"
    process = ArtelProcess("api-1", "api", tmp_path / "api-1", 1.0)
    log.write_text("Artel is ready on http://127.0.0.1:1\n")

    process.prepare(0)

    assert not process.is_ready(7)
    with log.open("a") as file:
        file.write("Artel is ready on http://127.0.0.1:1\n")
    assert process.is_ready(7)
    worker = ArtelProcess("worker-1", "worker", tmp_path / "worker-1", 1.0)
    (tmp_path / "worker-1" / "server.log").write_text("worker pid 71\n")
    assert (worker.is_ready(71), worker.is_ready(7)) == (True, False)


def test_a_process_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTEL_DATA_DIR", str(tmp_path))
    with take_ports(load_settings({"PORT": 0}), 1) as ports:
        cluster = Cluster(load_settings({"ARTEL_DATA_DIR": str(tmp_path)}), ports, 0, lambda _: None)
        with pytest.raises(ServerDidNotStart, match="No Artel runs on this data directory"):
            cluster.start()
        cluster.hurry()
        cluster.stop()


def test_a_second_signal_hurries(tmp_path: Path) -> None:
    class Hurried(Cluster):
        hurried = 0

        def hurry(self) -> None:
            self.hurried += 1

    with take_ports(load_settings({"PORT": 0}), 1) as ports:
        cluster = Hurried(load_settings({"ARTEL_DATA_DIR": str(tmp_path)}), ports, 0, lambda _: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    asked = StopSignals()
    try:
        asked.note(signal.SIGTERM, None)
        asked.wait(cluster)
        assert cluster.hurried == 0
        asked.note(signal.SIGTERM, None)
        assert cluster.hurried == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
