"""Pools that talk to the scripted model server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from artel.llm.callee import Timeouts
from artel.llm.calling import CallReport, RetryPolicy
from artel.llm.pool import ModelPool, PoolConfig
from artel.llm.refs import Credentials
from tests.support.model_server import ModelServer

PATIENT = PoolConfig(retry=RetryPolicy(base_delay=0.001, max_delay=0.002), demo_delay=0.0)
HASTY = replace(PATIENT, timeouts=Timeouts(connect=1.0, first_token=0.3, idle=0.3))
SERVER_KEY = "sk-server-key-0123456789"


@pytest.fixture
def reports() -> list[CallReport]:
    """What the pool reported of its calls."""
    return []


def _pool(server: ModelServer, config: PoolConfig, reports: list[CallReport]) -> ModelPool:
    credentials = {"openai": Credentials(SERVER_KEY, server.base_url, trusted=True)}
    return ModelPool(credentials, config=config, on_call=reports.append)


@pytest.fixture
async def pool(model_server: ModelServer, reports: list[CallReport]) -> AsyncIterator[ModelPool]:
    """A pool whose provider "openai" is the scripted model server. It repeats at once but waits long."""
    async with _pool(model_server, PATIENT, reports) as pool:
        yield pool


@pytest.fixture
async def hasty_pool(model_server: ModelServer, reports: list[CallReport]) -> AsyncIterator[ModelPool]:
    """The same, but it waits a moment only: for servers that fall silent."""
    async with _pool(model_server, HASTY, reports) as pool:
        yield pool
