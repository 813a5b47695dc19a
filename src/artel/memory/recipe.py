"""What of a memory is compared by meaning and looked for by words: its text, and of an answer what it answers.

"Boil it with vinegar" does not say of what. What it is an answer to stands in front of it, in the index alone: what is
shown, and told to a model, is the answer. An answer to what asks for nothing ("we have a new sofa") stands for itself:
it would be found wherever that is, and says less. Measured by `bench/long_memory.py`; see docs/memory.md.
"""

from __future__ import annotations

import re
from typing import Final

RECIPE: Final = 1
"""Which way it was indexed stands with each row, so that another way reaches what is indexed already by and by. Who
raises it gives `ix_memories_recipe` and `users_with_memory_work` the new number."""

_END_CHARS: Final = 100
"""Of a long question its beginning and its end are taken."""

_RUSSIAN: Final = """
посовет порекоменд подскаж помог помож напиш состав придума объясн поясн расскаж предлож сдела найд переведи посчита
рассчита покаж дай дайте наброса подбер подбери реши исправ проверь сравни хочу хочет хотим хотел нужен нужн надо можешь
можете давай
"""
_ENGLISH: Final = """
please help write suggest recommend advise explain give make tell show find translate compare draft plan fix check need
want can could would how what
"""
_ASKS: Final = re.compile(
    rf"[?？؟]|\b(?:{'|'.join(_RUSSIAN.split())})|\b(?:{'|'.join(_ENGLISH.split())})\b", re.IGNORECASE
)
"""A question mark, or a word that requests are made with; of Russian ones how they begin."""


def indexed_text(text: str, question: str | None) -> str:
    """What of a memory's text is indexed. question: the text that it answers; None: none, or none that is known."""
    if not question or not _ASKS.search(question):
        return text
    if len(question) > 2 * _END_CHARS:
        question = f"{question[:_END_CHARS]} {question[-_END_CHARS:]}"
    return f"{question}\n{text}"
