"""Search engines: one's own SearXNG, or the public ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from urllib.parse import urlencode, urlsplit

from artel.kit.confined.limits import MEBIBYTE, Limits
from artel.kit.confined.run import Confined, Ended
from artel.tools.builtin.web.fetching import Fetcher
from artel.tools.tool import ToolFailure

MAX_TITLE: Final = 300
MAX_SNIPPET: Final = 600
LIMITS: Final = Limits(
    seconds=25, cpu_seconds=10, address_space=2048 * MEBIBYTE, answer=MEBIBYTE, open_files=256, network=True
)
_PROGRAM: Final = "artel.tools.builtin.web.searching"
_MAX_ANSWER: Final = 2_000_000
_REGIONS: Final = {"ru": "ru-ru"}

_AWAY: Final = (
    "No search engine can be reached, or they refuse to answer for now. Say so, or go on with what you know; an "
    "address you know can still be read."
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One result."""

    title: str
    url: str
    snippet: str


class Engine(Protocol):
    """Something that searches the web."""

    async def search(self, query: str, most: int, locale: str) -> list[Hit]:
        """At most so many results, the best first.

        Raises:
            ToolFailure: it cannot be asked.
        """
        ...


class Searx:
    """A SearXNG of the administrator's, which answers JSON (`search.formats` in its settings).

    fetcher: whose guard lets it through, wherever it stands.
    """

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._url = url
        self._fetcher = fetcher

    async def search(self, query: str, most: int, locale: str) -> list[Hit]:
        """See Engine."""
        asked = urlencode({"q": query, "format": "json", "language": locale.partition("-")[0] or "all"})
        try:
            page = await self._fetcher.get(f"{self._url}/search?{asked}", accept="application/json", most=_MAX_ANSWER)
        except ToolFailure as failure:
            hint = " Its administrator has to allow the format json." if " 403 " in str(failure) else ""
            raise ToolFailure(f"The search engine cannot be asked. {failure}{hint}") from failure
        try:
            answer = json.loads(page.body)
            found = answer["results"]
            return hits(cast("list[Any]", found), most, "content") if isinstance(found, list) else []
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ToolFailure("The search engine answered something unreadable.") from error


class PublicEngines:
    """DuckDuckGo, Brave and others, without a key.

    environment: what of it the client is to see, such as HTTPS_PROXY.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, limits: Limits = LIMITS) -> None:
        self._confined = Confined(_PROGRAM, limits, dict(environment or {}))

    async def search(self, query: str, most: int, locale: str) -> list[Hit]:
        """See Engine."""
        region = _REGIONS.get(locale.partition("-")[0], "us-en")
        wanted = {"query": query, "most": most, "region": region}
        try:
            answer = json.loads(await self._confined.run(json.dumps(wanted).encode()))
        except Ended as ended:
            raise ToolFailure(_AWAY) from ended
        if answer.get("error") == "away":
            raise ToolFailure(_AWAY)
        return hits(answer.get("hits", ()), most)


def hits(found: Iterable[Any], most: int, snippet: str = "snippet") -> list[Hit]:
    """Those that lead to a page, each once, with bounded texts."""
    kept: dict[str, Hit] = {}
    for each in found:
        if not isinstance(each, dict) or len(kept) == most:
            continue
        row = cast("dict[str, Any]", each)
        url = str(row.get("url") or "")
        if url not in kept and len(url) <= 2000 and _is_page(url):
            kept[url] = Hit(_short(row.get("title"), MAX_TITLE), url, _short(row.get(snippet), MAX_SNIPPET))
    return list(kept.values())


def _is_page(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _short(text: Any, most: int) -> str:
    return " ".join(str(text or "").split())[:most]
