"""Files, composed: how much may be kept, what reads them, and how they look to models."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from artel.agents.pictures import PicturesForModels
from artel.files.pictures import PictureReader
from artel.files.store import MEGABYTE, Limits
from artel.files.texts import TextReader
from artel.settings import Settings
from artel.store.shards import Shards


@dataclass(frozen=True, slots=True)
class FileRoom:
    """What a process has to do with files."""

    limits: Limits
    texts: TextReader
    pictures: PicturesForModels


@contextmanager
def open_files(settings: Settings, shards: Shards) -> Generator[FileRoom]:
    """With a scratch directory of this process alone, which goes at the end."""
    limits = Limits(settings.upload_mb * MEGABYTE, settings.storage_mb * MEGABYTE)
    with TemporaryDirectory(prefix="artel-", ignore_cleanup_errors=True) as scratch:
        yield FileRoom(limits, TextReader(Path(scratch)), PicturesForModels(PictureReader(shards)))
