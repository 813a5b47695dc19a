"""What a user may use: reached limits are 429 with the time to wait, nothing is stored, and nobody else notices."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from artel.accounts.quotas import Quotas
from artel.events.client import redis_client
from artel.store.limits import LimitReached, Limits, Windows
from tests.support.api import Person, Site


async def _limit(admin: Person, person: Person, **limits: Any) -> None:
    answer = await admin.http.patch(f"/admin/users/{person.id}/", json={"limits": limits})
    assert answer.status_code == 200, answer.text


def _reached(answer: httpx.Response) -> str:
    """The sentence of a refusal."""
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (429, "/problems/limit-reached"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) == problem["retry_after"] > 0
    return problem["detail"]


async def _messages(site: Site, person: Person) -> int:
    rows = await site.stores.as_migrator("select count(*) as n from messages where user_id = $1", person.id)
    return rows[0]["n"]


async def test_messages_of_an_hour(site: Site, ann: Person, bob: Person) -> None:
    await bob.agent()
    chat = await bob.chat()
    await _limit(ann, bob, runs_hour=2)

    sent = [await bob.say(chat, "@coder hello") for _ in range(2)]
    before = await _messages(site, bob)
    refused = await bob.say(chat, "@coder hello")

    assert [answer.status_code for answer in sent] == [200, 200]
    assert "messages of this hour are used up (limit: 2)" in (detail := _reached(refused))
    assert f"{Windows.of(datetime.now(UTC)).end('hour'):%H:%M} UTC" in detail
    assert await _messages(site, bob) == before
    await bob.http.delete(f"/my/chat/{chat}/")
    assert (await bob.say(await bob.chat(), "@coder hello")).status_code == 429
    await _limit(ann, bob, runs_hour=None)
    assert (await bob.say(await bob.chat(), "@coder hello")).status_code == 200


async def test_many_at_once_do_not_pass_together(ann: Person, bob: Person) -> None:
    for name in ("One", "Two"):
        await bob.agent(name, concurrency_limit=5)
    chat = await bob.chat()
    await _limit(ann, bob, runs_day=3)

    answers = await asyncio.gather(*(bob.say(chat, f"@{('one', 'two')[n % 2]} hello") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 5


async def test_what_is_not_taken_is_not_counted_and_a_new_try_is(ann: Person, bob: Person) -> None:
    await bob.agent("Broken", model={"provider": "openai", "name": "status:code=400"})
    chat = await bob.chat()
    await _limit(ann, bob, runs_hour=2)

    assert (await bob.say(chat, "hello", target_agent="nonesuch")).status_code == 404
    run = (await bob.say(chat, "@broken hello")).json()["run_id"]
    assert (await bob.http.post(f"/my/runs/{run}/retry/")).status_code in (200, 202, 204)
    assert (await bob.say(chat, "@broken hello")).status_code == 429


async def _use_tokens(site: Site, person: Person, tokens: int, at: datetime) -> None:
    async with site.house.shards.user_tx(person.id) as tx:
        await tx.execute(
            "insert into usage (user_id, id, provider, model, input_tokens, output_tokens, created_at)"
            " values ($1, $2, 'openai', 'm', $3, 0, $4)",
            tx.user_id,
            site.house.ids.uuid(),
            tokens,
            at,
        )


@pytest.mark.parametrize("of", ["day", "month"])
async def test_tokens_used_up_take_no_message(site: Site, ann: Person, bob: Person, of: str) -> None:
    await bob.agent()
    chat = await bob.chat()
    await _use_tokens(site, bob, 100, datetime.now(UTC) - timedelta(days=40))
    await _limit(ann, bob, **{f"tokens_{of}": 100})
    assert (await bob.say(chat, "@coder hello")).status_code == 200

    await _use_tokens(site, bob, 100, datetime.now(UTC))

    assert f"tokens of this {of} are used up (limit: 100)" in _reached(await bob.say(chat, "@coder hello"))


async def test_an_answer_that_goes_beyond_the_tokens_is_stopped(site: Site, ann: Person, bob: Person) -> None:
    await bob.agent("Long", model={"provider": "openai", "name": "answer:tokens=400,delay_ms=10"})
    chat = await bob.chat()
    await _limit(ann, bob, tokens_day=40)

    answer = await bob.say(chat, "@long hello")

    assert answer.json()["error"]["code"] == "limit_reached", answer.text
    assert "UTC" in answer.json()["error"]["detail"]


async def test_agents_files_and_everybodys_limits(ann: Person, bob: Person) -> None:
    await ann.http.put("/admin/settings/", json={"limits": {"agents": 1, "storage_mb": 0}})
    file = {"file": ("a.txt", b"a")}

    await bob.agent("One")
    assert "1 agents" in _reached(await bob.http.post("/my/agents/", json={"name": "Two", "model": _MODEL}))
    full = await bob.http.post("/my/files/", files=file)
    assert (full.status_code, full.json()["type"]) == (429, "/problems/storage-full")
    assert full.headers["retry-after"] == "3600"

    await _limit(ann, bob, agents=2, storage_mb="unlimited")
    await bob.agent("Two")
    assert (await bob.http.post("/my/files/", files=file)).status_code == 201


_MODEL = {"provider": "openai", "name": "echo"}


async def test_requests_of_a_minute(ann: Person, bob: Person) -> None:
    await _limit(ann, bob, requests_minute=3)

    answers = [await bob.http.get("/my/agents/") for _ in range(5)]

    assert [answer.status_code for answer in answers[-2:]] in ([200, 429], [429, 429])  # a minute may have begun
    assert "3 requests" in _reached(answers[-1])
    assert (await bob.http.get("/auth/me")).status_code == 200
    assert (await ann.http.get("/my/agents/")).status_code == 200


async def test_everybody_sees_their_limits_and_their_use(ann: Person, bob: Person) -> None:
    await bob.agent()
    await _limit(ann, bob, runs_hour=5, tokens_month=1000, storage_mb=7)
    await bob.say(await bob.chat(), "@coder hello")
    await bob.http.post("/my/files/", files={"file": ("a.txt", b"a")})

    limits = {row["name"]: row for row in (await bob.http.get("/my/limits/")).json()["items"]}
    nothing = {row["name"]: row["limit"] for row in (await ann.http.get("/my/limits/")).json()["items"]}

    assert (limits["runs_hour"]["limit"], limits["runs_hour"]["used"]) == (5, 1)
    assert limits["tokens_month"]["limit"] == 1000
    assert limits["tokens_month"]["used"] > 0
    assert (limits["storage_mb"]["limit"], limits["storage_mb"]["used"]) == (7, 1)
    assert limits["agents"]["used"] == 1
    assert nothing.pop("storage_mb") == 1000
    assert set(nothing.values()) == {None}
    await _limit(ann, bob, storage_mb="unlimited")
    assert (await bob.http.get("/my/limits/")).json()["items"][4]["limit"] is None


@pytest.mark.parametrize(
    "limits", [{"runs_hour": -1}, {"runs_hour": "many"}, {"nonesuch": 1}, {"storage_mb": 10**12}, {"agents": 1.5}]
)
async def test_what_is_no_limit_is_refused(ann: Person, bob: Person, limits: dict[str, Any]) -> None:
    assert (await ann.http.patch(f"/admin/users/{bob.id}/", json={"limits": limits})).status_code == 422


async def test_streams_are_counted_over_processes_until_they_end(site: Site, ann: Person, bob: Person) -> None:
    await _limit(ann, bob, streams=2)
    here, there = (Quotas(site.house.shards, site.house.redis) for _ in range(2))

    leave, _ = await here.open_stream(bob.id), await there.open_stream(bob.id)
    for process in (here, there):
        with pytest.raises(LimitReached, match="2 event streams"):
            await process.open_stream(bob.id)
    leave()
    await here.turn()
    await there.turn()
    await there.open_stream(bob.id)
    with pytest.raises(LimitReached):
        await here.open_stream(bob.id)
    await site.house.redis.hset(f"streams:{bob.id}", next(iter(await _fields(site, bob))), "2:1")  # died long ago
    await here.open_stream(bob.id)


async def _fields(site: Site, person: Person) -> list[Any]:
    return list(await site.house.redis.hgetall(f"streams:{person.id}"))


async def test_without_redis_each_process_counts_for_itself(site: Site, ann: Person, bob: Person) -> None:
    await _limit(ann, bob, streams=1, requests_minute=1)
    local: list[None] = []
    nowhere = redis_client("unix:///nonesuch/redis.sock")
    quotas = Quotas(site.house.shards, nowhere, lambda: local.append(None), clock=lambda: 6_000.0)
    try:
        leave = await quotas.open_stream(bob.id)
        with pytest.raises(LimitReached):
            await quotas.open_stream(bob.id)
        await quotas.request(bob.id)
        with pytest.raises(LimitReached) as refused:
            await quotas.request(bob.id)
        leave()
        await quotas.aclose()
    finally:
        await nowhere.aclose()

    assert refused.value.retry_after == 60
    assert len(local) >= 4


async def test_a_stream_that_is_refused_is_429(ann: Person, bob: Person) -> None:
    await _limit(ann, bob, streams=0)

    assert "0 event streams" in _reached(await bob.http.get("/my/events/"))


def test_the_nearest_limit_counts() -> None:
    usual = Limits(runs_day=9, agents=3)

    assert usual.over({"runs_day": 5, "streams": 7}, {"agents": "unlimited", "gone": 1}) == Limits(
        runs_day=5, streams=7
    )
    assert usual.over({}, {}) == usual
    assert not usual.over({"runs_day": "unlimited"}).count_runs


def test_windows_end_with_the_clock() -> None:
    windows = Windows.of(datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC))

    for of in ("hour", "day", "month"):
        assert windows.end(of) == datetime(2027, 1, 1, tzinfo=UTC)
    assert windows.reached("messages", 1_000, "hour").retry_after == 30
