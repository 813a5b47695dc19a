"""What a program may use and answer. Apart from the program itself, which imports an interpreter."""

from __future__ import annotations

from typing import Final

MAX_PRINTED: Final = 20_000
"""Characters; a program that prints more goes on, unheard."""
MAX_VALUE: Final = 20_000
MAX_ERROR: Final = 4_000
SECONDS: Final = 5.0
"""Of execution, as Monty counts it."""
MEMORY: Final = 128 << 20

MODULES: Final = (
    "asyncio", "base64", "binascii", "bisect", "collections", "copy", "csv", "dataclasses", "datetime", "decimal",
    "functools", "hashlib", "itertools", "json", "math", "random", "re", "sys", "time", "tomllib", "typing",
    "unicodedata",
)  # fmt: skip
"""What Monty has of the standard library, as far as it is of use here."""
