"""Which models can see pictures. Providers' lists do not say it, so it is known by names: of families that read only.

Whatever is not known here is believed to see; a provider that was sent a picture in vain says so in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydantic_ai.messages import (
    BinaryContent,
    ImageUrl,
    ModelMessage,
    ModelRequest,
    UserContent,
    UserPromptPart,
)

from artel.llm.providers import DEMO
from artel.llm.refs import ModelRef

UNSEEN: Final = "[There is a picture here that you cannot see.]"

_SEEING: Final = re.compile(
    r"vision|visual|-vl|vl-|_vl|[0-9]vl|omni|multimodal|llava|pixtral|janus|moondream|molmo|glm-[0-9.]+v|ocr"
)
"""Members of text families that see."""
_READING: Final = re.compile(
    r"(?:^|/)(?:"
    r"gpt-3\.5|gpt-4(?:-0\d|-32k|$)|o1-mini|o1-preview|o3-mini|gpt-oss|davinci|babbage"
    r"|claude-(?:2|instant)"
    r"|deepseek|codestral|mixtral|mistral-(?:7b|nemo|large-24|small-24)|mistral(?::|$)|ministral-[38]b-24|devstral|mathstral"
    r"|qwen(?:1\.5|2|2\.5|3)?(?:[:\-]|$)|qwq|llama-?[23](?:\.[123])?(?:[:\-]|$)|codellama|tinyllama"
    r"|(?:code)?gemma-?2?(?:[:\-](?!3|4)|$)|gemma-?3n?[:\-](?:270m|1b)|phi-?[234](?:[:\-]|$|\.5)|phi-?4-(?:mini|reasoning)"
    r"|smollm|kimi-k2(?!\.[5-9])|glm-[45](?:\.\d)?(?:[:\-]|$)|minimax-m|command-[ar]|falcon|starcoder|yi[:\-]|olmo"
    r"|granite-?[34](?:\.\d)?[:\-]|nemotron|vicuna|zephyr|solar|openchat|saiga|gigachat|yandexgpt"
    r")"
)


def can_see(ref: ModelRef) -> bool:
    """Whether a model may be sent pictures."""
    name = ref.name.lower()
    if ref.provider == DEMO:
        return False
    return _SEEING.search(name) is not None or _READING.search(name) is None


def unseen(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The messages for a model that cannot see: a note stands where a picture was."""
    return [_without_pictures(message) if isinstance(message, ModelRequest) else message for message in messages]


def _without_pictures(message: ModelRequest) -> ModelRequest:
    parts = [
        replace(part, content=[_noted(item) for item in part.content])
        if isinstance(part, UserPromptPart) and not isinstance(part.content, str)
        else part
        for part in message.parts
    ]
    return replace(message, parts=parts)


def _noted(item: UserContent) -> UserContent:
    return UNSEEN if _is_picture(item) else item


def _is_picture(item: UserContent) -> bool:
    return isinstance(item, ImageUrl) or (isinstance(item, BinaryContent) and item.is_image)
