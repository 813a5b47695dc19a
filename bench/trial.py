"""What the trials chaos, faults and soak have in common: how they begin and end, their house, and the people in it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.lookout import Intruders, Prey
from bench.processes import child
from bench.report import RESULTS, write
from tests.support.clusters import RunningCluster, running_cluster
from tests.support.talking import Talker
from tests.support.visitors import Refusal, Stream

_ENVIRONMENT: Final = {
    "OPENAI_API_KEY": "trial",
    "ARTEL_REGISTRATION": "open",
    "ARTEL_FIND_LOCAL_MODELS": "false",
    "ARTEL_METRICS_PORT": "0",
}

Found = dict[str, Any]
"""What is told of a trial; `faults` is empty of one that went as it must."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial takes place: a directory for all that it writes, and the address of a scripted model."""

    directory: Path
    model: str

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.directory / "data"

    def cluster(
        self, *, apis: int = 2, workers: int = 2, shards: int = 2, **settings: str
    ) -> AbstractAsyncContextManager[RunningCluster]:
        """A cluster over embedded stores whose agents have the scripted model, with more settings by their names."""
        environment = {**_ENVIRONMENT, "OPENAI_BASE_URL": self.model, **settings}
        return running_cluster(self.data, environment, apis=apis, workers=workers, shards=shards)


@dataclass(frozen=True, slots=True)
class People:
    """Those who talk, and their things."""

    talkers: Sequence[Talker]
    prey: list[Prey]

    @classmethod
    async def gather(cls, addresses: Sequence[str], name: str, number: int, chats: int) -> People:
        """So many new people with so many chats each, who listen already."""
        talkers = [await Talker.begin(addresses, f"{name}{each}@example.org", chats) for each in range(number)]
        return cls(talkers, [await Prey.of(talker) for talker in talkers])

    @property
    def streams(self) -> list[Stream]:
        """Everybody's."""
        return [stream for talker in self.talkers for stream in talker.streams]

    @property
    def refusals(self) -> list[Refusal]:
        """Of all their requests."""
        return [each for talker in self.talkers for each in talker.visitor.refusals]

    def heard(self) -> dict[str, int]:
        """How much their streams told them."""
        return {
            "events": sum(len(stream.heard) for stream in self.streams),
            "resyncs": sum(len(stream.resyncs) for stream in self.streams),
        }

    async def part(self) -> list[str]:
        """Lets them hang up; what is not as it must be, now that everything is over."""
        faults = [fault for each in (*self.talkers, *self.prey) for fault in await each.faults()]
        for talker in self.talkers:
            await talker.end()
        return faults


def around(intruders: Intruders) -> Found:
    """What went on beside a trial."""
    return {"load_average": round(os.getloadavg()[0], 1), "intruders_were_told": intruders.answers()}


def options_of(description: str | None, *, quick: str, people: int) -> argparse.ArgumentParser:
    """The options that every trial has. quick: what `--quick` makes of it."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=people)
    parser.add_argument("--quick", action="store_true", help=f"{quick}; nothing is written, everything stays")
    parser.add_argument("--into", type=Path, help="where what was found is written, instead of bench/results")
    return parser


def carry_out(
    name: str,
    trial: Callable[[Place], Coroutine[Any, Any, Found]],
    options: argparse.Namespace,
    *,
    is_whole: bool = True,
) -> None:
    """Runs a trial beside a scripted model, and writes what was found, and `<name>.html` if it made one, when there
    was no fault. The process ends with 1 if there was one; everything stays in its place then.

    is_whole: whether what was found may stand in bench/results.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"artel-{name}-"))
    with child([sys.executable, "-m", "tests.support.model_server"], ready="READY") as model:
        found = uvloop.run(trial(Place(directory, model.address)))
    into: Path | None = options.into or (RESULTS if is_whole and not options.quick else None)
    write(name, found, into=None if found["faults"] else into)
    if found["faults"] or into is None:
        print(f"Faults: {found['faults']}. Everything is in {directory}")
        raise SystemExit(1 if found["faults"] else 0)
    if (drawn := directory / f"{name}.html").exists():
        shutil.copy(drawn, into)
    shutil.rmtree(directory, ignore_errors=True)
