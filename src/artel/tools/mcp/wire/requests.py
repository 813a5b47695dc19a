"""The two things that are asked of a server: what tools it has, and to carry one out."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

from mcp.client.session import ClientSession
from mcp.shared.inbound import find_invalid_x_mcp_header, mcp_param_headers, x_mcp_header_map
from mcp_types import (
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsRequest,
    ListToolsResult,
    PaginatedRequestParams,
)
from pydantic import TypeAdapter

from artel.tools.mcp.model import MAX_TOOLS, JsonObject, McpFailure, Offer, RawTool, Target, ToolAnswer
from artel.tools.mcp.wire.answers import read_answer, read_error
from artel.tools.mcp.wire.conversation import converse

LIST_SECONDS: Final = 25.0
CALL_SECONDS: Final = 60.0
_MAX_PAGES: Final = 20

_RESULT: Final = TypeAdapter[CallToolResult | InputRequiredResult](CallToolResult | InputRequiredResult)


class ToolError(McpFailure):
    """The server says that the tool failed; the text is the server's."""

    def __init__(self, said: str) -> None:
        super().__init__("tool_error", said)


async def list_tools(target: Target, tls: ssl.SSLContext, seconds: float = LIST_SECONDS) -> Offer:
    """What the server has, page by page, until it is enough.

    Raises:
        McpFailure: it did not say.
    """

    async def ask(session: ClientSession) -> Offer:
        tools: list[RawTool] = []
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            params = PaginatedRequestParams(cursor=cursor) if cursor else None
            page = await session.send_request(ListToolsRequest(params=params), ListToolsResult)
            tools += (RawTool(each.name, each.title, each.description, each.input_schema) for each in page.tools)
            cursor = page.next_cursor
            if not cursor or len(tools) > MAX_TOOLS:
                break
        return Offer(tools, session.protocol_version or "", is_whole=not cursor)

    return await converse(target, tls, seconds, ask)


async def call_tool(
    target: Target,
    tls: ssl.SSLContext,
    name: str,
    schema: JsonObject,
    arguments: JsonObject,
    seconds: float = CALL_SECONDS,
) -> ToolAnswer:
    """Has a tool carried out. schema: the tool's, as it is kept.

    What the server declares of its results is not checked: they are data, and its schema would be one more weapon.

    Raises:
        ToolError: the tool failed.
        McpFailure: it came to no answer.
    """

    async def ask(session: ClientSession) -> ToolAnswer | McpFailure:
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
        result = await session.send_request(request, _RESULT)
        if isinstance(result, InputRequiredResult):
            return McpFailure("asks_back", "The server asked for more (a model, a file or a person), which is refused.")
        return ToolError(read_error(result)) if result.is_error else read_answer(result)

    answer = await converse(target, tls, seconds, ask, _headers(schema, arguments))
    if isinstance(answer, McpFailure):
        raise answer
    return answer


def _headers(schema: JsonObject, arguments: JsonObject) -> Mapping[str, str]:
    """Arguments that the tool's schema wants in headers too, for what stands in front of the server."""
    if find_invalid_x_mcp_header(schema) is not None:
        return {}
    return mcp_param_headers(x_mcp_header_map(schema), arguments)
