"""Secrets in files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from artel.store.embedded import load_or_create_secret


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"

    first = load_or_create_secret(path)

    assert load_or_create_secret(path) == first
    assert len(first) >= 43, "32 random bytes in base64"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"], "no draft is left"


def test_those_who_race_for_a_secret_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"

    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(load_or_create_secret, [path] * 64))

    assert len(secrets) == 1


def test_secrets_differ(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path / "a") != load_or_create_secret(tmp_path / "b")
