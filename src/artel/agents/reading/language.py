"""In which language a model is to write about a text."""

from __future__ import annotations

import re

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_UKRAINIAN = re.compile(r"[іїєґ]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)


def in_its_language(text: str) -> str:
    """An instruction. Models fall back on the language of their instructions, so Russian is named: code and names in
    Latin letters, which Russian texts are full of, do not make them English."""
    cyrillic = len(_CYRILLIC.findall(text))
    if cyrillic > len(_LATIN.findall(text)) // 2 and not _UKRAINIAN.search(text):
        return "Write in Russian."
    return "Write in the language of the user's messages."
