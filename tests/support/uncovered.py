"""Which tests are not measured for coverage.

Python 3.11's tracing nearly doubles the time of whatever it watches. These rooms attack, kill and click through what
the others have walked line by line already: what they hold is not in lines, and without them coverage stays well above
what is asked. So do tests elsewhere that say it themselves, by `@pytest.mark.uncovered`: those that walk the same lines
hundreds of times, or start processes and kill them before they could write down what was measured.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol, cast
from unittest.mock import patch

import pytest
from coverage import Coverage

_TESTS: Final = Path(__file__).parents[1]
_UNCOVERED: Final = frozenset({"e2e", "faults", "isolation", "isolation_broken"})
_FOR_CHILDREN: Final = "COVERAGE_PROCESS_CONFIG"


class _Controller(Protocol):
    def pause(self) -> None: ...

    def resume(self) -> None: ...


class _Plugin(Protocol):
    """What we use of pytest-cov's plugin."""

    cov_controller: _Controller | None


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark known."""
    config.addinivalue_line("markers", "uncovered: not measured for coverage, which would double its time")


def _is_uncovered(item: pytest.Item) -> bool:
    room = item.path.relative_to(_TESTS).parts[0]
    return room in _UNCOVERED or item.get_closest_marker("uncovered") is not None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Stops measuring for the whole of such a test, with its fixtures and the processes that they start."""
    plugin = cast(_Plugin | None, item.config.pluginmanager.getplugin("_cov"))
    controller = plugin.cov_controller if plugin is not None else None
    if controller is None or not _is_uncovered(item):
        return (yield)
    with ExitStack() as stack:
        if _FOR_CHILDREN in os.environ:
            stack.enter_context(patch.dict(os.environ))
            del os.environ[_FOR_CHILDREN]
        controller.pause()
        stack.callback(controller.resume)
        # A worker of xdist is a child that measures itself, below what pytest-cov measures there: it would go on now.
        while (measuring := Coverage.current()) is not None:
            measuring.stop()
        return (yield)
