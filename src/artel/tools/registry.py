"""The tools there are: those of the installation, and those a user brought along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from artel.kit.errors import FieldProblem, Invalid
from artel.store.tx import UserTx
from artel.tools.tool import Tool


class UnknownTool(Invalid):
    """There is no such tool. GET /my/tools/ lists those there are."""

    slug = "unknown-tool"


class ToolSource(Protocol):
    """Tools of one user's."""

    async def read(self, tx: UserTx, only: Collection[str] | None = None) -> Sequence[Tool]:
        """All of them. only: no other ids are asked for, so the source may leave out what has none of these."""
        ...


class ToolRegistry:
    """The tools of this installation, by id."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.tool_id: tool for tool in tools}

    async def read(self, tx: UserTx, only: Collection[str] | None = None) -> Sequence[Tool]:
        """In the order in which they were given; the same for every user."""
        del tx, only
        return tuple(self._tools.values())


class Toolbox:
    """Every tool that a user's agents may be given."""

    def __init__(self, *sources: ToolSource) -> None:
        self._sources = sources

    async def all(self, tx: UserTx) -> Sequence[Tool]:
        """In the order of the sources; where two have the same id, the first holds."""
        return await self._read(tx, None)

    async def _read(self, tx: UserTx, only: Collection[str] | None) -> Sequence[Tool]:
        found: dict[str, Tool] = {}
        for source in self._sources:
            for tool in await source.read(tx, only):
                found.setdefault(tool.tool_id, tool)
        return tuple(found.values())

    async def chosen(self, tx: UserTx, tool_ids: Sequence[str]) -> Sequence[Tool]:
        """Those of the ids that exist; one that was taken away meanwhile is left out."""
        if not tool_ids:
            return ()
        known = {tool.tool_id: tool for tool in await self._read(tx, tool_ids)}
        return [known[tool_id] for tool_id in tool_ids if tool_id in known]

    async def check(self, tx: UserTx, tool_ids: Iterable[str]) -> None:
        """Passes when every tool exists and is named once.

        Raises:
            UnknownTool: with one problem for each that does not.
            Invalid: one is named twice.
        """
        named = list(tool_ids)
        known = {tool.tool_id for tool in await self._read(tx, named)} if named else set[str]()
        unknown = [
            FieldProblem(
                f"tools.{place}.tool_id", f"There is no tool {tool_id!r}.", "no_such_tool", {"tool_id": tool_id}
            )
            for place, tool_id in enumerate(named)
            if tool_id not in known
        ]
        if unknown:
            raise UnknownTool(fields=unknown)
        if len(set(named)) != len(named):
            fields = [FieldProblem("tools", "One is named twice.", "tool_named_twice")]
            raise Invalid("Each tool may be named once.", reason="tool-named-twice", fields=fields)
