"""A user's own MCP servers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from artel.gateway.shapes.common import Body, Fault, Shape
from artel.tools.mcp.model import OwnClient, ServerView
from artel.tools.mcp.servers import NewServer

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{1,8000}")
_OURS: Final = frozenset(
    {
        *("host", "connection", "content-length", "content-type", "transfer-encoding", "te", "upgrade", "trailer"),
        *("accept", "accept-encoding", "expect", "keep-alive", "proxy-authorization", "proxy-connection"),
        *("mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id"),
    }
)
"""Headers that the connection itself needs."""


def _headers(headers: dict[str, str]) -> dict[str, str]:
    names = [name.lower() for name in headers]
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS:
            raise PydanticCustomError(
                "header_name", "{name} cannot be sent as a header of yours.", {"name": repr(name[:100])}
            )
        # What else may be in the value is not told: it is a secret.
        if not _VALUE.fullmatch(value) or value != value.strip():
            raise PydanticCustomError(
                "header_value",
                "The value of {name} must be 1 to 8000 plain characters without spaces around them.",
                {"name": repr(name)},
            )
    if len(set(names)) != len(names):
        raise PydanticCustomError("header_twice", "A header is named twice.")
    return headers


def _environment(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name) or "\0" in value or len(value) > 8_000:
            raise PydanticCustomError(
                "variable_name", "{name} cannot be a variable of the environment.", {"name": repr(name[:100])}
            )
    return variables


Headers = Annotated[dict[str, str], Field(max_length=20), AfterValidator(_headers)]
Environment = Annotated[dict[str, str], Field(max_length=30), AfterValidator(_environment)]
Credential = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[\x21-\x7e]+$")
]
Argument = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]


class McpServerIn(Body):
    """A server to add: over HTTP an address and what is sent along; as a program its command and environment."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    transport: Literal["http", "stdio"] = "http"
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)] | None = Field(
        default=None, examples=["https://mcp.example.org/mcp"]
    )
    headers: Headers = Field(default_factory=dict[str, str], description="Kept encrypted; never told again.")
    command: Annotated[list[Argument], Field(max_length=50)] | None = Field(
        default=None, description="The program and its arguments. Only for administrators, where it is allowed."
    )
    env: Environment = Field(default_factory=dict[str, str], description="Kept encrypted; never told again.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.transport == "http" and (self.url is None or self.command is not None or self.env):
            raise PydanticCustomError("url_needed", "A server over HTTP has a url, and no command and env.")
        if self.transport == "stdio" and (self.url is not None or self.headers):
            raise PydanticCustomError("program_without_url", "A server that is a program has no url and headers.")
        if self.transport == "stdio" and not (self.command and self.command[0].strip()):
            raise PydanticCustomError("command_needed", "A server that is a program has a command.")
        return self

    def new(self) -> NewServer:
        """As the house takes it."""
        return NewServer(self.name, self.transport, self.url, tuple(self.command or ()), self.headers, self.env)


class SignInIn(Body):
    """As which client to sign in; only where the sign-in server registers nobody by itself."""

    client_id: Credential | None = None
    client_secret: Credential | None = None

    def own(self) -> OwnClient | None:
        """None: the house's own."""
        return OwnClient(self.client_id, self.client_secret) if self.client_id else None


class SignInAt(Shape):
    """Where the user signs in."""

    url: str


class McpTool(Shape):
    """A tool of a server; `GET /my/tools/` has the whole of it."""

    tool_id: str = Field(examples=["notes__search"])
    label: str
    description: str


class McpServer(Shape):
    """One of one's servers."""

    id: UUID
    handle: str = Field(examples=["notes"])
    name: str
    transport: Literal["http", "stdio"]
    url: str | None
    auth: Literal["none", "headers", "oauth"]
    header_names: list[str]
    status: Literal["new", "ready", "failed", "needs_sign_in"]
    error: Fault | None = Field(description="Of a server that is ready: what of it was left out.")
    tools: list[McpTool]
    checked_at: datetime | None
    created_at: datetime


class McpServerList(Shape):
    """All of them: there are few."""

    items: list[McpServer]
    programs_allowed: bool = Field(description="One may add servers that are programs.")
    next_cursor: None = None


def server(view: ServerView) -> McpServer:
    """A server as clients see it."""
    return McpServer(
        id=view.id,
        handle=view.handle,
        name=view.name,
        transport=view.transport,
        url=view.url,
        auth=view.auth,
        header_names=list(view.header_names),
        status=view.status,
        error=Fault(code=view.error.code, detail=view.error.detail) if view.error else None,
        tools=[McpTool(tool_id=tool.tool_id, label=tool.label, description=tool.description) for tool in view.tools],
        checked_at=view.checked_at,
        created_at=view.created_at,
    )
