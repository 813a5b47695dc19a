"""The built page, kept in memory: files, compressed once if anybody asks, and never a path that a client made up."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from artel.gateway.errors import MethodNotAllowed, NoSuchPage
from artel.gateway.problems import problem

_INDEX: Final = "/index.html"
_NOT_PAGES: Final = ("/my/", "/auth/", "/admin/", "/v1/", "/assets/")
_NOT_BUILT: Final = """The page is not built yet. Build it with: make web
The API works: /my/docs describes it.
"""
_SMALL: Final = 1_000
"""Bytes below which compression gains nothing."""
_COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/manifest")


@dataclass(frozen=True)
class _File:
    """Read at the start, so that all files are of one build; the rest costs a start nothing."""

    body: bytes
    media_type: str
    cache_control: str

    @cached_property
    def gzipped(self) -> bytes | None:
        """None where that gains nothing; at most 15 ms, once."""
        if len(self.body) <= _SMALL or not self.media_type.startswith(_COMPRESSIBLE):
            return None
        # mtime=0: the same file gives the same bytes.
        return gzip.compress(self.body, 9, mtime=0)

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


class Page:
    """ASGI. Answers every address that the API does not: a file of the page, or the page itself."""

    def __init__(self, directory: Path | None) -> None:
        """directory: what the build made, with an index.html and an assets/ of names that hold a hash."""
        self._files: dict[str, _File] = {}
        if directory is not None and directory.is_dir():
            for path in sorted(directory.rglob("*")):
                if path.is_file():
                    name = f"/{path.relative_to(directory).as_posix()}"
                    self._files[name] = _read(path, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path: str = scope["path"]
        file = self._files.get(path)
        if file is None and path.startswith(_NOT_PAGES):
            return problem(NoSuchPage())
        if scope["method"] not in ("GET", "HEAD"):
            return problem(MethodNotAllowed() if file or path == "/" else NoSuchPage())
        if file is None:
            # The page has addresses of its own, such as /chat/7; a file that is not there is not one of them.
            if "." in path.rpartition("/")[2]:
                return problem(NoSuchPage())
            file = self._files.get(_INDEX)
        if file is None:
            return Response(_NOT_BUILT, media_type="text/plain")
        return _respond(file, Headers(scope=scope))


def _respond(file: _File, asked: Headers) -> Response:
    headers = {"Cache-Control": file.cache_control, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if asked.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in asked.get("accept-encoding", "") and file.gzipped is not None:
        return Response(file.gzipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)


def _read(path: Path, name: str) -> _File:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    hashed = name.startswith("/assets/")
    kept = "public, max-age=31536000, immutable" if hashed else "no-cache"
    return _File(path.read_bytes(), media_type, kept)
