"""The Chromium that is on this machine, and how it is started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera and a microphone that anybody may use: whose context grants it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def chromium() -> str:
    """The program. `scripts/chromium.sh` says what to do where there is none."""
    named = os.environ.get("ARTEL_CHROMIUM")
    for name in (named, *_NAMES) if named else _NAMES:
        if found := shutil.which(name):
            return found
    return str(_MAC)
