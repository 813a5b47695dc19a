"""What a tool is, who calls it, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from artel.kit.errors import Invalid
from artel.kit.faults import problems_of

Policy = Literal["allow", "ask", "deny"]
Kind = Literal["builtin", "browser", "mcp"]

DEFAULT_SECONDS: Final = 30.0
"""How long a tool may take, unless it says otherwise."""

JsonObject = dict[str, Any]


class BadArguments(Invalid):
    """These arguments do not fit the tool."""

    slug = "bad-arguments"


class ToolFailure(Exception):
    """A tool's word that it cannot do what was asked; the text is for the model, which may try something else."""


class Deferred(Exception):
    """A tool's word that the result comes later, into the row of its call: the task parks."""


class BadResult(Invalid):
    """The result is not what this tool answers. The approval still waits; send it again."""

    slug = "bad-result"


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a tool acts: made by the runner, never from what a model says."""

    user_id: int
    agent_id: str
    session_id: int
    run_id: UUID
    task: UUID
    tool_call_id: str
    locale: str = "en"
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool answers: JSON for the model, and files of the user's (pictures are shown to models that can see)."""

    value: Any
    files: Sequence[UUID] = ()


Run = Callable[[Caller, Any], Awaitable[Outcome]]
"""Carries a call out; the arguments are as `Tool.check` answered them.

Raises ToolFailure where the model should hear what went wrong.
"""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that a page sent as a tool's result; they become a file of the user's."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageResult:
    """What a page made of a call: JSON for the model, new files, and files of the user's that it names."""

    value: dict[str, Any]
    blobs: Sequence[Blob] = ()
    files: Sequence[UUID] = ()


ReadResult = Callable[[JsonObject, Any], PageResult]
"""From the call's arguments and what the page sent. Raises BadResult."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool in the catalogue. The model sees it under its id."""

    tool_id: str
    label: str
    description: str
    """For the model, and for people who choose tools."""
    policy: Policy
    """What happens by default when a model calls it."""
    kind: Kind
    schema: Mapping[str, Any] = field(repr=False)
    """JSON schema of the arguments."""
    check: Callable[[JsonObject], Any] = field(repr=False)
    """Answers the arguments as `run` wants them, or raises BadArguments."""
    run: Run | None = field(repr=False)
    """None: the user's page carries it out."""
    read_result: ReadResult | None = field(default=None, repr=False)
    """Of a tool of the page: reads what it sent."""
    seconds: float = DEFAULT_SECONDS
    repeatable: bool = True
    """It may be carried out again after the process died in the middle."""
    server: str | None = None
    """The MCP server it is of, by its handle."""


class Arguments(BaseModel):
    """Base of the arguments of a built-in tool; each field's description tells the model what it is."""

    model_config = ConfigDict(extra="forbid")


_A = TypeVar("_A", bound=Arguments)


def builtin(
    tool_id: str,
    label: str,
    description: str,
    arguments: type[_A],
    run: Callable[[Caller, _A], Awaitable[Outcome]],
    *,
    policy: Policy,
    seconds: float = DEFAULT_SECONDS,
    repeatable: bool = True,
) -> Tool:
    """A tool of the house: its arguments are a pydantic model."""
    return Tool(
        tool_id=tool_id,
        label=label,
        description=description,
        policy=policy,
        kind="builtin",
        schema=schema_of(arguments),
        check=checker(arguments),
        run=run,
        seconds=seconds,
        repeatable=repeatable,
    )


def schema_of(arguments: type[Arguments]) -> JsonObject:
    """The JSON schema that a model is given."""
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    return schema


def checker(arguments: type[_A]) -> Callable[[JsonObject], _A]:
    """Reads arguments; a wrong one is named in the problem."""

    def check(given: JsonObject) -> _A:
        try:
            return arguments.model_validate(given)
        except ValidationError as error:
            raise BadArguments(fields=problems_of(error, "edited")) from error

    return check
