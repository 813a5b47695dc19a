"""The page and the server speak of the same things."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support.serve import ARTEL

_SCHEMA = Path(__file__).parents[2] / "web/openapi.json"


def test_the_client_is_made_from_this_servers_schema() -> None:
    written = subprocess.run([str(ARTEL), "openapi"], capture_output=True, check=True, timeout=60).stdout

    assert json.loads(written) == json.loads(_SCHEMA.read_text()), "artel openapi > web/openapi.json, generate:client"
