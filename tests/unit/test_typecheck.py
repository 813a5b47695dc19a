"""Which files `make quick` has checked again for their types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import script

ROOT = Path(__file__).parents[2]
typecheck: Any = script(ROOT / "scripts/typecheck.py")

FILES = {
    "a/__init__.py": "",
    "a/low.py": "X = 1",
    "a/middle.py": "from a import (\n    low,  # the lowest\n)",
    "a/high.py": "def f() -> None:\n    import a.middle as m",
    "a/aside.py": '"""from nothing"""',
}


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    (tmp_path / "a").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
        found[name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = tmp_path / name
    return found


@pytest.mark.parametrize(
    ("changed", "doubtful"),
    [
        ("low", {"low", "middle", "high"}),
        ("high", {"high"}),
        ("aside", {"aside"}),
        ("__init__", {"__init__", "middle", "high"}),
    ],
)
def test_a_change_is_doubted_in_whatever_leads_to_it(known: dict[str, Path], changed: str, doubtful: set[str]) -> None:
    before = typecheck.sums(known)

    next(path for path in known.values() if path.stem == changed).write_text("Y = 2")

    after = typecheck.sums(known)
    assert {path.stem for path in before if before[path] != after[path]} == doubtful


def test_what_lies_deeper_brings_its_packages_along() -> None:
    text = "from a.b.c import d as e, f\nimport g.h, i as j\n"

    assert {"a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.f", "g", "g.h", "i"} <= set(typecheck.imported(text))


def test_every_file_of_ours_is_known() -> None:
    names = typecheck.modules()

    assert names["artel"] == ROOT / "src/artel/__init__.py"
    assert {"artel.kit.errors", "tests.support.deployment", "bench.trial"} <= set(names)
