"""A chat's history: pages, unfinished answers, and ten thousand messages."""

from __future__ import annotations

import asyncio
import time

from tests.support.api import Person, Site
from tests.support.live_http import live_server, open_stream

_MANY = """
with made as (
    select n, uuid_in(overlay(md5(n::text) placing lpad(to_hex(n), 12, '0') from 1)::cstring) as id
    from generate_series(1, $3::int) n
), runs_made as (
    insert into runs (user_id, id, session_id, mode, status, message_id, answer_id)
    select $1, id, $2, 'direct', 'completed', id, id from made
)
insert into messages (user_id, id, session_id, run_id, role, content)
select $1, id, $2, id, 'user', 'message ' || n from made
"""


async def test_a_short_chat_is_one_page_in_reading_order(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    for text in ("one", "two"):
        await ann.say(chat, f"@coder {text}")

    page = (await ann.http.get(f"/my/chat/{chat}/")).json()

    assert [(item["role"], item["content"]) for item in page["items"]] == [
        ("user", "@coder one"),
        ("assistant", "You said: one"),
        ("user", "@coder two"),
        ("assistant", "You said: two"),
    ]
    assert [item["target_agent"] for item in page["items"]] == [f"user{ann.id}_coder", None] * 2
    assert [item["agent_id"] for item in page["items"]] == [None, f"user{ann.id}_coder"] * 2
    assert [run["status"] for run in page["runs"]] == ["completed"] * 2
    assert [task["status"] for run in page["runs"] for task in run["tasks"]] == ["done"] * 2
    assert page["items"][1]["usage"]["output_tokens"] > 0
    assert (page["plans"], page["approvals"], page["next_cursor"]) == ([], [], None)
    assert page["session"]["id"] == chat


async def test_pages_meet_without_gap_or_repetition(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    for number in range(5):
        await ann.say(chat, f"@coder {number}")
    whole = (await ann.http.get(f"/my/chat/{chat}/?limit=100")).json()["items"]

    pieces: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await ann.http.get(f"/my/chat/{chat}/", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        ).json()
        pieces = page["items"] + pieces
        assert {run["id"] for run in page["runs"]} == {item["run_id"] for item in page["items"]}
        cursor = page["next_cursor"]

    assert pieces == whole
    assert len(whole) == 10


async def test_an_answer_in_the_making_is_in_the_page_with_its_text_so_far(site: Site, ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "hang_mid:tokens=3"})
    chat = await ann.chat()
    async with live_server(site.app, site.end_streams) as port:
        cookie = "; ".join(f"{name}={value}" for name, value in ann.http.cookies.items())
        async with open_stream(port, f"/my/chat/{chat}/events/", {"Cookie": cookie}) as stream:
            sent = (await ann.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder hi"})).json()
            text = ""
            while text.count("w") < 3:
                event = await stream.event()
                text += event.get("text", "")

            page = (await ann.http.get(f"/my/chat/{chat}/")).json()

            question, answer = page["items"]
            assert question["id"] == sent["message_id"]
            assert (answer["id"], answer["status"], answer["content"]) == (sent["answer_id"], "streaming", text)
            assert page["session"]["running"] is True
            assert page["last_event_id"] >= int(stream.last_event_id or 0)
            assert page["runs"][0]["status"] == "running"

            await ann.http.post(f"/my/runs/{sent['run_id']}/cancel/")
            while (await stream.event())["type"] != "run_cancelled":
                pass
        page = (await ann.http.get(f"/my/chat/{chat}/")).json()
        assert [item["status"] for item in page["items"]] == ["complete", "cancelled"]


async def test_a_queued_answer_is_shown_empty(ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "hang"}, concurrency_limit=1)
    chat = await ann.chat()
    for _ in range(2):
        await ann.http.post(f"/my/chat/{chat}/message/", json={"content": "@coder hi"})

    page = (await ann.http.get(f"/my/chat/{chat}/")).json()

    assert [(item["role"], item["status"], item["content"]) for item in page["items"]] == [
        ("user", "complete", "@coder hi"),
        ("assistant", "streaming", ""),
    ] * 2
    assert [run["status"] for run in page["runs"]] == ["running", "queued"]


async def test_ten_thousand_messages_cost_a_page_no_more_than_ten(site: Site, ann: Person) -> None:
    short, long = await ann.chat("short"), await ann.chat("long")
    for chat, number in ((short, 10), (long, 10_000)):
        async with site.house.shards.user_tx(ann.id) as tx:
            await tx.execute(_MANY.replace("md5(n::text)", f"md5(n::text || '{chat}')"), ann.id, chat, number)

    async def fastest(chat: int) -> float:
        times: list[float] = []
        for _ in range(5):
            began = time.perf_counter()
            answer = await ann.http.get(f"/my/chat/{chat}/", params={"limit": 10})
            times.append(time.perf_counter() - began)
            assert len(answer.json()["items"]) == 10
        return min(times)

    assert await fastest(long) < 5 * await fastest(short)
    cursor: str | None = None
    seen = 0
    while True:
        page = (
            await ann.http.get(f"/my/chat/{long}/", params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == 10_000


async def test_history_needs_the_event_log_and_says_so(site: Site, ann: Person) -> None:
    chat = await ann.chat()
    async with asyncio.timeout(20):
        await site.house.redis.execute_command("CLIENT", "PAUSE", "7000", "ALL")  # pyright: ignore[reportUnknownMemberType]
        answer = await ann.http.get(f"/my/chat/{chat}/")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
