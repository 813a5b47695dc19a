"""Loads every module of `tests/support` as a plugin: fixtures that several rooms need live in modules of their own."""

from __future__ import annotations

from pathlib import Path

pytest_plugins = [
    f"tests.support.{module.stem}"
    for module in sorted(Path(__file__).with_name("support").glob("*.py"))
    if module.stem != "__init__"
]
