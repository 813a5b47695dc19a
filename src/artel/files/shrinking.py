"""The confined program that makes a picture ready for a model: upright, not larger than models look at, and without
what a camera writes into it besides the picture (such as where it was taken).

A payload is the picture's bytes; the answer is the media type, a line feed, and the bytes of the picture as it is sent.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageOps

MAX_SIDE: Final = 1568
"""Pixels: larger pictures are made smaller by the providers anyway, and paid for before."""
MAX_BYTES: Final = 3_500_000
"""Providers take 5 MB, in base64."""
MAX_PIXELS: Final = 100_000_000
"""A picture of a few bytes can unfold to any size."""

_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "AVIF")
_QUALITIES: Final = (88, 75, 60, 40)
_COLOURS_OF_A_DRAWING: Final = 4096
_PAPER: Final = (255, 255, 255)


class BadPicture(ValueError):
    """It is none, or too large."""


def prepare() -> Sequence[str]:
    """Loads the codecs."""
    Image.init()
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF"):
        if kind in Image.SAVE:
            made = io.BytesIO()
            Image.new("RGB", (8, 8)).save(made, kind)
            shrink(made.getvalue())
    return ()


def run(payload: bytes) -> bytes:
    """The picture for a model."""
    media_type, content = shrink(payload)
    return media_type.encode() + b"\n" + content


def shrink(content: bytes) -> tuple[str, bytes]:
    """The picture's type and bytes.

    Raises:
        BadPicture, OSError, ValueError: it is no picture that can be sent.
    """
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise BadPicture
        picture.draft("RGB", (MAX_SIDE * 2, MAX_SIDE * 2))
        # In a palette colours cannot be mixed, which is what making smaller does.
        mixable = picture.convert("RGBA") if picture.mode in ("P", "1", "LA", "PA") else picture
        mixable.thumbnail((MAX_SIDE * 2, MAX_SIDE * 2), Image.Resampling.BOX)
        upright = ImageOps.exif_transpose(mixable)
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    # Drawings and screenshots have few colours and sharp edges, which JPEG smears.
    may_be_drawing = upright.has_transparency_data or upright.getcolors(_COLOURS_OF_A_DRAWING) is not None
    drawing = _as_drawing(upright) if may_be_drawing else None
    photo = _as_photo(_on_paper(upright))
    if drawing is not None and len(drawing) <= (MAX_BYTES if upright.has_transparency_data else len(photo)):
        return "image/png", drawing
    return "image/jpeg", photo


def _as_drawing(picture: Image.Image) -> bytes:
    return _saved(picture.convert("RGBA" if picture.has_transparency_data else "RGB"), "PNG", optimize=True)


def _as_photo(picture: Image.Image) -> bytes:
    for quality in _QUALITIES:
        made = _saved(picture, "JPEG", quality=quality)
        if len(made) <= MAX_BYTES:
            return made
    raise BadPicture


def _on_paper(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, _PAPER)
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    made = io.BytesIO()
    picture.info.clear()  # texts, profiles and positions
    picture.save(made, kind, **how)
    return made.getvalue()
