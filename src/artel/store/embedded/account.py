"""The account that the embedded servers run as: ourselves, or an unprivileged one when we are root.

PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from artel.kit.errors import ArtelError

_CANDIDATES = ("artel", "postgres", "nobody")


class NoAccount(ArtelError):
    """PostgreSQL does not run as root, and there is no account artel, postgres or nobody here. Create one of them."""

    slug = "no-account"


@dataclass(frozen=True, slots=True)
class Account:
    """An existing account to give privileges up to."""

    uid: int
    gid: int

    def can_execute(self, program: Path) -> bool:
        """Whether the account may read and run the program, judged by the mode bits of it and of its parents."""
        path = program.resolve()
        return self._allowed(path, stat.S_IROTH | stat.S_IXOTH) and self.can_enter(path.parent)

    def can_enter(self, directory: Path) -> bool:
        """Whether the account may walk down to the directory and into it."""
        path = directory.resolve()
        return all(self._allowed(step, stat.S_IXOTH) for step in (path, *path.parents))

    def own(self, path: Path) -> None:
        """Makes the account the owner of one file or directory."""
        os.chown(path, self.uid, self.gid)

    def _allowed(self, path: Path, bits: int) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            bits <<= 6
        elif status.st_gid == self.gid:
            bits <<= 3
        return status.st_mode & bits == bits


def servers_account(existing: Path) -> Account | None:
    """The account for a server whose data lives (or will live) in `existing`; None when we are not root.

    Data that exists keeps its owner, so that an account created later does not lock the server out.
    """
    if os.geteuid() != 0:
        return None
    if existing.exists() and (status := existing.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise NoAccount
