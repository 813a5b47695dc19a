"""Settings: the environment, read once and complained about clearly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artel.settings import BadSetting, load_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)


def test_nothing_need_be_set() -> None:
    settings = load_settings()

    assert (settings.host, settings.port, str(settings.data_dir)) == ("127.0.0.1", 8000, ".artel")
    assert settings.database_urls == ()
    assert settings.redis_url is None
    assert settings.registration == "first"


def test_several_databases_are_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a/one, postgresql+asyncpg://b/two ,")

    assert load_settings().database_urls == ("postgresql://a/one", "postgresql://b/two")


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("ARTEL_SECRET_KEY", "")
    monkeypatch.setenv("PORT", "")

    settings = load_settings()

    assert (settings.redis_url, settings.secret_key, settings.port) == (None, None, 8000)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "http", "integer"),
        ("PORT", "70000", "65535"),
        ("ARTEL_REGISTRATION", "everybody", "'first', 'open' or 'closed'"),
        ("ARTEL_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("ARTEL_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x", "postgresql://"),
        ("ARTEL_MIGRATION_URL", "postgresql://root:hunter2@db/x", "as many databases as DATABASE_URL"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("OPENAI_BASE_URL", "localhost:1234/v1", "http://"),
        ("ARTEL_SECRET_KEY", "hunter2", "at least 16"),
        ("ARTEL_DEFAULT_MODEL", "gpt-5-mini", "provider:name"),
        ("ARTEL_SEARXNG_URL", "searx.example.org", "http://"),
        ("ARTEL_TOOLS_PRIVATE_ADDRESSES", "perhaps", "boolean"),
    ],
)
def test_a_bad_value_names_its_variable_and_not_its_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(BadSetting) as caught:
        load_settings()

    assert name in caught.value.detail
    assert reason in caught.value.detail
    assert "hunter2" not in caught.value.detail


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("REDIS_URL", "cache")

    with pytest.raises(BadSetting) as caught:
        load_settings()

    assert [line.split(":")[0] for line in caught.value.detail.splitlines()] == ["PORT", "REDIS_URL"]


def test_secrets_do_not_show_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("ARTEL_SECRET_KEY", "hunter2-and-more-of-it")
    monkeypatch.setenv("DATABASE_URL", "postgresql://root:hunter2@db/x")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@cache/0")

    assert "hunter2" not in repr(load_settings())
    assert "hunter2" not in str(load_settings())


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("box", "http://box:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("192.168.1.5:8080", "http://192.168.1.5:8080"),
        ("https://models.example", "https://models.example:11434"),
        ("[::1]:11434", "http://[::1]:11434"),
    ],
)
def test_ollamas_own_variable_is_understood(monkeypatch: pytest.MonkeyPatch, given: str, url: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", given)

    assert load_settings().ollama_url == url


def test_google_has_two_names_for_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "from-gemini")

    key = load_settings().google_key

    assert key is not None
    assert key.get_secret_value() == "from-gemini"


def test_overrides_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")

    assert load_settings({"PORT": 0}).port == 0


def test_a_value_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a key of more than 16 letters\n")
    (tmp_path / "urls").write_text("postgresql://a/one,postgresql://b/two\n")
    monkeypatch.setenv("ARTEL_SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "urls"))

    settings = load_settings()

    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "a key of more than 16 letters"
    assert settings.database_urls == ("postgresql://a/one", "postgresql://b/two")


def test_the_variable_itself_goes_before_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("1111")
    (tmp_path / "nothing").write_text("\n")
    monkeypatch.setenv("PORT_FILE", str(tmp_path / "port"))
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "nothing"))
    monkeypatch.setenv("PORT", "")

    assert (load_settings().port, load_settings().redis_url) == (1111, None)

    monkeypatch.setenv("PORT", "2222")
    assert load_settings().port == 2222


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    monkeypatch.setenv("ARTEL_SECRET_KEY_FILE", str(tmp_path / "key"))

    with pytest.raises(BadSetting, match=r"ARTEL_SECRET_KEY_FILE: .*/key cannot be read"):
        load_settings()
