"""Pictures made ready for models."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from artel.files import shrinking
from artel.files.shrinking import MAX_BYTES, MAX_SIDE, BadPicture, prepare, run, shrink
from tests.support import documents


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def _noise(size: tuple[int, int], kind: str) -> bytes:
    made = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "AVIF"])
def test_every_kind_of_picture_becomes_one_that_models_take(kind: str) -> None:
    media_type, content = shrink(documents.picture(kind, (60, 40)))

    assert media_type in ("image/png", "image/jpeg")
    assert _opened(content).size == (60, 40)


def test_a_photo_is_made_smaller() -> None:
    media_type, content = shrink(_noise((4000, 1000), "JPEG"))

    assert media_type == "image/jpeg"
    assert _opened(content).size == (MAX_SIDE, MAX_SIDE // 4)
    assert len(content) < MAX_BYTES


def test_a_drawing_stays_sharp_and_a_large_one_with_noise_becomes_a_photo() -> None:
    assert shrink(documents.picture("PNG", (2000, 500)))[0] == "image/png"
    assert shrink(_noise((2000, 500), "PNG"))[0] == "image/jpeg"


def test_what_is_transparent_stays_so_where_it_can() -> None:
    _, content = shrink(documents.picture("PNG", mode="RGBA", colour="#ff000080"))

    assert _opened(content).getpixel((1, 1)) == (255, 0, 0, 128)


def test_a_photo_with_transparency_is_laid_on_white() -> None:
    noise = Image.effect_noise((1250, 1250), 90).convert("RGBA")
    noise.putalpha(Image.effect_noise((1250, 1250), 90))
    made = io.BytesIO()
    noise.save(made, "PNG", compress_level=1)

    media_type, content = shrink(made.getvalue())

    assert media_type == "image/jpeg"
    assert _opened(content).mode == "RGB"


def test_a_palette_keeps_its_colours() -> None:
    made = io.BytesIO()
    Image.new("RGB", (3000, 300), "tomato").convert("P").save(made, "GIF")

    colour = _opened(shrink(made.getvalue())[1]).convert("RGB").getpixel((700, 70))

    assert isinstance(colour, tuple)
    assert max(abs(got - wanted) for got, wanted in zip(colour, (255, 99, 71), strict=True)) < 30


def test_a_picture_stands_upright_and_does_not_tell_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = "a secret place"
    made = io.BytesIO()
    Image.new("RGB", (60, 40), "tomato").save(made, "JPEG", exif=exif)

    _, content = shrink(made.getvalue())

    assert _opened(content).size == (40, 60)
    assert b"secret" not in content
    assert not _opened(content).getexif()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n broken", documents.pdf("x"), documents.picture("TIFF")])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(OSError):
        shrink(content)


def test_a_picture_bomb_is_refused() -> None:
    with pytest.raises((BadPicture, Image.DecompressionBombError)):
        shrink(documents.picture_bomb())


def test_a_picture_of_too_many_points_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrinking, "MAX_PIXELS", 1199)

    with pytest.raises(BadPicture):
        shrink(documents.picture(size=(40, 30)))


def test_what_stays_too_large_is_made_coarser_and_then_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = _noise((400, 400), "JPEG")
    usual = len(shrink(noise)[1])

    monkeypatch.setattr(shrinking, "MAX_BYTES", usual * 2 // 3)
    assert len(shrink(noise)[1]) <= usual * 2 // 3
    monkeypatch.setattr(shrinking, "MAX_BYTES", 500)
    with pytest.raises(BadPicture):
        shrink(noise)


def test_a_kind_that_cannot_be_written_here_is_not_warmed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {kind: saver for kind, saver in Image.SAVE.items() if kind != "AVIF"}
    monkeypatch.setattr(Image, "SAVE", without)

    assert prepare() == ()


def test_as_a_program() -> None:
    assert prepare() == ()
    head, _, content = run(documents.picture()).partition(b"\n")
    assert head == b"image/png"
    assert _opened(content).size == (40, 30)
