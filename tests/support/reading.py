"""A reader of chats whose model is a function, and what it was asked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import orjson
import pytest
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from artel.agents.allowance import Allowance
from artel.agents.reading.learning import newest_facts
from artel.agents.reading.mind import Mind
from artel.agents.reading.reader import Reader
from artel.bus.model import ModelUse
from artel.events.types import Event, MemoryChanged
from artel.kit.ids import IdMaker
from artel.memory.views import MemoryView
from artel.store.shards import Shards
from tests.support.chats import Chat
from tests.support.stores import Stores

COST = Decimal("0.01")
"""Of every call."""

_MESSAGE = re.compile(r'<message id="(m\d+)".*?>\n(.*?)\n</message>', re.DOTALL)
_KNOWN = re.compile(r'<fact id="(f\d+)".*?>(.*?)</fact>')


@dataclass(frozen=True)
class Asked:
    """One question to the model."""

    form: str
    task: str
    text: str
    """The first thing that was said."""
    messages: list[ModelMessage]

    @property
    def new(self) -> Mapping[str, str]:
        """The new messages it was shown, by the ids it knows."""
        return dict(_MESSAGE.findall(self.text))

    @property
    def known(self) -> Mapping[str, str]:
        """The facts it was shown."""
        return dict(_KNOWN.findall(self.text))


Answer = Callable[[Asked], Any]
"""The form's JSON, or a whole response; it may be awaited, and may raise."""


def asked_of(messages: list[ModelMessage], info: AgentInfo) -> Asked:
    """What the function is given, in words."""
    first = messages[0]
    assert isinstance(first, ModelRequest)
    system, said = first.parts
    assert isinstance(system, SystemPromptPart)
    assert isinstance(said, UserPromptPart)
    return Asked(info.output_tools[0].name, system.content, str(said.content), messages)


def answering(answer: Answer, asked: list[Asked]) -> FunctionModel:
    """A model that fills forms in as `answer` says."""

    async def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        question = asked_of(messages, info)
        asked.append(question)
        said = answer(question)
        if isinstance(said, Awaitable):
            said = await cast(Awaitable[Any], said)
        if isinstance(said, ModelResponse):
            return said
        if isinstance(said, str):
            return ModelResponse([TextPart(said)])
        return ModelResponse([ToolCallPart(question.form, orjson.dumps(said).decode())])

    return FunctionModel(respond)


def plain_answer(asked: Asked) -> Any:
    """A summary tells which number it has; no facts."""
    return {"summary": "They talked."} if asked.form == "summary" else {"facts": []}


@dataclass
class Desk:
    """A reader with all that it needs, and what came of it."""

    shards: Shards
    answer: Answer = plain_answer
    asked: list[Asked] = field(default_factory=list[Asked])
    told: list[tuple[int, Event]] = field(default_factory=list[tuple[int, Event]])
    sought: list[str] = field(default_factory=list[str])
    is_demo: bool = False
    opens: int = 0
    now: float = 0.0
    """The reader's watch; it stands still."""

    def reader(self) -> Reader:
        """One process's."""
        return Reader(self.shards, IdMaker(), self.open_mind, self.find, self.emit, lambda: self.now)

    async def open_mind(self, user_id: int) -> Mind | None:
        """As the composition root's."""
        self.opens += 1
        if self.is_demo:
            return None
        async with self.shards.user_tx(user_id) as tx:
            allowance, _ = await Allowance.read(tx, None, "en")

        def use(*_: object) -> ModelUse:
            return ModelUse("openai", "m", 10, 5, COST)

        model = answering(lambda asked: self.answer(asked), self.asked)
        return Mind(f"user{user_id}_orchestrator", model, {}, allowance, use)

    async def find(self, user_id: int, text: str, number: int) -> list[MemoryView]:
        """The newest facts: they are few here."""
        self.sought.append(text)
        async with self.shards.user_tx(user_id) as tx:
            return await newest_facts(tx, number)

    def emit(self, user_id: int, event: Event) -> None:
        """Notes it."""
        self.told.append((user_id, event))

    @property
    def changes(self) -> list[MemoryChanged]:
        """What was told of memories."""
        return [event for _, event in self.told if isinstance(event, MemoryChanged)]

    async def read(self, chat: Chat) -> None:
        """One visit, as if nobody had been there before."""
        await chat.do("update memory_state set read_after = null where user_id = $1")
        await self.reader().read(chat.user_id)


async def spent(chat: Chat) -> list[dict[str, Any]]:
    """What was charged to the user."""
    return await chat.read("select agent_id, run_id, cost from usage where user_id = $1 order by id")


async def pause(chat: Chat) -> float:
    """For how many seconds nobody reads this user's chats; 0 when anybody may."""
    [row] = await chat.read(
        "select extract(epoch from read_after - now())::float8 as pause from memory_state where user_id = $1"
    )
    return row["pause"] or 0.0


@pytest.fixture
def desk(stores: Stores) -> Desk:
    """A reader over the stores."""
    return Desk(stores.shards)
