"""What a request says of the browser behind it, as far as signing in needs it."""

from __future__ import annotations

from starlette.requests import Request

from artel.accounts.users import Locale
from artel.gateway.deps import deps_of


def is_secure(request: Request) -> bool:
    """Whether the browser reaches us by https, so that cookies must go by nothing else."""
    public_url = deps_of(request).options.public_url or ""
    return request.url.scheme == "https" or public_url.startswith("https://")


def public_base(request: Request) -> str:
    """Scheme, host and port, by which the browser reaches us; no slash at the end."""
    return deps_of(request).options.public_url or str(request.base_url).rstrip("/")


def address_of(request: Request) -> str:
    """The network address of who asks; "" when nobody knows."""
    return request.client.host if request.client else ""


def language_of(request: Request) -> Locale:
    """The browser's, of those that we speak."""
    return "ru" if request.headers.get("accept-language", "").lower().startswith("ru") else "en"
