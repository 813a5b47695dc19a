"""Random secrets kept in files that only their owner may read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from artel.kit.secrets import new_secret


def load_or_create_secret(path: Path, n_bytes: int = 32) -> str:
    """The secret in the file; made of `n_bytes` random bytes when there is no file yet.

    The file appears complete or not at all, and two that race for it end up with the same secret.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{new_secret(6)}")
    write_private(draft, new_secret(n_bytes).encode())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def read_secrets(path: Path) -> list[str]:
    """The secrets in the file, one a line, the newest first.

    Raises:
        FileNotFoundError: there is none.
    """
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]


def replace_secrets(path: Path, secrets: Sequence[str]) -> None:
    """Writes them in the place of those that were there; a kill in the middle leaves the ones or the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{new_secret(6)}")
    write_private(draft, "".join(f"{secret}\n" for secret in secrets).encode())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def write_private(path: Path, content: bytes) -> None:
    """Writes a file of mode 0600 and waits until it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
