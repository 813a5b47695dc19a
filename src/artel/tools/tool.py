"""What a tool is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

Policy = Literal["allow", "ask", "deny"]
Kind = Literal["builtin", "browser", "mcp"]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool in the catalogue.

    `run` takes keyword arguments by name and type, from which the model's schema is made, and answers plain JSON; its
    docstring tells the model about them.
    """

    tool_id: str
    label: str
    description: str
    policy: Policy
    """What happens by default when a model calls it."""
    kind: Kind
    run: Callable[..., Awaitable[Any]]
