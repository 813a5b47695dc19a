"""Direct answers from the scripted model server: what arrives, what goes wrong, and what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from pydantic_ai.messages import (
    BinaryContent,
    ImageUrl,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    RetryInfo,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.test import TestModel

from artel.llm.answer import Answer, stream_answer
from artel.llm.callee import Timeouts
from artel.llm.calling import CallReport
from artel.llm.deltas import Delta, TextDelta, ThinkingDelta
from artel.llm.errors import ModelBadAnswer, ModelError, ModelOverloaded, ModelRefused, ModelTimeout, ModelUnreachable
from artel.llm.pool import ModelPool, PoolConfig
from artel.llm.refs import AnswerSettings, Credentials, ModelRef
from artel.llm.sight import UNSEEN
from tests.support.model_scripts import numbered_text
from tests.support.model_server import ModelServer
from tests.unit.llm.conftest import SERVER_KEY


def says(text: str) -> list[ModelMessage]:
    return [ModelRequest(parts=[UserPromptPart(text)])]


async def ask(
    pool: ModelPool, name: str, messages: list[ModelMessage] | None = None, settings: AnswerSettings | None = None
) -> tuple[list[Delta], ModelResponse]:
    model = pool.model(ModelRef("openai", name))
    async with stream_answer(model, messages or says("hi"), settings) as answer:
        return [delta async for delta in answer], answer.response


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


async def read_into(written: list[Delta], answer: Answer) -> None:
    async for delta in answer:
        written.append(delta)


async def test_an_answer_arrives_with_its_usage(pool: ModelPool, reports: list[CallReport]) -> None:
    deltas, response = await ask(pool, "scripted", says("Привет"))
    assert text_of(deltas) == "Вы сказали: Привет"
    assert response.text == "Вы сказали: Привет"
    assert (response.usage.input_tokens, response.usage.output_tokens) == (12, 3)
    assert (response.finish_reason, response.state, response.provider_name) == ("stop", "complete", "openai")
    (report,) = reports
    assert (report.outcome, report.attempts, report.model, report.usage.output_tokens) == ("ok", 1, "scripted", 3)


async def test_tokens_that_arrive_together_come_as_one_delta(pool: ModelPool) -> None:
    deltas, _ = await ask(pool, "answer:tokens=200")
    assert text_of(deltas) == numbered_text(200)
    assert len(deltas) <= 3


async def test_tokens_that_trickle_in_come_as_they_arrive(pool: ModelPool) -> None:
    deltas, _ = await ask(pool, "answer:tokens=6,delay_ms=30")
    assert text_of(deltas) == numbered_text(6)
    assert len(deltas) >= 3


async def test_the_whole_conversation_and_the_settings_are_sent(pool: ModelPool, model_server: ModelServer) -> None:
    # given a conversation with everything in it
    messages: list[ModelMessage] = [
        ModelRequest(parts=[SystemPromptPart("Be kind."), UserPromptPart("add 1 and 2")], instructions="Be brief."),
        ModelResponse(parts=[TextPart("Let me see."), ToolCallPart("add", {"a": 1, "b": 2}, tool_call_id="c1")]),
        ModelRequest(parts=[ToolReturnPart("add", 3, tool_call_id="c1")]),
        ModelResponse(parts=[TextPart("3")]),
        ModelRequest(
            parts=[UserPromptPart(["and this?", BinaryContent(b"\x89PNG", media_type="image/png"),
                                   ImageUrl("https://example.com/cat.png")])],
            instructions="Be brief.",
        ),
    ]  # fmt: skip
    # when it is asked about
    await ask(pool, "scripted", messages, AnswerSettings(temperature=0.5, max_tokens=100))
    # then the server sees it in its own words
    (request,) = model_server.log.requests
    assert request.headers["authorization"] == f"Bearer {SERVER_KEY}"
    body = request.body
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.5, 100, True)
    assert body["stream_options"] == {"include_usage": True}
    assert "tools" not in body
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a":1,"b":2}'}}
    assert body["messages"] == [
        {"role": "system", "content": "Be kind.\n\nBe brief."},
        {"role": "user", "content": "add 1 and 2"},
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
        {"role": "assistant", "content": "3"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "and this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
            ],
        },
    ]


async def test_parts_that_need_preparing_are_prepared(pool: ModelPool, model_server: ModelServer) -> None:
    messages: list[ModelMessage] = [
        *says("go"),
        ModelResponse(parts=[TextPart("gone")]),
        ModelRequest(parts=[RetryFeedbackPart("too short", retry=RetryInfo(cause="model_retry"))]),
        ModelResponse(parts=[TextPart("gone, gone")]),
        ModelRequest(parts=[SystemPromptPart("hurry")]),
    ]
    await ask(pool, "answer:text=ok", messages)
    sent = model_server.log.requests[0].body["messages"]
    assert [message["role"] for message in sent][-4:] == ["assistant", "user", "assistant", "user"]
    assert "too short" in sent[-3]["content"]
    assert "hurry" in sent[-1]["content"]


async def test_a_large_picture_is_sent_whole(pool: ModelPool, model_server: ModelServer) -> None:
    picture = BinaryContent(b"x" * 2_000_000, media_type="image/jpeg")
    await ask(pool, "answer:text=ok", [ModelRequest(parts=[UserPromptPart([picture])])])
    assert len(model_server.log.requests[0].body["messages"][0]["content"][0]["image_url"]["url"]) > 2_600_000


async def test_a_file_that_cannot_be_sent_is_refused_before_it_is_sent(
    pool: ModelPool, model_server: ModelServer
) -> None:
    sound = [ModelRequest(parts=[UserPromptPart([BinaryContent(b"x", media_type="audio/wav")])])]
    with pytest.raises(ModelRefused) as caught:
        await ask(pool, "scripted", [*sound])
    assert caught.value.variant == "content"
    assert model_server.log.calls == 0


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "tags"])
async def test_thinking_is_told_apart(pool: ModelPool, field: str) -> None:
    deltas, response = await ask(pool, f"think:field={field}")
    assert "".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta)) == "hmm, well"
    assert response.text == "You said: hi"
    assert response.thinking == "hmm, well"
    assert response.usage.cache_read_tokens == 4


async def test_a_server_that_cannot_stream_is_understood(pool: ModelPool) -> None:
    deltas, response = await ask(pool, "whole")
    assert text_of(deltas) == "You said: hi"
    assert response.state == "complete"


@pytest.mark.parametrize(
    ("name", "code", "variant"),
    [
        ("status:code=401", "model_key_refused", None),
        ("status:code=404,text=model_gone_not_found", "model_unknown", None),
        ("status:code=404,text=nothing_here", "model_bad_answer", "page"),
        ("status:code=429,retry_after=99", "model_rate_limited", None),
        ("status:code=429,kind=insufficient_quota", "model_rate_limited", "quota"),
        ("status:code=400,kind=context_length_exceeded", "model_context_too_long", None),
        ("status:code=500", "model_overloaded", None),
        ("status:code=529", "model_overloaded", None),
        ("page", "model_bad_answer", "page"),
        ("page:code=502", "model_overloaded", None),
        ("empty", "model_bad_answer", "empty"),
        ("empty:finish=length", "model_bad_answer", "length"),
        ("empty:finish=content_filter", "model_refused", None),
        ("garbage", "model_bad_answer", None),
        ("refuse", "model_refused", None),
        ("error_mid:code=429", "model_rate_limited", None),
        ("cut:tokens=0", "model_unreachable", "lost"),
        ("cut:tokens=0,clean=1", "model_bad_answer", "cut_off"),
    ],
)
async def test_what_goes_wrong_before_the_first_word(
    pool: ModelPool, reports: list[CallReport], name: str, code: str, variant: str | None
) -> None:
    with pytest.raises(ModelError) as caught:
        await ask(pool, name)
    assert (caught.value.code, caught.value.variant) == (code, variant)
    assert [report.outcome for report in reports] == [code]


@pytest.mark.parametrize(
    ("name", "kind", "variant"),
    [
        ("cut", ModelUnreachable, "lost"),
        ("cut:clean=1", ModelBadAnswer, "cut_off"),
        ("error_mid:tokens=2", ModelOverloaded, None),
    ],
)
async def test_what_goes_wrong_in_the_middle_is_not_repeated(
    pool: ModelPool, model_server: ModelServer, name: str, kind: type[ModelError], variant: str | None
) -> None:
    model = pool.model(ModelRef("openai", name))
    written: list[Delta] = []
    async with contextlib.AsyncExitStack() as stack:
        answer = await stack.enter_async_context(stream_answer(model, says("hi")))
        # when it breaks off after a few words
        with pytest.raises(kind) as caught:
            await read_into(written, answer)
    # then the words are kept, and nobody asks again behind the reader's back
    assert caught.value.variant == variant
    assert text_of(written).startswith("w0 w1 ")
    assert answer.response.text == text_of(written)
    assert answer.response.state == "incomplete"
    assert model_server.log.calls == 1


@pytest.mark.parametrize("name", ["hang", "hang:head=1", "hang:comments=1"])
async def test_a_server_that_never_begins_is_given_up(
    hasty_pool: ModelPool, model_server: ModelServer, reports: list[CallReport], name: str
) -> None:
    with pytest.raises(ModelTimeout) as caught:
        await ask(hasty_pool, name)
    assert caught.value.variant is None
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)
    assert [(report.outcome, report.attempts) for report in reports] == [("model_timeout", 1)]


async def test_a_server_that_falls_silent_is_given_up(hasty_pool: ModelPool, model_server: ModelServer) -> None:
    model = hasty_pool.model(ModelRef("openai", "hang_mid"))
    written: list[Delta] = []
    async with contextlib.AsyncExitStack() as stack:
        answer = await stack.enter_async_context(stream_answer(model, says("hi")))
        with pytest.raises(ModelTimeout) as caught:
            await read_into(written, answer)
    assert caught.value.variant == "idle"
    assert text_of(written) == "w0 w1 w2 "
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)


async def test_a_total_deadline_stops_an_answer_that_never_ends(model_server: ModelServer) -> None:
    credentials = {"openai": Credentials("k", model_server.base_url)}
    config = PoolConfig(timeouts=Timeouts(total=0.3))
    async with ModelPool(credentials, config=config) as pool:
        with pytest.raises(ModelTimeout) as caught:
            await ask(pool, "answer:tokens=1000,delay_ms=20")
        assert caught.value.variant == "total"


@pytest.mark.parametrize("name", ["status:code=429,times=2,retry_after=0", "status:code=503,times=1", "empty:times=1"])
async def test_passing_faults_are_not_noticed(pool: ModelPool, reports: list[CallReport], name: str) -> None:
    deltas, _ = await ask(pool, name)
    assert text_of(deltas) == "You said: hi"
    assert reports[0].attempts > 1


async def test_retry_after_is_waited_for(pool: ModelPool) -> None:
    began = time.monotonic()
    await ask(pool, "status:code=429,times=1,retry_after=1")
    assert time.monotonic() - began >= 1.0


async def test_leaving_early_hangs_up_and_frees_the_seat(
    pool: ModelPool, model_server: ModelServer, reports: list[CallReport]
) -> None:
    model = pool.model(ModelRef("openai", "slow"))
    async with stream_answer(model, says("hi")) as answer:
        async for _ in answer:
            break
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)
    assert reports[0].outcome == "cancelled"
    assert answer.response.text == "w0 "


async def test_a_cancelled_task_hangs_up(pool: ModelPool, model_server: ModelServer, reports: list[CallReport]) -> None:
    task = asyncio.create_task(ask(pool, "hang"))
    await asyncio.wait_for(model_server.wait_until("open", 1), 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(model_server.wait_until("cancelled", 1), 2)
    assert reports[0].outcome == "cancelled"


async def test_connections_are_used_again(pool: ModelPool, model_server: ModelServer) -> None:
    for _ in range(5):
        await ask(pool, "scripted")
    # the pool itself may hold a second one, over which it asked for the list of models
    assert model_server.log.connections <= 2


async def test_a_server_that_is_not_there_is_unreachable(unused_tcp_port: int) -> None:
    credentials = {"openai": Credentials("k", f"http://127.0.0.1:{unused_tcp_port}/v1")}
    async with ModelPool(credentials) as pool:
        model = pool.model(ModelRef("openai", "m"))
        with pytest.raises(ModelUnreachable):
            async with stream_answer(model, says("hi")):
                pass


async def test_any_model_of_pydantic_ai_can_answer_directly() -> None:
    async with stream_answer(TestModel(custom_output_text="one two three"), says("hi")) as answer:
        deltas = [delta async for delta in answer]
    assert text_of(deltas) == "one two three"
    assert answer.response.usage.output_tokens > 0


@pytest.mark.parametrize(("name", "sent"), [("gpt-3.5-turbo", "text"), ("gpt-4o", "image_url")])
async def test_a_model_that_cannot_see_is_sent_a_note(
    pool: ModelPool, model_server: ModelServer, name: str, sent: str
) -> None:
    # It may be asked in place of one that sees, so whoever made the conversation cannot know.
    picture = BinaryContent(data=b"bytes", media_type="image/png")

    await ask(pool, name, [ModelRequest(parts=[UserPromptPart(["look", picture])])])

    content = model_server.log.requests[-1].body["messages"][-1]["content"]
    if sent == "text":
        assert content == f"look\n\n{UNSEEN}"
    else:
        assert [item["type"] for item in content] == ["text", "image_url"]
