"""Reads an uploaded file out of a form, on disk while it arrives."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request

from artel.kit.errors import BadRequest, FieldProblem, Invalid
from artel.llm.limiter import FairLimiter

FORM_BYTES: Final = 64_000
"""What a form may hold besides the file."""

FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary", "description": "One file."}},
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}
"""For the OpenAPI document."""


class NotAForm(BadRequest):
    """Send the file as the field `file` of a form, with the header 'Content-Type: multipart/form-data'."""

    status = 415
    slug = "not-a-form"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes = field(repr=False)

    @property
    def fingerprint(self) -> bytes:
        """The same for the same file: the boundary between a form's parts differs each time."""
        return self.name.encode("utf-8", "replace") + b"\0" + hashlib.sha256(self.content).digest()


class Uploads:
    """Takes uploads in: `at_once` of them are in memory, the others on disk until it is their turn."""

    def __init__(self, at_once: int = 4) -> None:
        self._seats = FairLimiter(at_once)

    @asynccontextmanager
    async def of(self, request: Request, user_id: int) -> AsyncGenerator[Upload]:
        """The one file of a form; leave this as soon as it is stored.

        Raises:
            NotAForm, BadRequest, Invalid: there is none, or more than one thing.
        """
        async with _form(request) as file:
            await self._seats.acquire(user_id)
            try:
                # Browsers write a quotation mark in a name so (WHATWG HTML, multipart/form-data).
                yield Upload((file.filename or "").replace("%22", '"'), await file.read())
            finally:
                self._seats.release()


@asynccontextmanager
async def _form(request: Request) -> AsyncGenerator[UploadFile]:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise NotAForm
    async with request.form(max_files=1, max_fields=4, max_part_size=1000) as form:
        unknown = [
            FieldProblem(name[:200], "There is no such field.", "extra_forbidden") for name in form if name != "file"
        ]
        if unknown:
            raise Invalid(fields=unknown)
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid(fields=[FieldProblem("file", "Send a file.", "missing")])
        yield file
