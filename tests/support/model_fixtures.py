"""Fixtures around the scripted model server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.model_server import ModelServer


@pytest.fixture(scope="session")
async def running_model_server() -> AsyncIterator[ModelServer]:
    """One scripted model server for all tests of a process."""
    async with ModelServer() as server:
        yield server


@pytest.fixture
async def model_server(running_model_server: ModelServer) -> ModelServer:
    """The scripted model server with a fresh log."""
    running_model_server.log.reset()
    return running_model_server
