"""The text of a file, read in a confined process: what a hostile document does there, it does to itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog

from artel.files.kinds import DOCUMENTS, is_text, media_type_of
from artel.files.store import TextStatus
from artel.kit.confined.limits import MEBIBYTE, Limits
from artel.kit.confined.run import Confined, Ended
from artel.kit.errors import Invalid

READING: Final = Limits(seconds=45, cpu_seconds=30, address_space=1024 * MEBIBYTE, answer=10_000_000)
"""An answer: two million characters in UTF-8."""

_PROGRAM: Final = "artel.files.reading"
_log = structlog.get_logger("artel.files")


class NoText(Invalid):
    """There is no text in it that can be read."""

    slug = "no-text"


class TextReader:
    """Reads the texts of any user's files."""

    def __init__(self, scratch: Path, limits: Limits = READING) -> None:
        """scratch: a directory of this process alone. The PDF library is unpacked there before it is loaded; in a
        place that others may write to, one of theirs could be loaded instead."""
        self._confined = Confined(_PROGRAM, limits, {"TMPDIR": str(scratch)})
        self._unpacking = asyncio.Lock()
        self._is_unpacked = False

    async def read(self, media_type: str, content: bytes) -> tuple[TextStatus, str | None]:
        """What can be read in a file; nothing in a picture or a recording."""
        if not (is_text(media_type) or media_type in DOCUMENTS):
            return "none", None
        try:
            text = (await self._run(f"{media_type}\n".encode() + content)).decode()
        except Ended as ended:
            _log.info("file_not_read", media_type=media_type, size=len(content), reason=ended.reason)
            return "failed", None
        # A scan is pictures only.
        return ("ready", text) if text.strip() else ("none", None)

    async def document(self, content: bytes, media_type: str, name: str) -> str:
        """The text of a document that is not kept; its type is found in its bytes.

        Raises:
            NoText: there is none, or it cannot be read.
        """
        del media_type  # as somebody's server says it is
        found = await asyncio.to_thread(media_type_of, content, name)
        status, text = await self.read(found, content)
        if text is None:
            if status == "failed":
                raise NoText("Its text could not be read: it may be damaged or protected.", reason="text-unreadable")
            raise NoText
        return text

    async def _run(self, payload: bytes) -> bytes:
        if not self._is_unpacked:
            # Two at once would write the same file, and one might load what the other has half written.
            async with self._unpacking:
                if not self._is_unpacked:
                    await self._confined.run(b"text/plain\n")
                    self._is_unpacked = True
        return await self._confined.run(payload)
