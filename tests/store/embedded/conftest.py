"""Processes that own embedded servers, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.embedded.owner import Owners


@pytest.fixture
def owners() -> Iterator[Owners]:
    """Starts them; none outlives the test."""
    started = Owners()
    yield started
    started.close()
