"""An application is made of routes that all applications share."""

from __future__ import annotations

import gc
import weakref

from artel.gateway.app import api


def test_what_is_done_with_is_forgotten() -> None:
    """FastAPI remembers functions of routes; none of them may hold an application, and with it a whole house."""
    app = api("1")
    seen = weakref.ref(app)

    del app
    gc.collect()

    assert seen() is None
