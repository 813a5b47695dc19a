"""The installation's own tools, made of its settings."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Final

import httpx2

from artel.kit.guard import OutgoingGuard
from artel.settings import Settings
from artel.tools.browser import browser_tools
from artel.tools.builtin.calculator.tool import calculator
from artel.tools.builtin.current_time import current_time
from artel.tools.builtin.files import FileSource, files_tool
from artel.tools.builtin.memory import MemorySource, memory_tools
from artel.tools.builtin.python.tool import python
from artel.tools.builtin.web.engines import Engine, PublicEngines, Searx
from artel.tools.builtin.web.fetch import Extract, web_fetch
from artel.tools.builtin.web.fetching import Fetcher
from artel.tools.builtin.web.search import web_search
from artel.tools.tool import Tool

_PROXIES: Final = ("DDGS_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "no_proxy")


async def installed_tools(
    settings: Settings, files: FileSource, memory: MemorySource, stack: AsyncExitStack, extract: Extract
) -> list[Tool]:
    """All of them, in the order in which people see them; the stack ends their connections."""
    # Certificates of its own: a slim container has none. It takes a moment, and nobody else may wait for it.
    tls = await asyncio.to_thread(httpx2.create_ssl_context)
    fetcher = Fetcher(OutgoingGuard(allow_private=settings.tools_private_addresses), tls)
    stack.push_async_callback(fetcher.aclose)
    engine: Engine = PublicEngines({name: os.environ[name] for name in _PROXIES if name in os.environ})
    if settings.searxng_url is not None:
        own = Fetcher(OutgoingGuard(allow_private=True), tls)
        stack.push_async_callback(own.aclose)
        engine = Searx(settings.searxng_url, own)
    house = [current_time(), calculator(), python(), web_search(engine), web_fetch(fetcher, extract), files_tool(files)]
    return [*house, *memory_tools(memory), *browser_tools()]
