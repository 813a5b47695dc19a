"""Chunks of a chat completion become deltas, however servers deviate from each other."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.llm.chat_body import ChatBody
from artel.llm.chat_chunks import BadChunk, ChunkReader, ErrorChunk, map_usage
from artel.llm.deltas import Delta, TextDelta, ThinkingDelta, ToolCallDelta


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    return orjson.dumps({"id": "c1", "model": "m", "choices": [{"delta": delta, "finish_reason": finish}], **more})


def call(index: int | None, call_id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"function": {"name": name, "arguments": arguments}, "id": call_id}
    return fields if index is None else {**fields, "index": index}


def test_texts_that_arrive_together_become_one_delta() -> None:
    reader = ChunkReader()
    assert reader.read(
        [chunk({"role": "assistant", "content": ""}), chunk({"content": "a"}), chunk({"content": "b"})]
    ) == [TextDelta("ab")]
    assert reader.read([chunk({"content": "c"}), chunk({}, "stop"), b"[DONE]"]) == [TextDelta("c")]
    assert (reader.finish_reason, reader.done, reader.response_id, reader.model_name) == ("stop", True, "c1", "m")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_is_kept_apart_from_the_answer(field: str) -> None:
    deltas = ChunkReader().read(
        [chunk({field: "h"}), chunk({field: "m", "content": None}), chunk({"content": "yes", field: None})]
    )
    assert deltas == [ThinkingDelta("hm", field), TextDelta("yes")]


def test_thinking_text_and_call_of_one_chunk_come_in_this_order() -> None:
    deltas = ChunkReader().read([chunk({"content": "t", "reasoning": "r", "tool_calls": [call(0, "x", "f", "{}")]})])
    assert deltas == [ThinkingDelta("r", "reasoning"), TextDelta("t"), ToolCallDelta(0, "x", "f", "{}")]


def test_fragments_of_parallel_calls_are_told_apart_by_index() -> None:
    deltas = ChunkReader().read(
        [
            chunk({"tool_calls": [call(0, "a", "f", "")]}),
            chunk({"tool_calls": [call(0, None, None, '{"x"')]}),
            chunk({"tool_calls": [call(1, "b", "g", "{}"), call(0, None, None, ":1}")]}),
        ]
    )
    assert deltas == [
        ToolCallDelta(0, "a", "f", '{"x"'),
        ToolCallDelta(1, "b", "g", "{}"),
        ToolCallDelta(0, None, None, ":1}"),
    ]


@pytest.mark.parametrize("index", [None, 0])
def test_calls_of_servers_that_do_not_count_are_told_apart_by_id(index: int | None) -> None:
    deltas = ChunkReader().read(
        [chunk({"content": "", "tool_calls": [call(index, "a", "f", {"x": 1})]}),
         chunk({"tool_calls": [call(index, "b", "g", "{}")]})]
    )  # fmt: skip
    assert deltas == [ToolCallDelta(0, "a", "f", '{"x":1}'), ToolCallDelta(1, "b", "g", "{}")]


def test_a_server_that_repeats_id_and_name_does_not_double_them() -> None:
    reader = ChunkReader()
    reader.read([chunk({"tool_calls": [call(0, "a", "f", "{")]})])
    assert reader.read([chunk({"tool_calls": [call(0, "a", "f", "}")]})]) == [ToolCallDelta(0, None, None, "}")]


def test_usage_counts_cached_and_reasoning_tokens() -> None:
    usage = map_usage(
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4},
         "completion_tokens_details": {"reasoning_tokens": 3}}
    )  # fmt: skip
    assert (usage.input_tokens, usage.output_tokens) == (10, 5)
    assert (usage.cache_read_tokens, usage.output_reasoning_tokens) == (4, 3)
    assert map_usage({"prompt_tokens": 2, "prompt_cache_hit_tokens": 1}).cache_read_tokens == 1
    assert map_usage({"prompt_tokens": None, "completion_tokens": "many"}).output_tokens == 0


def test_the_last_usage_counts_when_a_server_repeats_it() -> None:
    reader = ChunkReader()
    for tokens in (1, 2, 3):
        reader.read([chunk({"content": "x"}, usage={"completion_tokens": tokens})])
    assert reader.usage is not None
    assert reader.usage.output_tokens == 3


def test_a_refusal_is_not_an_answer() -> None:
    reader = ChunkReader()
    assert reader.read([chunk({"refusal": "I "}), chunk({"refusal": "won't"}), chunk({}, "stop")]) == []
    assert reader.refusal == "I won't"


@pytest.mark.parametrize(
    "payload", [b"{", b"[]", b'"x"', b'{"choices": 7}', b'{"choices": ["x"]}', b'{"choices": [], "usage": 7}', b"\xff"]
)
def test_what_is_not_a_chunk_is_said_to_be_bad(payload: bytes) -> None:
    with pytest.raises(BadChunk):
        ChunkReader().read([payload])


@pytest.mark.parametrize(
    "payload",
    [b"{}", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": [{"delta": null}]}',
     b'{"choices": [{"delta": {"tool_calls": [null, 7]}}]}', b'{"choices": [{"delta": {"content": null}}]}'],
)  # fmt: skip
def test_chunks_without_content_are_read_over(payload: bytes) -> None:
    assert ChunkReader().read([payload]) == []


def test_an_error_inside_the_stream_is_raised() -> None:
    with pytest.raises(ErrorChunk) as caught:
        ChunkReader().read([chunk({"content": "a"}), b'{"error": {"message": "no", "code": 502}}'])
    assert caught.value.body["error"]["code"] == 502


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    assert ChunkReader().read([chunk({"content": parts})]) == [TextDelta("ab")]


def test_an_answer_in_one_piece_is_read_like_a_stream() -> None:
    body = {"id": "x", "choices": [{"finish_reason": "tool_calls", "message": {
        "content": "<think>hm</think>yes", "tool_calls": [call(None, "a", "f", "{}")]}}],
        "usage": {"prompt_tokens": 1}}  # fmt: skip
    reader = ChunkReader()
    deltas = reader.read_whole(body)
    assert deltas == [ThinkingDelta("hm", "content"), TextDelta("yes"), ToolCallDelta(0, "a", "f", "{}")]
    assert reader.complete
    assert reader.finish_reason == "tool_call"


def gather(deltas: list[Delta]) -> tuple[str, str, dict[int, str]]:
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    thinking = "".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta))
    calls: dict[int, str] = {}
    for delta in deltas:
        if isinstance(delta, ToolCallDelta):
            calls[delta.key] = calls.get(delta.key, "") + (delta.name or "") + delta.arguments
    return text, thinking, calls


DELTAS = st.lists(
    st.one_of(
        st.text("ab<>/think \n", max_size=6).map(lambda text: {"content": text}),
        st.text(max_size=4).map(lambda text: {"reasoning_content": text}),
        st.integers(0, 2).map(lambda index: {"tool_calls": [call(index, f"id{index}", f"f{index}", "1")]}),
    ),
    max_size=10,
)


@given(DELTAS, st.data())
def test_any_cut_of_the_bytes_gives_the_same_answer(wire: list[dict[str, Any]], data: st.DataObject) -> None:
    # given the bytes of a whole stream
    raw = b"".join(b"data: " + chunk(delta) + b"\n\n" for delta in wire) + b"data: [DONE]\n\n"
    places = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))

    def read(pieces: list[bytes]) -> tuple[str, str, dict[int, str]]:
        body = ChatBody()
        return gather([delta for piece in pieces for delta in body.feed(piece)])

    # when the network cuts them anywhere, then the answer is the same
    cuts = [raw[start:stop] for start, stop in zip([0, *places], [*places, len(raw)], strict=True)]
    assert read(cuts) == read([raw])
