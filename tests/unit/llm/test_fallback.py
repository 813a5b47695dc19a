"""A second model answers when the first cannot be had, and only then."""

from __future__ import annotations

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart

from artel.llm.answer import stream_answer
from artel.llm.deltas import TextDelta
from artel.llm.errors import ModelBadAnswer, ModelError, ModelKeyRefused, ModelRateLimited
from artel.llm.fallback import FallbackModel, with_fallback
from artel.llm.pool import ModelPool
from artel.llm.refs import ModelRef
from tests.support.model_server import ModelServer

SPARE = ModelRef("demo", "demo")


def pair(pool: ModelPool, primary: str, secondary: ModelRef = SPARE) -> FallbackModel:
    return with_fallback(pool.model(ModelRef("openai", primary)), pool.model(secondary))


async def ask(model: FallbackModel) -> tuple[str, str | None]:
    async with stream_answer(model, [ModelRequest(parts=[UserPromptPart("hi")])]) as answer:
        text = "".join([delta.text async for delta in answer if isinstance(delta, TextDelta)])
    return text, answer.response.provider_name


async def test_the_first_model_answers_when_it_can(pool: ModelPool) -> None:
    assert await ask(pair(pool, "scripted")) == ("You said: hi", "openai")


@pytest.mark.parametrize("primary", ["status:code=503", "status:code=429,kind=insufficient_quota", "cut:tokens=0"])
async def test_the_second_answers_when_the_first_cannot_be_had(pool: ModelPool, primary: str) -> None:
    text, provider = await ask(pair(pool, primary))
    assert provider == "demo"
    assert "demo model" in text


async def test_the_second_answers_when_the_first_is_silent(hasty_pool: ModelPool) -> None:
    assert (await ask(pair(hasty_pool, "hang")))[1] == "demo"


@pytest.mark.parametrize(("primary", "kind"), [("status:code=401", ModelKeyRefused), ("cut:clean=1", ModelBadAnswer)])
async def test_faults_of_the_request_or_in_the_middle_stay_with_the_first(
    pool: ModelPool, primary: str, kind: type[ModelError]
) -> None:
    with pytest.raises(kind):
        await ask(pair(pool, primary))


async def test_when_both_fail_the_first_ones_error_is_told(pool: ModelPool) -> None:
    with pytest.raises(ModelRateLimited):
        await ask(pair(pool, "status:code=429,retry_after=99", ModelRef("openai", "status:code=500")))


async def test_the_agent_loop_falls_back_too(pool: ModelPool, model_server: ModelServer) -> None:
    # given a system prompt in the middle, which each model wants in its own form
    history = [
        ModelRequest(parts=[UserPromptPart("hi"), SystemPromptPart("be quick")]),
    ]
    model = pair(pool, "status:code=503", ModelRef("openai", "answer:text=ok"))
    assert model.prepare_messages([*history]) == history
    # when the loop runs
    result = await Agent(model).run("go", message_history=history)
    # then the second model answered, and its messages were prepared once
    assert result.output == "ok"
    assert sum("be quick" in str(message) for message in model_server.log.requests[-1].body["messages"]) == 1


async def test_the_agent_loop_uses_the_first_when_it_can(pool: ModelPool) -> None:
    assert (await Agent(pair(pool, "answer:text=first")).run("go")).output == "first"
