"""Pools that talk to the scripted model server, and are quick to give up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from artel.llm.callee import Timeouts
from artel.llm.calling import CallReport, RetryPolicy
from artel.llm.pool import ModelPool, PoolConfig
from artel.llm.refs import Credentials
from tests.support.model_server import ModelServer

QUICK = PoolConfig(
    timeouts=Timeouts(connect=1.0, first_token=0.4, idle=0.4, total=5.0),
    retry=RetryPolicy(base_delay=0.001, max_delay=0.002),
    demo_delay=0.0,
)
SERVER_KEY = "sk-server-key-0123456789"


@pytest.fixture
def reports() -> list[CallReport]:
    """What the pool reported of its calls."""
    return []


@pytest.fixture
async def pool(model_server: ModelServer, reports: list[CallReport]) -> AsyncIterator[ModelPool]:
    """A pool whose provider "openai" is the scripted model server."""
    credentials = {"openai": Credentials(SERVER_KEY, model_server.base_url, trusted=True)}
    async with ModelPool(credentials, config=QUICK, on_call=reports.append) as pool:
        yield pool
