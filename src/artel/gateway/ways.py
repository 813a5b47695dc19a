"""Ways on: addresses that a visitor brings along, and that must not lead to another site."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/"
_MAX: Final = 500
_NOT_PAGES: Final = ("/auth", "/my", "/v1", "/signin", "/metrics")


def safe_way(text: str) -> str:
    """The address if it is one of this page's, otherwise the page's beginning.

    Browsers take a backslash for a slash, leave out tabs and line breaks, and go elsewhere at two slashes.
    """
    if not text.startswith("/") or text[1:2] in ("/", "\\") or len(text) > _MAX:
        return HOME
    if "\\" in text or not text.isprintable():
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    first = f"/{parts.path[1:].partition('/')[0]}"
    if parts.scheme or parts.netloc or first in _NOT_PAGES:
        return HOME
    return text
