"""The catalogue of tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from artel.kit.errors import FieldProblem, Invalid
from artel.tools.tool import Tool


class UnknownTool(Invalid):
    """There is no such tool. GET /my/tools/ lists those there are."""

    slug = "unknown-tool"


class ToolRegistry:
    """The tools of this installation, by id."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.tool_id: tool for tool in tools}

    def all(self) -> Sequence[Tool]:
        """In the order in which they were given."""
        return tuple(self._tools.values())

    def chosen(self, tool_ids: Iterable[str]) -> Sequence[Tool]:
        """Those of the ids that exist; one that was removed from the installation is left out."""
        return [self._tools[tool_id] for tool_id in tool_ids if tool_id in self._tools]

    def check(self, tool_ids: Iterable[str]) -> None:
        """Passes when every tool exists and is named once.

        Raises:
            UnknownTool: with one problem for each that does not.
            Invalid: one is named twice.
        """
        named = list(tool_ids)
        unknown = [
            FieldProblem(f"tools.{place}.tool_id", f"There is no tool {tool_id!r}.")
            for place, tool_id in enumerate(named)
            if tool_id not in self._tools
        ]
        if unknown:
            raise UnknownTool(fields=unknown)
        if len(set(named)) != len(named):
            raise Invalid("Each tool may be named once.", fields=[FieldProblem("tools", "One is named twice.")])
