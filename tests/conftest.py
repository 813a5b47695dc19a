"""Loads every module of `tests/support` as a plugin: fixtures that several rooms need live in modules of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

# Before any of them is imported, since they import each other.
pytest.register_assert_rewrite("tests.support")

pytest_plugins = [
    f"tests.support.{module.stem}"
    for module in sorted(Path(__file__).with_name("support").glob("*.py"))
    if module.stem != "__init__"
]
