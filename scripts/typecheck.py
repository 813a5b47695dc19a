"""Checks types where they can have changed. `typecheck.py`: the files that are new since they were last found right, or
that import, over however many others, one that is. `typecheck.py --all`: every file.

What pyright says of a file depends on the file, on what it imports, and on the packages and settings. Of each that was
right, the sum of all these is kept in .cache/types.json.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
KNOWN: Final = ROOT / ".cache" / "types.json"
ROOMS: Final = {"artel": ROOT / "src" / "artel", "tests": ROOT / "tests", "bench": ROOT / "bench"}
FOR_ALL: Final = ("requirements.lock", "pyproject.toml", "scripts/typecheck.py")
PEERS: Final = re.compile(r"bench/peers/\w*_\w*\.py")
"""Left out by pyproject.toml, and said to pyright by name they would not be."""
IMPORT: Final = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|.*)|import[ \t]+(.*))", re.M)

Modules = dict[str, Path]


def modules() -> Modules:
    """Every file by the name that it is imported by; a package is its __init__.py."""
    found: Modules = {}
    for room, folder in ROOMS.items():
        for path in folder.rglob("*.py"):
            parts = (room, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(text: str) -> Iterator[str]:
    """Names that may be modules, and the packages they lie in. Ruff allows no relative ones."""
    for start, what, plain in IMPORT.findall(text):
        names = re.findall(r"[\w.]+", re.sub(r"\bas[ \t]+\w+|#.*", "", what or plain))
        if start:
            yield from _with_packages(start)
        for each in names:
            yield from [f"{start}.{each}"] if start else _with_packages(each)


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def sums(known: Modules) -> dict[Path, str]:
    """Of each file, what it and all that it leads to amount to."""
    common = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in FOR_ALL)).hexdigest()
    texts = {name: path.read_bytes() for name, path in known.items()}
    own = {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}
    direct = {name: {each for each in imported(text.decode()) if each in known} for name, text in texts.items()}
    found: dict[Path, str] = {}
    for name, path in known.items():
        reached, waiting = {name}, [name]
        while waiting:
            fresh = direct[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        parts = [common, name, *(f"{each} {own[each]}" for each in sorted(reached))]
        found[path] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return found


def main(everything: bool) -> int:
    """Pyright's exit code."""
    right: set[str] = set(json.loads(KNOWN.read_text())) if KNOWN.exists() else set()
    found = sums(modules())
    names = {path: str(path.relative_to(ROOT)) for path in found}
    doubtful = [names[path] for path in found if found[path] not in right and not PEERS.fullmatch(names[path])]
    if not doubtful and not everything:
        print("0 errors: nothing has changed")
        return 0
    named = [] if everything or len(doubtful) == len(found) else doubtful
    code = subprocess.run([ROOT / ".venv" / "bin" / "pyright", *named], cwd=ROOT, check=False).returncode
    if code == 0:
        KNOWN.parent.mkdir(exist_ok=True)
        KNOWN.write_text(json.dumps(sorted(found.values()), indent=0))
    return code


if __name__ == "__main__":
    raise SystemExit(main("--all" in sys.argv[1:]))
