"""Puts the built page into the wheel, where an installed Artel looks for it. Hatchling runs it: see pyproject.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Adds web/dist as artel/web_dist. A checkout that is installed to be edited serves web/dist itself."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """version: `standard` or `editable`.

        Raises:
            FileNotFoundError: the page is not built; a wheel without it would serve an API alone and not say so.
        """
        if version == "editable":
            return
        page = Path(self.root) / "web" / "dist"
        if not (page / "index.html").is_file():
            raise FileNotFoundError(f"{page} holds no page. Build it first: make web")
        build_data["force_include"][str(page)] = "artel/web_dist"
