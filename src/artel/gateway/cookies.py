"""The cookie of a sign-in."""

from __future__ import annotations

SESSION_COOKIE = "artel_session"
_LONGEST = 400 * 86_400
"""What browsers allow, in seconds. When a sign-in ends is decided here, not by the browser's clock."""


def set_cookie(token: str, *, secure: bool) -> str:
    """The header's value that signs a browser in."""
    return f"{SESSION_COOKIE}={token}; {_attributes(secure)}; Max-Age={_LONGEST}"


def clear_cookie(*, secure: bool) -> str:
    """The header's value that makes a browser forget."""
    return f"{SESSION_COOKIE}=; {_attributes(secure)}; Max-Age=0"


def _attributes(secure: bool) -> str:
    return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")


def read_cookie(header: str) -> str | None:
    """Our cookie's value in a Cookie header."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE and value:
            return value
    return None
