"""The event streams over HTTP: whose they are, and when they end. (What they carry: tests/live/test_events_*.)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.support.api import Person, Site
from tests.support.live_http import live_server, open_stream


@pytest.fixture
async def port(site: Site) -> AsyncGenerator[int]:
    """The application behind a real server."""
    async with live_server(site.app, site.end_streams) as port:
        yield port


def _cookie(person: Person) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())}


async def test_an_answer_streams_to_its_owner_and_to_nobody_else(
    site: Site, port: int, ann: Person, bob: Person
) -> None:
    await ann.agent()
    chat = await ann.chat()
    async with (
        open_stream(port, "/my/events/", _cookie(ann)) as mine,
        open_stream(port, f"/my/chat/{chat}/events/", _cookie(ann)) as of_the_chat,
        open_stream(port, "/my/events/", _cookie(bob)) as other,
    ):
        assert mine.headers["content-type"].startswith("text/event-stream")
        await ann.say(chat, "@coder hello")

        for stream in (mine, of_the_chat):
            types: list[str] = []
            text = ""
            while "run_completed" not in types:
                event = await stream.event()
                types.append(event["type"])
                text += event.get("text", "")
            assert text == "You said: hello"
            assert {"direct_agent_call", "message_started", "message_completed"} <= set(types)

        await bob.agent()
        await bob.say(await bob.chat(), "@coder mine")
        event = await other.event()
        assert event["session_id"] != chat
    assert site.house.metrics.user_isolation_violations.value == 0


async def test_what_was_missed_is_replayed(port: int, ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    start = (await ann.http.get(f"/my/chat/{chat}/")).json()["last_event_id"]
    await ann.say(chat, "@coder hello")

    async with open_stream(port, f"/my/events/?last_event_id={start}", _cookie(ann)) as by_query:
        first = await by_query.event()
        while (event := await by_query.event())["type"] != "run_completed":
            assert event["session_id"] in (chat, None)
    async with open_stream(port, "/my/events/", {**_cookie(ann), "Last-Event-ID": str(start)}) as by_header:
        assert await by_header.event() == first


@pytest.mark.parametrize("last", ["0", "nonsense", "-1", "99999999999999999999"])
async def test_an_id_that_was_never_given_is_told_so(port: int, ann: Person, last: str) -> None:
    async with open_stream(port, "/my/events/", {**_cookie(ann), "Last-Event-ID": last}) as stream:
        assert (await stream.event())["type"] == "resync"


async def test_a_foreign_chat_has_no_stream(site: Site, port: int, ann: Person, bob: Person) -> None:
    chat = await ann.chat()

    async with open_stream(port, f"/my/chat/{chat}/events/?last_event_id=0", _cookie(bob)) as stream:
        assert stream.status == 404
    assert site.denied == 1


async def test_logout_ends_the_streams_of_that_sign_in_only(site: Site, port: int, ann: Person) -> None:
    other = await site.visitor()
    await site.sign_in_again(ann, other)
    async with (
        open_stream(port, "/my/events/", _cookie(ann)) as mine,
        open_stream(port, "/my/events/", {"Cookie": f"artel_session={other.cookies['artel_session']}"}) as elsewhere,
    ):
        await other.post("/auth/logout")

        await elsewhere.rest()
        assert elsewhere.ended
        assert not mine.ended
    assert (await ann.http.get("/auth/me")).status_code == 200


async def test_a_deleted_key_ends_its_streams(port: int, ann: Person) -> None:
    made = (await ann.http.post("/my/api-keys/", json={})).json()
    async with open_stream(port, "/my/events/", {"Authorization": f"Bearer {made['key']}"}) as stream:
        assert stream.status == 200

        await ann.http.delete(f"/my/api-keys/{made['id']}/")

        await stream.rest()
        assert stream.ended


async def test_a_disabled_user_hears_nothing_more(site: Site, port: int, ann: Person) -> None:
    async with open_stream(port, "/my/events/", _cookie(ann)) as stream:
        await site.house.users.set_active(ann.email, active=False)

        await stream.rest()
        assert stream.ended


async def test_a_revocation_between_the_door_and_the_stream_is_not_missed(site: Site, port: int, ann: Person) -> None:
    # Somebody deletes the sign-in behind this process's back, so only the look into the database can tell.
    assert (await ann.http.get("/auth/me")).status_code == 200
    await site.stores.as_migrator("delete from sign_ins")

    async with asyncio.timeout(10), open_stream(port, "/my/events/", _cookie(ann)) as stream:
        assert stream.status == 401
