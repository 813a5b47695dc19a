"""The commands as an administrator types them, over embedded stores that run, and over stopped ones."""

from __future__ import annotations

import asyncio
import logging
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from typer.testing import CliRunner, Result

from artel.accounts.provider_keys import ProviderKeys
from artel.app.accounts import open_accounts
from artel.app.databases import NothingRuns, embedded_servers, open_stores, secret_keys
from artel.app.restore import AnotherKey
from artel.cli import cli
from artel.cli.backup import FileExists, NoSecretKey
from artel.cli.common import BadPassphrase, Failed
from artel.cli.keys import NoNewKey, StopFirst
from artel.kit.sealed_stream import Damaged
from artel.kit.secrets import SecretBox
from artel.settings import Settings, load_settings
from artel.store.backup.load import NotEmpty
from artel.store.embedded import DataDirectoryInUse, Endpoints
from artel.store.shards import Shards

PASSPHRASE = "words that nobody guesses"
PASSWORD = "a password of anna's"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Commands set logging up for a whole process; here it is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def _environment(data: Path) -> dict[str, str]:
    return {
        "ARTEL_DATA_DIR": str(data),
        "ARTEL_EMBEDDING_MODEL": "off",
        "ARTEL_FIND_LOCAL_MODELS": "false",
        "ARTEL_LOG_LEVEL": "error",
    }


def _run(data: Path, *words: str | Path, input: bytes | None = None, **more: str) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)), env=_environment(data) | more, input=input)


def _settings(data: Path, **more: str) -> Settings:
    return load_settings(_environment(data) | more)


async def _fill(settings: Settings, endpoints: Endpoints | None) -> None:
    """Anna, and a key of hers for a provider."""
    stores = await open_stores(settings, endpoints, upgrade=True)
    async with open_accounts(settings, stores) as accounts:
        anna = await accounts.add("anna@example.org", PASSWORD)
    shards = Shards(stores.shards)
    await shards.start()
    box = SecretBox(stores.secret_key)
    await ProviderKeys(shards, box).put(anna.id, "openai", api_key="sk-of-anna", base_url=None)
    await shards.stop()


async def _annas_key(settings: Settings, endpoints: Endpoints | None) -> str | None:
    stores = await open_stores(settings, endpoints, upgrade=False)
    async with open_accounts(settings, stores) as accounts:
        anna = await accounts.log_in("anna@example.org", PASSWORD)
    shards = Shards(stores.shards, other_passwords=stores.other_passwords)
    await shards.start()
    try:
        keys = await ProviderKeys(shards, SecretBox(stores.secret_key, *stores.old_keys)).all(anna.id)
    finally:
        await shards.stop()
    return keys["openai"].api_key if "openai" in keys else None


def _key_in(data: Path) -> str | None:
    """Anna's key, as the stores below this directory and its secret key give it."""
    servers = embedded_servers(_settings(data))
    assert servers is not None
    with servers as endpoints:
        return asyncio.run(_annas_key(_settings(data), endpoints))


@pytest.fixture(scope="module")
def house(quiet: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An installation that ran, and what was done beside it meanwhile. It is stopped now."""
    data, files = tmp_path_factory.mktemp("house") / "data", tmp_path_factory.mktemp("files")
    servers = embedded_servers(_settings(data))
    assert servers is not None
    file = files / "beside.backup"
    with servers as endpoints:
        asyncio.run(_fill(_settings(data), endpoints))
        results = {
            "backup": _run(data, "backup", file, ARTEL_BACKUP_PASSPHRASE=PASSPHRASE),
            "doctor": _run(data, "doctor", "--json"),
            "rotate": _run(data, "keys", "rotate"),
            "status": _run(data, "keys", "status"),
            "restore": _run(data, "restore", file, ARTEL_BACKUP_PASSPHRASE=PASSPHRASE),
        }
    return {"data": data, "files": files, "file": file, **results}


def test_beside_a_running_server(house: dict[str, Any]) -> None:
    assert house["backup"].exit_code == 0, house["backup"].output
    assert stat.S_IMODE(house["file"].stat().st_mode) == 0o600
    assert [path.name for path in house["files"].glob("beside*")] == ["beside.backup"]
    assert "provider_keys.sealed_key\t1 current" in house["status"].output
    assert isinstance(house["rotate"].exception, StopFirst)
    assert isinstance(house["restore"].exception, DataDirectoryInUse)
    found = {each["code"]: each["severity"] for each in orjson.loads(house["doctor"].stdout)}
    assert "error" not in found.values(), found
    assert "nobody_at_work" in found


def test_a_backup_is_looked_at(house: dict[str, Any]) -> None:
    data, file = house["data"], house["file"]
    key = secret_keys(_settings(data))[0]

    told = _run(data, "backup", "verify", file, ARTEL_BACKUP_PASSPHRASE=PASSPHRASE)
    shown = _run(data, "backup", "key", file, ARTEL_BACKUP_PASSPHRASE=PASSPHRASE)

    assert "1 accounts" in told.output
    assert "The secret key is inside." in told.output
    assert shown.output.strip() == key
    assert key.encode() not in file.read_bytes()
    assert isinstance(_run(data, "backup", file).exception, FileExists)
    assert isinstance(_run(data, "backup", "verify", file, ARTEL_BACKUP_PASSPHRASE="").exception, BadPassphrase)
    assert isinstance(_run(data, "backup", "verify", house["files"] / "none").exception, Failed)


def test_restored_with_its_key_somewhere_else(house: dict[str, Any], tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(f"{PASSPHRASE}\n")
    there = tmp_path / "there"

    done = _run(there, "restore", "-", "--passphrase-file", passphrase, input=house["file"].read_bytes())
    again = _run(there, "restore", house["file"], "--passphrase-file", passphrase)

    assert done.exit_code == 0, done.output
    assert "Restored: 1 accounts" in done.output
    assert isinstance(again.exception, NotEmpty)
    assert _key_in(there) == "sk-of-anna"


def test_without_a_passphrase_the_key_stays_outside(house: dict[str, Any], tmp_path: Path) -> None:
    data, file, there = house["data"], tmp_path / "plain.backup", tmp_path / "there"
    made = _run(data, "backup", "--to", "-")
    file.write_bytes(made.stdout_bytes)
    key = secret_keys(_settings(data))[0]
    assert "The secret key is not in this backup" in made.stderr
    assert isinstance(_run(data, "backup", "key", file).exception, NoSecretKey)
    assert key.encode() not in file.read_bytes()

    assert isinstance(_run(there, "restore", file).exception, AnotherKey)
    without = _run(there, "restore", file, "--without-key")
    assert "must be entered again" in without.stderr
    assert _key_in(there) is None
    with_key = _run(there, "restore", file, "--force", ARTEL_SECRET_KEY=key, ARTEL_SECRET_KEY_OLD="")
    assert with_key.exit_code == 0, with_key.output

    spoiled = bytearray(made.stdout_bytes)
    # One bit would not do: some lead to a copy of the same bytes, or to a date that nobody reads.
    middle = len(spoiled) // 2
    spoiled[middle : middle + 64] = bytes(64)
    file.write_bytes(spoiled)
    assert isinstance(_run(data, "backup", "verify", file).exception, Damaged)


def test_a_new_key_in_the_data_directory(
    house: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    _run(there, "restore", house["file"], ARTEL_BACKUP_PASSPHRASE=PASSPHRASE)
    path = there / "secret.key"
    before = path.read_text().split()

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["artel.cli.keys"], "forget_old_keys", _die)
        assert _run(there, "keys", "rotate").exit_code != 0
    halfway = path.read_text().split()
    assert halfway[1:] == before
    done = _run(there, "keys", "rotate")

    assert done.exit_code == 0, done.output
    assert path.read_text().split() == halfway[:1], "the key of the first try is used"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _key_in(there) == "sk-of-anna"


def _die(settings: Settings) -> None:
    raise KeyboardInterrupt


def test_where_nothing_ever_ran(quiet: None, tmp_path: Path) -> None:
    data = tmp_path / "none"

    assert isinstance(_run(data, "backup").exception, NothingRuns)
    told = _run(data, "doctor")
    assert told.exit_code == 0
    assert "never_started" in told.output
    broken = _run(data, "doctor", DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert broken.exit_code == 1
    assert isinstance(_run(data, "keys", "rotate", ARTEL_SECRET_KEY=PASSPHRASE).exception, NoNewKey)
    assert not data.exists()
