"""What a person reads of an error, and what they must never read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from artel.llm import errors
from artel.llm.errors import MAX_EXCERPT, ModelError, ModelKeyRefused, ModelRateLimited, ModelUnreachable, safe_excerpt
from artel.llm.messages import MESSAGES, message_for

ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ModelError)]


def test_the_codes_are_those_of_the_architecture_page() -> None:
    page = (Path(__file__).parents[3] / "docs/architecture.md").read_text()
    paragraph = page[page.index("Error codes of a model call") :].split("\n\n")[0]
    documented = set(re.findall(r"`([a-z_]+)`", paragraph)) - {"error"}
    assert {key.partition(":")[0] for key in MESSAGES} == documented
    assert {error.code for error in ERRORS} <= documented


def test_each_class_has_a_code_and_a_slug_of_its_own() -> None:
    classes = [error for error in ERRORS if error is not ModelError]
    assert len({error.code for error in classes}) == len({error.slug for error in classes}) == len(classes)
    assert all(error.status >= 400 for error in classes)


@pytest.mark.parametrize("key", MESSAGES)
def test_a_message_speaks_both_languages_and_says_what_to_do(key: str) -> None:
    code, _, variant = key.partition(":")
    english = message_for(code, "en", variant=variant or None, provider="Acme", model="m1")
    russian = message_for(code, "ru", variant=variant or None, provider="Acme", model="m1")
    assert re.search("[а-я]", russian)
    assert not re.search("[а-я]", english)
    assert "{" not in english + russian
    assert english.endswith(".")
    assert russian.endswith(".")


def test_an_error_speaks_the_language_it_is_asked_in() -> None:
    error = ModelKeyRefused(provider="Acme", model="m1", says="wrong key")
    assert error.message("ru").startswith("Acme не принял ключ.")
    assert error.message("ru").endswith("Он сообщает: wrong key")
    assert error.message("de") == error.message("en") == error.detail
    assert error.message("en").endswith("It says: wrong key")


def test_an_unknown_variant_is_the_plain_message_and_missing_names_are_described() -> None:
    assert message_for("model_unreachable", variant="martian").startswith("The model's provider cannot be reached")
    assert message_for("model_refused", "ru").startswith("Модель отказалась")


def test_a_log_sees_the_cause_but_no_words_of_the_provider() -> None:
    error = ModelRateLimited("quota", provider="Acme", model="m1", says="you, Anna, owe us money")
    assert str(error) == "model_rate_limited:quota (Acme m1)"
    assert "Anna" not in repr(error)


def test_retryable_follows_the_kind_unless_said_otherwise() -> None:
    assert ModelUnreachable().retryable
    assert not ModelUnreachable(retryable=False).retryable
    assert not ModelKeyRefused().retryable


@pytest.mark.parametrize(
    ("raw", "hidden"),
    [
        ("Incorrect API key provided: sk-proj-abc_DEF-123456. Find yours", "abc_DEF"),
        ("key sk-ant-api03-AAAAbbbb1111-cccc is wrong", "AAAA"),
        ("Incorrect API key provided: sk-abc***************xyz9.", "xyz9"),
        ("Authorization: Bearer abcdef0123456789", "abcdef"),
        ("Basic dXNlcjpwYXNz", "dXNl"),
        ("AIzaSyA1234567890abcdef refused", "SyA12"),
        ("token hf_abcdefghijklmn", "abcdefghijklmn"),
        ("id 0123456789abcdef0123456789abcdef is unknown", "0123456789abcdef"),
        ("see http://user:pass@host/", "pass"),
        ("gsk_abcDEF123456 no", "abcDEF"),
    ],
)
def test_keys_never_reach_a_message(raw: str, hidden: str) -> None:
    excerpt = safe_excerpt(raw)
    assert excerpt
    assert hidden not in excerpt
    assert "…" in excerpt


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("The model `gpt-5-mini` does not exist", "The model `gpt-5-mini` does not exist"),
        ("two\r\n  lines\x00\x1b[31m red", "two lines [31m red"),
        ("right\u202eto left", "right to left"),
        ("  ", None),
        ("", None),
        (None, None),
        ("<!doctype html><html>", None),
        ("  <html>", None),
    ],
)
def test_the_providers_words_are_made_plain(raw: str | None, shown: str | None) -> None:
    assert safe_excerpt(raw) == shown


def test_the_providers_words_are_cut_short() -> None:
    excerpt = safe_excerpt("слово " * 10_000)
    assert excerpt is not None
    assert len(excerpt) <= MAX_EXCERPT
    assert excerpt.endswith("…")
