"""Tools that the user's own page carries out, after consent: what it may be asked, and what it may answer."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from artel.kit.errors import FieldProblem, Figures
from artel.kit.faults import problems_of
from artel.tools.tool import Arguments, BadResult, Blob, JsonObject, PageResult, Tool, checker, schema_of

MAX_MEDIA_BYTES: Final = 6_000_000
"""Of one picture or recording, once decoded."""
MAX_PIXELS: Final = 40_000_000
MAX_TEXT: Final = 50_000

_DATA_URL: Final = re.compile(
    r"data:(?P<type>[a-z]+/[a-z0-9.+-]+)(?:;codecs=[\w.,\"-]+)?;base64,(?P<data>[A-Za-z0-9+/=\s]+)"
)
_PICTURES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_SOUNDS: Final = frozenset({"audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/wav", "audio/x-wav"})


class _Reason(Arguments):
    reason: str = Field(
        default="", max_length=500, description="Why you need it, in the user's language: it is shown to the user."
    )


class CameraArguments(_Reason):
    """A photo."""

    facing: Literal["user", "environment"] = Field(
        default="user", description="Which camera: towards the user, or away from them."
    )


class MicrophoneArguments(_Reason):
    """A recording."""

    max_seconds: int = Field(default=30, ge=1, le=120, description="The recording is at most so long.")


class GeolocationArguments(_Reason):
    """Where the user is."""

    high_accuracy: bool = Field(default=False, description="Slower; needs the device's GPS.")


class ClipboardArguments(_Reason):
    """The clipboard."""

    action: Literal["read", "write"] = Field(description="Read what the user has copied, or put a text there.")
    text: str = Field(default="", max_length=MAX_TEXT, description="What to put there.")

    @model_validator(mode="after")
    def _something_to_write(self) -> ClipboardArguments:
        if self.action == "write" and not self.text:
            raise PydanticCustomError("text_needed", "To write, give a text.")
        return self


class FilePickerArguments(_Reason):
    """Files the user chooses."""

    multiple: bool = Field(default=False, description="More than one may be chosen.")
    accept: str = Field(
        default="", max_length=200, description="Which kinds, as in HTML's accept, such as image/*,.pdf; empty for all."
    )


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PageProblem(_Result):
    """What a page answers when it could not do it; the model is told."""

    error: Literal["permission_denied", "no_device", "unsupported", "failed"]
    message: str = Field(default="", max_length=500)


class CameraResult(_Result):
    """A picture as a data URL."""

    image: Annotated[str, Field(max_length=MAX_MEDIA_BYTES * 4 // 3 + 200)]


class MicrophoneResult(_Result):
    """A recording as a data URL."""

    audio: Annotated[str, Field(max_length=MAX_MEDIA_BYTES * 4 // 3 + 200)]
    seconds: float = Field(gt=0, le=600)


class GeolocationResult(_Result):
    """Degrees (WGS 84), and meters of accuracy."""

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    accuracy: float = Field(ge=0, allow_inf_nan=False)


class ClipboardRead(_Result):
    """What was there."""

    text: str = Field(max_length=MAX_TEXT)


class ClipboardWritten(_Result):
    """It is there now."""

    written: Literal[True]


class FilePickerResult(_Result):
    """Files that the page uploaded before, by their ids."""

    files: list[UUID] = Field(min_length=1, max_length=20)


def browser_tools() -> list[Tool]:
    """All of them. Each asks its user by default."""
    return [
        _tool("camera", "Camera", "Asks the user to take a photo with their camera.", CameraArguments, _camera),
        _tool(
            "microphone", "Microphone", "Asks the user to record a short clip.", MicrophoneArguments, _microphone
        ),
        _tool(
            "geolocation", "Location", "Asks where the user is: latitude, longitude and accuracy in meters.",
            GeolocationArguments, _geolocation,
        ),
        _tool(
            "clipboard", "Clipboard", "Reads what the user has copied, or puts a text into their clipboard.",
            ClipboardArguments, _clipboard,
        ),
        _tool(
            "file_picker", "File picker", "Asks the user to choose files of theirs and hand them over.",
            FilePickerArguments, _files,
        ),
    ]  # fmt: skip


_Reader = Callable[[JsonObject, Any], PageResult]


def _tool(tool_id: str, label: str, description: str, arguments: type[Arguments], read: _Reader) -> Tool:
    return Tool(
        tool_id=tool_id,
        label=label,
        description=description,
        policy="ask",
        kind="browser",
        schema=schema_of(arguments),
        check=checker(arguments),
        run=None,
        read_result=_or_problem(read),
    )


def _or_problem(read: _Reader) -> _Reader:
    def checked(arguments: JsonObject, sent: Any) -> PageResult:
        if isinstance(sent, dict) and "error" in sent:
            problem = _parsed(PageProblem, sent)
            return PageResult(problem.model_dump(exclude_defaults=True))
        return read(arguments, sent)

    return checked


_T = TypeVar("_T", bound=BaseModel)


def _parsed(shape: type[_T], sent: Any) -> _T:
    try:
        return shape.model_validate(sent)
    except ValidationError as error:
        raise BadResult(fields=problems_of(error, "result")) from error


def _camera(arguments: JsonObject, sent: Any) -> PageResult:
    del arguments
    media_type, content = _media(_parsed(CameraResult, sent).image, "result.image", _PICTURES)
    width, height = _size(content, _PICTURES[media_type])
    blob = Blob(f"photo.{media_type.partition('/')[2]}", media_type, content)
    return PageResult({"photo": f"{width} x {height} pixels"}, [blob])


def _microphone(arguments: JsonObject, sent: Any) -> PageResult:
    del arguments
    result = _parsed(MicrophoneResult, sent)
    media_type, content = _media(result.audio, "result.audio", _SOUNDS)
    blob = Blob(f"recording.{media_type.partition('/')[2]}", media_type, content)
    return PageResult({"seconds": round(result.seconds, 1)}, [blob])


def _geolocation(arguments: JsonObject, sent: Any) -> PageResult:
    del arguments
    return PageResult(_parsed(GeolocationResult, sent).model_dump())


def _clipboard(arguments: JsonObject, sent: Any) -> PageResult:
    if arguments.get("action") == "write":
        return PageResult(_parsed(ClipboardWritten, sent).model_dump())
    return PageResult(_parsed(ClipboardRead, sent).model_dump())


def _files(arguments: JsonObject, sent: Any) -> PageResult:
    files = _parsed(FilePickerResult, sent).files
    if len(files) > 1 and not arguments.get("multiple"):
        raise _bad("result.files", "One file was asked for.", reason="one_file")
    return PageResult({}, files=tuple(dict.fromkeys(files)))


def _media(url: str, place: str, types: Any) -> tuple[str, bytes]:
    """The type and bytes of a data URL, without what stands in the type about codecs."""
    found = _DATA_URL.fullmatch(url)
    if found is None or found["type"] not in types:
        kinds = ", ".join(sorted(types))
        raise _bad(
            place,
            f"Send a data URL in base64 of one of these types: {kinds}.",
            reason="media_type",
            figures={"types": kinds},
        )
    try:
        content = base64.b64decode(found["data"], validate=False)
    except binascii.Error as error:
        raise _bad(place, "The base64 of this data URL is damaged.", reason="base64_damaged") from error
    if not 0 < len(content) <= MAX_MEDIA_BYTES:
        megabytes = MAX_MEDIA_BYTES // 1_000_000
        raise _bad(place, f"At most {megabytes} MB can be taken.", reason="media_size", figures={"limit_mb": megabytes})
    return found["type"], content


def _size(content: bytes, kind: str) -> tuple[int, int]:
    """Pixels of a picture that is one."""
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                millions = MAX_PIXELS // 1_000_000
                message = f"At most {millions} million pixels can be taken."
                raise _bad("result.image", message, reason="picture_size", figures={"limit_millions": millions})
            picture.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _bad("result.image", "This is no picture of the kind it says it is.", reason="not_a_picture") from error
    return width, height


def _bad(place: str, message: str, *, reason: str, figures: Figures | None = None) -> BadResult:
    return BadResult(fields=[FieldProblem(place, message, reason, figures or {})])
