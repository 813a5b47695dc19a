"""What a model is told of its user's memory before it answers: few memories, relevant ones, in time, or none.

Memory is a help and never a condition: whatever is wrong with it, a turn goes on without.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal
from uuid import UUID

import structlog

from artel.kit.errors import Unavailable
from artel.memory.excerpt import excerpt
from artel.memory.finder import Candidate, Finder, Sought
from artel.memory.ids import memory_id
from artel.memory.patience import Patience
from artel.memory.questions import Questions
from artel.memory.vectors import BadVector
from artel.memory.views import Found, MemoryView
from artel.memory.words import WordReader

MAX_RECALLED: Final = 5
MAX_TOKENS: Final = 1_200
"""Of all memories of one turn, counted as four bytes each: four characters of English, two of Russian."""
EXCERPT_CHARS: Final = 800
_QUESTION_SECONDS: Final = 0.015
"""What a model on this machine takes for a question, one after the other."""
_CANDIDATES: Final = 40
_FEW_WORDS: Final = 4
"""With fewer a question leans on what was said before: "and in March?"."""
_END_CHARS: Final = 150
"""Of a long question its beginning and its end are looked at."""
_END_MEANT_CHARS: Final = 60
"""The same by meaning: for three characters a model on this machine takes a millisecond, and must be in time."""
_BYTES_A_TOKEN: Final = 4
_MAX_WITHOUT: Final = 400
_SHORTEST_TWO_PASSAGES: Final = 900
"""Two neighbouring passages are longer than that together, or they would be one."""

_QUESTION: Final = re.compile(r"[^.!?\n]*\?+")
"""One sentence, and that a question."""

RecallOutcome = Literal["found", "nothing", "late", "unavailable"]

_log = structlog.get_logger("artel.memory")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a turn is about. before: the user's message before it.

    What the model is given anyway is left out: messages, by their length in characters; files; what was said in a run;
    summaries of a chat.
    """

    text: str
    before: str = ""
    messages: Mapping[UUID, int] = field(default_factory=dict[UUID, int])
    files: Collection[UUID] = ()
    run_id: UUID | None = None
    session_id: int | None = None


@dataclass(slots=True)
class Recall:
    """Recalls. `finder`: None as long as there is no memory to search. on_outcome: told how each went, and how long it
    took in seconds."""

    finder: Finder | None = None
    patience: Patience = field(default_factory=Patience)
    on_outcome: Callable[[RecallOutcome, float], None] = lambda outcome, seconds: None

    def begin(self, user_id: int, text: str) -> None:
        """The user says this just now, and it will be asked in a moment: whatever can be done before is begun. What
        leans on the conversation, which is not known here, is not; nor what the model is too busy for."""
        finder = self.finder
        if finder is None or finder.questions is None or _is_too_busy(finder.questions, self.patience.seconds()):
            return
        question = question_of(Asked(text), finder.reader)
        if question is not None and len(finder.reader.words(question)) >= _FEW_WORDS:
            finder.questions.begin(user_id, meant(question))

    async def find(self, user_id: int, asked: Asked) -> list[Found] | None:
        """The memories that are worth telling, most relevant first, texts cut; None when memory does not answer, or not
        in time.

        Raises nothing: an answer without memories is better than none.
        """
        finder = self.finder
        question = None if finder is None else question_of(asked, finder.reader)
        if finder is None or question is None:
            return []
        began = time.monotonic()
        found: list[Found] | None = None
        outcome: RecallOutcome = "unavailable"
        try:
            with self.patience.wait() as seconds:
                async with asyncio.timeout(seconds):
                    _refuse_if_too_busy(finder, user_id, question, seconds)
                    found = await _found(finder, user_id, question, asked)
            outcome = "found" if found else "nothing"
        except TimeoutError:
            outcome = "late"
        except (Unavailable, BadVector) as error:
            _log.info("nothing is recalled", user_id=user_id, error=error.slug)
        except Exception:
            # A turn's end is worth more than the tidiness of letting a fault of memory pass.
            _log.exception("recall failed", user_id=user_id)
        self.on_outcome(outcome, time.monotonic() - began)
        return found


def _refuse_if_too_busy(finder: Finder, user_id: int, question: str, seconds: float) -> None:
    questions = finder.questions
    if questions is not None and not questions.is_begun(user_id, meant(question)) and _is_too_busy(questions, seconds):
        raise TimeoutError


def _is_too_busy(questions: Questions, seconds: float) -> bool:
    """Whether one more question would be answered too late, and make those behind it late too."""
    return questions.under_way * _QUESTION_SECONDS >= seconds


async def _found(finder: Finder, user_id: int, question: str, asked: Asked) -> list[Found]:
    given = [
        memory_id(user_id, "message", str(message), part)
        for message, characters in asked.messages.items()
        for part in range(1 + 2 * characters // _SHORTEST_TWO_PASSAGES)
    ]
    where = Sought(without=given[:_MAX_WITHOUT])
    candidates = await finder.candidates(user_id, question, where, _CANDIDATES, meant(question))
    return chosen(finder, question, [each for each in candidates if not _is_given(each, asked)])


def question_of(asked: Asked, reader: WordReader) -> str | None:
    """What is looked for; None for what is only courtesies."""
    text = asked.text.strip()
    words = reader.words(_ends(text))
    if not words and not text.endswith("?"):
        return None
    question = f"{_ends(asked.before.strip())}\n{_ends(text)}" if len(words) < _FEW_WORDS else _ends(text)
    return question.strip()


def meant(question: str) -> str:
    """What of a question is compared by meaning."""
    return _ends(question, _END_MEANT_CHARS)


def _ends(text: str, characters: int = _END_CHARS) -> str:
    return text if len(text) <= 2 * characters else f"{text[:characters]} {text[-characters:]}"


def _is_given(candidate: Candidate, asked: Asked) -> bool:
    memory = candidate.memory
    if memory.run_id is not None and memory.run_id == asked.run_id:
        return True
    if memory.kind == "file":
        return memory.file_id in asked.files
    if memory.kind == "summary":
        return memory.session_id == asked.session_id
    return memory.kind == "message" and memory.source_id in {str(message) for message in asked.messages}


def relevant(finder: Finder, question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that have something to say to a question, in their order.

    A question is nearest to itself: had it been asked before, the threshold would rise with it and leave no room for
    what answers it. So what only asks is left out, and the agents' answers ("I do not know") are measured by
    themselves.
    """
    words = set(finder.reader.words(question))
    telling = [each for each in candidates if not _only_asks(each.memory, words, finder.reader)]
    kept: set[UUID] = set()
    for group in ([each.hit for each in telling if _is_answer(each.memory) == wanted] for wanted in (False, True)):
        kept |= {hit.id for hit in finder.relevance.keep(question, group, finder.reader)}
    return [each for each in telling if each.memory.id in kept]


def _only_asks(memory: MemoryView, words: Collection[str], reader: WordReader) -> bool:
    if memory.kind != "message":
        return False
    asks = memory.role == "user" and _QUESTION.fullmatch(memory.text.strip()) is not None
    return asks or set(reader.words(memory.text)).issubset(words)


def _is_answer(memory: MemoryView) -> bool:
    return memory.kind in ("message", "task") and memory.role == "assistant"


def chosen(finder: Finder, question: str, candidates: Sequence[Candidate]) -> list[Found]:
    """The few that are relevant, each text once, within the budget."""
    words = set(finder.reader.words(question))
    found: dict[str, Found] = {}
    left = MAX_TOKENS
    for candidate in relevant(finder, question, candidates):
        text = excerpt(candidate.memory.text, words, EXCERPT_CHARS, finder.reader)
        # An answer often repeats the question, and a fact the words it was taken from.
        if any(text.casefold() in each.casefold() for each in found):
            continue
        tokens = -(-len(text.encode()) // _BYTES_A_TOKEN)
        if tokens > left or len(found) == MAX_RECALLED:
            continue
        left -= tokens
        found[text] = finder.found(replace(candidate, memory=replace(candidate.memory, text=text)))
    return list(found.values())
