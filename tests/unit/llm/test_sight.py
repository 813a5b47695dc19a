"""Which models are shown pictures, and what the others are told."""

from __future__ import annotations

import pytest
from pydantic_ai.messages import (
    BinaryContent,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)

from artel.llm.refs import ModelRef
from artel.llm.sight import UNSEEN, can_see, unseen

SEE = """
openai:gpt-5.6-terra openai:gpt-4o openai:gpt-4o-mini openai:gpt-4.1 openai:gpt-4-turbo openai:gpt-4-vision-preview
openai:o3 openai:o4-mini openai:o1 openai:chatgpt-4o-latest openai:scripted openai:echo
anthropic:claude-sonnet-5-5 anthropic:claude-3-haiku-20240307 google:gemini-3.8-flash
openrouter:openrouter/auto openrouter:anthropic/claude-opus-4.1 openrouter:qwen/qwen2.5-vl-72b-instruct
openrouter:meta-llama/llama-4-maverick openrouter:mistralai/pixtral-12b openrouter:moonshotai/kimi-k2.5
openrouter:deepseek-ai/janus-pro-7b openrouter:z-ai/glm-4.5v
ollama:gemma3 ollama:gemma3:4b ollama:gemma3:27b ollama:llava:13b ollama:qwen2.5vl:7b ollama:qwen3-vl:8b
ollama:llama3.2-vision:11b ollama:minicpm-v:8b ollama:moondream ollama:mistral-small3.1 ollama:mistral-small3.2:24b
ollama:granite3.2-vision:2b ollama:phi4-multimodal ollama:llama4:scout
"""
READ = """
demo:demo openai:gpt-3.5-turbo openai:gpt-4 openai:gpt-4-0613 openai:gpt-4-32k openai:o1-mini openai:o3-mini
anthropic:claude-2.1 anthropic:claude-instant-1.2
openrouter:deepseek/deepseek-chat openrouter:deepseek/deepseek-r1 openrouter:openai/gpt-oss-120b
openrouter:qwen/qwen-2.5-72b-instruct openrouter:meta-llama/llama-3.3-70b-instruct openrouter:mistralai/mixtral-8x7b
openrouter:moonshotai/kimi-k2 openrouter:z-ai/glm-4.6 openrouter:microsoft/phi-4 openrouter:cohere/command-r-plus
ollama:qwen3:8b ollama:qwen2.5:7b ollama:qwen2.5-coder:7b ollama:qwen3 ollama:qwen3-coder:30b ollama:qwq
ollama:llama3:8b ollama:llama3.1 ollama:llama3.1:70b ollama:llama3.2:3b ollama:llama3.2 ollama:llama2
ollama:mistral ollama:mistral:7b ollama:mistral-nemo ollama:mixtral:8x7b ollama:codestral ollama:devstral
ollama:gemma ollama:gemma2:9b ollama:gemma3:1b ollama:gemma3:270m ollama:phi3:mini ollama:phi4 ollama:phi4-mini
ollama:deepseek-r1:14b ollama:gpt-oss:20b ollama:smollm2:135m ollama:tinyllama ollama:starcoder2:3b ollama:granite3.3:8b
"""


@pytest.mark.parametrize("name", SEE.split())
def test_these_see(name: str) -> None:
    assert can_see(ModelRef.parse(name))


@pytest.mark.parametrize("name", READ.split())
def test_these_only_read(name: str) -> None:
    assert not can_see(ModelRef.parse(name))


def test_who_cannot_see_is_told_that_there_is_something() -> None:
    picture = BinaryContent(data=b"x", media_type="image/png")
    answer = ModelResponse([TextPart("yes")])
    plain = ModelRequest([UserPromptPart("hello"), ToolReturnPart("tool", {"a": 1}, "c1")])
    looking = UserPromptPart(["look", picture, ImageUrl(url="https://example.org/a.png")])
    shown = ModelRequest([looking])

    told = unseen([plain, answer, shown])

    assert told[:2] == [plain, answer]
    [part] = told[2].parts
    assert isinstance(part, UserPromptPart)
    assert part.content == ["look", UNSEEN, UNSEEN]
    assert looking.content[1] == picture  # what was given stays as it is
