"""Makes the secrets of `compose.yaml`, once: each part's into a volume of its own below /secrets.

What is there stays, so that a second start changes nothing. Files that only repeat a secret in a store's own words are
written anew each time, for a newer version may word them otherwise.
"""

import os
import secrets
from pathlib import Path
from typing import NoReturn

SECRETS = Path(os.environ.get("SECRETS_DIR", "/secrets"))


def write(name: str, content: str) -> None:
    """All of it or nothing: whoever is killed here has not left half a secret. Readable for the part's own user, whose
    number differs from ours; nobody else is given the volume."""
    path = SECRETS / name
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with new.open("x") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.chmod(0o444)
    new.replace(path)


def made_once(name: str) -> str:
    """The secret in this file: 256 bits in letters and digits that need no quoting in a URL or a file of settings."""
    path = SECRETS / name
    if not path.exists():
        write(name, secrets.token_hex(32))
    return path.read_text()


def main() -> None:
    """Makes what is missing."""
    made_once("artel/secret-key")
    made_once("grafana/admin-password")
    write("migrate/grafana-password", made_once("grafana/postgres-password"))

    postgres = made_once("postgres/password")
    write("migrate/database-url", f"postgresql://postgres:{postgres}@postgres:5432/artel")

    valkey = made_once("artel/valkey-password")
    write("artel/redis-url", f"redis://:{valkey}@valkey:6379/0")
    write("valkey/password", valkey)
    write(
        "valkey/valkey.conf",
        f"requirepass {valkey}\nbind * -::*\ndir /data\n"
        "appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\n",
    )

    qdrant = made_once("artel/qdrant-api-key")
    write("qdrant/config.yaml", f"service:\n  api_key: {qdrant}\n")


def _missing(error: OSError) -> NoReturn:
    raise SystemExit(f"The secrets cannot be written: {error}. Is a volume below /secrets owned by another user?")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        _missing(error)
