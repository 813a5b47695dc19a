"""Reads one address of the web: behind the guard, hop by hop, a bounded piece in bounded time."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from artel.kit.guard import AddressRefused, AddressUnreadable, ForbiddenAddress, OutgoingGuard
from artel.tools.tool import ToolFailure

MAX_BYTES: Final = 5_000_000
"""Of a body, after decompression; what follows is not read."""
MAX_REDIRECTS: Final = 5
SECONDS: Final = 25.0
"""For all hops and the body."""
AGENT: Final = "Artel/0.1 (reads pages for its user)"

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=8, sock_read=12)
_HEADERS: Final = {"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate"}
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PIECE: Final = 1 << 16

_INSIDE: Final = "this machine or a private network"


@dataclass(frozen=True, slots=True)
class Page:
    """What was found at the end of the redirects."""

    url: str
    media_type: str
    """In lower case, without parameters; empty when the server did not say."""
    charset: str | None
    body: bytes = field(repr=False)
    cut: bool
    """There was more than was read."""

    @property
    def name(self) -> str:
        """Of the file, by the last part of its address."""
        return unquote(URL(self.url).raw_name)[:200]


class Fetcher:
    """A client without cookies, keys or a proxy, so that nothing of one reader reaches another. Make it inside the
    loop.

    tls: verifies servers. resolver: of names, in place of the system's.
    """

    def __init__(
        self, guard: OutgoingGuard, tls: ssl.SSLContext | None = None, resolver: AbstractResolver | None = None
    ) -> None:
        self._guard = guard
        connector = guard.connector(resolver, ssl=tls or True, use_dns_cache=False, force_close=True, limit=100)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT, headers=_HEADERS
        )

    async def aclose(self) -> None:
        """Ends all connections."""
        await self._session.close()

    async def get(self, url: str, *, accept: str = "*/*", locale: str = "en", most: int = MAX_BYTES) -> Page:
        """The page at an address; at most so many bytes of it.

        Raises:
            ToolFailure: the address is not allowed, or the server did not answer with a page.
        """
        headers = {"Accept": accept, "Accept-Language": _languages(locale)}
        try:
            async with asyncio.timeout(SECONDS):
                return await self._follow(url, headers, most)
        except TimeoutError:
            raise ToolFailure("The server did not answer in time.") from None
        except AddressRefused as refused:
            raise ToolFailure(f"This address is refused. {refused.detail}") from refused
        except aiohttp.ClientError as error:
            raise ToolFailure(_explained(error)) from error

    async def _follow(self, url: str, headers: Mapping[str, str], most: int) -> Page:
        place = self._checked(url)
        for _ in range(MAX_REDIRECTS + 1):
            # Each hop by hand, so that each address is looked at as it is written; the guard's sockets look again.
            async with self._session.get(place, headers=headers, allow_redirects=False) as response:
                target = response.headers.get("Location")
                if response.status in _REDIRECTS and target is not None:
                    place = self._checked(target, place)
                    continue
                if response.status != HTTPStatus.OK:
                    raise ToolFailure(f"The server answered {_status(response.status)}.")
                body, cut = await _read(response.content, most)
                return Page(str(response.url), _media_type(response), response.charset, body, cut)
        raise ToolFailure(f"The server redirects more than {MAX_REDIRECTS} times.")

    def _checked(self, url: str, base: URL | None = None) -> URL:
        """The address as it will be asked for.

        Raises:
            AddressRefused: it is not allowed.
        """
        try:
            if base is not None:
                place = base.join(URL(url))
            else:
                self._guard.check_url(url)
                place = URL(url)
        except ValueError as error:
            raise AddressUnreadable from error
        # Two readers may take an address apart differently: what counts is how the one that connects does.
        self._guard.check_url(str(place))
        return place.with_fragment(None)


async def _read(content: aiohttp.StreamReader, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for piece in content.iter_chunked(_PIECE):
        body += piece
        if len(body) > most:
            return bytes(body[:most]), True
    return bytes(body), False


def _media_type(response: aiohttp.ClientResponse) -> str:
    return response.content_type.lower() if "Content-Type" in response.headers else ""


def _languages(locale: str) -> str:
    return f"{locale}, en;q=0.5, *;q=0.1" if _LOCALE.fullmatch(locale) else "en, *;q=0.1"


def _status(status: int) -> str:
    # The server's own words for it are left out: they are anybody's.
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _explained(error: aiohttp.ClientError) -> str:
    if isinstance(getattr(error, "os_error", None), ForbiddenAddress):
        return f"This address is refused: it leads to {_INSIDE}."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "There is no server of this name."
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
        return "The server's certificate cannot be trusted."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "The server cannot be reached."
    return "The connection broke, or what the server answered is no HTTP."
