"""The cookie of a sign-in, and the short-lived one of a browser that is on its way to a provider."""

from __future__ import annotations

SESSION_COOKIE = "artel_session"
_LONGEST = 400 * 86_400
"""What browsers allow, in seconds. When a sign-in ends is decided here, not by the browser's clock."""
_TRIP = 600
"""Seconds."""
_TRIP_PATH = "/auth/oidc/"


def set_cookie(token: str, *, secure: bool) -> str:
    """The header's value that signs a browser in."""
    return f"{SESSION_COOKIE}={token}; {_attributes(secure)}; Max-Age={_LONGEST}"


def clear_cookie(*, secure: bool) -> str:
    """The header's value that makes a browser forget."""
    return f"{SESSION_COOKIE}=; {_attributes(secure)}; Max-Age=0"


def set_trip_cookie(name: str, sealed: str, *, secure: bool) -> str:
    """The header's value of what a browser takes along to a provider and back. Lax: it comes back from another site."""
    return f"{name}={sealed}; {_attributes(secure, _TRIP_PATH)}; Max-Age={_TRIP}"


def clear_trip_cookie(name: str, *, secure: bool) -> str:
    """The header's value that takes it away again."""
    return f"{name}=; {_attributes(secure, _TRIP_PATH)}; Max-Age=0"


def _attributes(secure: bool, path: str = "/") -> str:
    return f"Path={path}; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")


def read_cookie(header: str) -> str | None:
    """Our cookie's value in a Cookie header."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE and value:
            return value
    return None
