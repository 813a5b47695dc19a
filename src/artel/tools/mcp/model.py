"""A user's MCP server, what it offers, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

Transport = Literal["http", "stdio"]
Auth = Literal["none", "headers", "oauth"]
Status = Literal["new", "ready", "failed", "needs_sign_in"]

JsonObject = dict[str, Any]

MAX_SERVERS: Final = 20
"""Of one user."""
MAX_TOOLS: Final = 200
"""Of one server."""
MAX_LIST_CHARS: Final = 400_000
"""Of all that is kept of one server's list, as JSON: it is read with each turn of an agent that uses the server."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a server cannot be used, or not wholly. code: for the page's words; detail: one English sentence."""

    code: str
    detail: str


class McpFailure(Exception):
    """A server did not do what it was asked; `fault` says why, in words for its user and for a model."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(code, detail)


class SignInNeeded(McpFailure):
    """The server wants its user to sign in. challenge: its WWW-Authenticate header, "" without one."""

    def __init__(self, challenge: str = "") -> None:
        super().__init__("sign_in_needed", "The server wants you to sign in.")
        self.challenge = challenge


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gave. expires_at: Unix time, None when it was not said."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """How this installation is known to an authorization server, and where that is."""

    issuer: str
    client_id: str
    redirect_uri: str
    token_endpoint: str
    client_secret: str | None = field(default=None, repr=False)
    auth_method: str | None = None
    """As in RFC 7591: none, client_secret_post or client_secret_basic; None counts as none."""
    scope: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class OwnClient:
    """A client that the user registered by hand, for authorization servers that register nobody by themselves."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that was begun. names_itself: the authorization server says who it is when it sends the user back."""

    client: Client
    verifier: str = field(repr=False)
    names_itself: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """What the authorization server sent the user's browser back with."""

    code: str | None = field(repr=False)
    issuer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is sealed of a server."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    client: Client | None = None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A server as one connects to it. may_go_anywhere: its user is an administrator, who may name private addresses."""

    transport: Transport
    url: str | None = None
    command: Sequence[str] = ()
    secrets: Secrets = field(default_factory=Secrets)
    protocol: str | None = None
    """The version it spoke last; None: not known yet."""
    may_go_anywhere: bool = False


@dataclass(frozen=True, slots=True)
class RawTool:
    """A tool as a server describes it, unchecked."""

    name: str
    title: str | None
    description: str | None
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server said it has. is_whole: it had no more than we read."""

    tools: Sequence[RawTool]
    protocol: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class KnownTool:
    """A tool as it is kept: checked, bounded, under an id of its own."""

    tool_id: str
    name: str
    """What the server calls it."""
    label: str
    description: str
    schema: JsonObject = field(repr=False)

    def as_json(self) -> JsonObject:
        """For the row."""
        return {
            "tool_id": self.tool_id,
            "name": self.name,
            "label": self.label,
            "description": self.description,
            "schema": self.schema,
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that a tool answered with."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool answered: JSON or text for the model, and pictures."""

    value: Any
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server as its user sees it."""

    id: UUID
    handle: str
    name: str
    transport: Transport
    url: str | None
    auth: Auth
    header_names: Sequence[str]
    status: Status
    error: Fault | None
    """Why it cannot be used; of one that is ready: what of it was left out."""
    tools: Sequence[KnownTool]
    checked_at: datetime | None
    created_at: datetime
