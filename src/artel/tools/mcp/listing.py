"""From what a server lists to the tools that are kept: named, bounded, and without what cannot be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from artel.tools.mcp.model import MAX_LIST_CHARS, MAX_TOOLS, Fault, KnownTool, Offer, RawTool
from artel.tools.mcp.naming import readable, tool_id_of
from artel.tools.mcp.schema import SchemaRefused, take

MAX_NAME_CHARS: Final = 200
MAX_LABEL_CHARS: Final = 80
MAX_DESCRIPTION_CHARS: Final = 2_000
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """The tools that are kept, and what is to be said of those that are not."""

    tools: Sequence[KnownTool]
    notice: Fault | None


def keep(handle: str, offer: Offer) -> Kept:
    """What of an offer is taken. Takes up to a tenth of a second of CPU for a large one."""
    kept: dict[str, KnownTool] = {}
    left_out: list[str] = []
    room = MAX_LIST_CHARS
    for raw in offer.tools:
        if len(kept) == MAX_TOOLS:
            break
        try:
            tool = _known(handle, raw)
        except SchemaRefused as error:
            left_out.append(f"{readable(raw.name, MAX_LABEL_CHARS)}: {error}")
            continue
        if tool.tool_id in kept:
            left_out.append(f"{tool.label}: the server lists it twice")
            continue
        size = len(orjson.dumps(tool.as_json()))
        if size > room:
            left_out.append(f"{tool.label}: the list is too long")
            continue
        room -= size
        kept[tool.tool_id] = tool
    return Kept(tuple(kept.values()), _notice(left_out, offer, len(kept)))


def _known(handle: str, raw: RawTool) -> KnownTool:
    if not raw.name or len(raw.name) > MAX_NAME_CHARS:
        raise SchemaRefused("its name is empty or too long")
    try:
        raw.name.encode()
    except UnicodeEncodeError as error:
        raise SchemaRefused("its name cannot be written") from error
    if "\0" in raw.name:
        raise SchemaRefused("its name cannot be written")
    tool_id = tool_id_of(handle, raw.name)
    label = readable(raw.title or "", MAX_LABEL_CHARS) or readable(raw.name, MAX_LABEL_CHARS) or tool_id
    description = readable(raw.description or "", MAX_DESCRIPTION_CHARS)
    return KnownTool(tool_id, raw.name, label, description, take(raw.schema))


def _notice(left_out: Sequence[str], offer: Offer, kept: int) -> Fault | None:
    if len(offer.tools) > kept + len(left_out) or not offer.is_whole:
        return Fault("too_many_tools", f"The server has more tools than the {kept} that were taken.")
    if not left_out:
        return None
    shown = "; ".join(left_out[:_SHOWN]) + ("; and others" if len(left_out) > _SHOWN else "")
    return Fault("tools_left_out", f"{len(left_out)} of its tools were left out: {shown}.")
