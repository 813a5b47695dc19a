"""How long things are kept: chosen, bounded, counted before, and carried out once a day."""

from __future__ import annotations

from typing import Any

import pytest

from artel.kit.errors import Invalid
from artel.space.retention import Retention, Terms, Tidying
from tests.support.api import Person, Site

NOTHING = {"chats_days": None, "files_days": None, "memories_days": None, "decisions_days": None, "usage_days": None}


async def settle_in(person: Person, site: Site) -> dict[str, Any]:
    """Two chats, of which one is old; a file in either and one in none; memories, decisions and costs of two ages."""
    await person.agent("Coder")
    files = [
        (await person.http.post("/my/files/", files={"file": (f"{name}.txt", b"text")})).json()["id"]
        for name in ("old", "used", "alone")
    ]
    old, young = await person.chat("Old"), await person.chat("Young")
    await person.say(old, "@coder one", attachments=[files[0]])
    await person.say(young, "@coder two", attachments=[files[1]])
    await person.http.post("/my/memory/", json={"text": "A note stays"})
    async with site.house.shards.user_tx(person.id) as tx:
        await tx.execute("update chat_sessions set updated_at = now() - interval '100 days' where id = $1", old)
        await tx.execute("update messages set created_at = now() - interval '100 days' where session_id = $1", old)
        await tx.execute("update files set created_at = now() - interval '100 days'")
        await tx.execute("update usage set created_at = created_at - interval '100 days' where run_id in"
                         " (select id from runs where session_id = $1)", old)  # fmt: skip
        for kind, days in (("message", 100), ("message", 1), ("fact", 100)):
            await tx.execute(_MEMORY, tx.user_id, site.house.ids.uuid(), kind, young, days)
        await tx.execute("update memories set created_at = now() - interval '100 days' where kind = 'note'")
        for days in (100, 1):
            await tx.execute(_DECISION, tx.user_id, site.house.ids.uuid(), days)
    return {"old": old, "young": young, "files": files}


async def kept(person: Person, site: Site) -> dict[str, int]:
    async with site.house.shards.user_tx(person.id) as tx:
        row = await tx.fetchrow(_KEPT, person.id)
    assert row is not None
    return dict(row)


def tidying(site: Site, bounds: Terms | None = None) -> Tidying:
    return Tidying(site.house.shards, bounds or Terms(), site.house.bus, lambda _: None)


async def test_everything_is_kept_until_somebody_says_otherwise(site: Site, ann: Person) -> None:
    await settle_in(ann, site)
    before = await kept(ann, site)

    said = (await ann.http.get("/my/retention/")).json()
    await tidying(site).tidy(ann.id)

    assert said == {**NOTHING, "bounds": NOTHING, "going": dict.fromkeys(before, 0)}
    assert await kept(ann, site) == before


async def test_what_is_too_old_is_counted_and_then_goes(site: Site, ann: Person, bob: Person) -> None:
    made = await settle_in(ann, site)
    await settle_in(bob, site)
    others, before = await kept(bob, site), await kept(ann, site)
    days = {"chats_days": 30, "files_days": 30, "memories_days": 30, "decisions_days": 30, "usage_days": 62}

    preview = (await ann.http.get("/my/retention/preview/", params=days)).json()
    chosen = (await ann.http.put("/my/retention/", json=days)).json()
    assert await kept(ann, site) == before
    await tidying(site).tidy(ann.id)

    assert preview == chosen["going"] == {"chats": 1, "files": 2, "memories": 2, "decisions": 1, "usage": 1}
    assert await kept(ann, site) == {"chats": 1, "files": 1, "memories": 2, "decisions": 1, "usage": 1}
    assert (await ann.http.get(f"/my/chat/{made['old']}/")).status_code == 404
    assert [file["name"] for file in (await ann.http.get("/my/files/")).json()["items"]] == ["used.txt"]
    assert "A note stays" in [memory["text"] for memory in (await ann.http.get("/my/memory/")).json()["items"]]
    assert await kept(bob, site) == others


async def test_a_chat_in_which_something_goes_on_or_somebody_spoke_stays(
    site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await settle_in(ann, site)
    await ann.http.put("/my/retention/", json={"chats_days": 30})
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute("update runs set status = 'waiting' where session_id = $1", made["old"])
    going = (await ann.http.get("/my/retention/")).json()["going"]
    assert going["chats"] == 0

    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute("update runs set status = 'completed' where session_id = $1", made["old"])
    asked = site.house.bus.cancel_session

    async def spoken_in(user_id: int, session_id: int, **more: Any) -> None:
        async with site.house.shards.user_tx(user_id) as tx:
            await tx.execute("update chat_sessions set updated_at = now() where id = $1", session_id)
        await asked(user_id, session_id, **more)

    monkeypatch.setattr(site.house.bus, "cancel_session", spoken_in)
    await tidying(site).tidy(ann.id)

    assert (await ann.http.get(f"/my/chat/{made['old']}/")).status_code == 200


async def test_it_is_done_once_a_day_and_at_once_after_a_change(site: Site, ann: Person) -> None:
    await settle_in(ann, site)
    await tidying(site).tidy(ann.id)
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute("update retention set chats_days = 30")
    await tidying(site).tidy(ann.id)
    assert (await kept(ann, site))["chats"] == 2

    await ann.http.put("/my/retention/", json={"chats_days": 30})
    await site.house.tidying.turn()

    assert (await kept(ann, site))["chats"] == 1


async def test_the_installations_bounds_hold_for_everyone(site: Site, ann: Person) -> None:
    await settle_in(ann, site)
    bounds = Terms(chats=60)
    mine = Retention(ann.id, site.house.shards, bounds)
    assert (await mine.old(Terms())).chats == 1

    with pytest.raises(Invalid) as refused:
        await mine.put(Terms(chats=61, usage=30))
    await tidying(site, bounds).tidy(ann.id)

    assert [field.field for field in refused.value.fields] == ["chats_days", "usage_days"]
    assert await kept(ann, site) == {"chats": 1, "files": 3, "memories": 4, "decisions": 2, "usage": 2}


async def test_what_cannot_be_is_refused(site: Site, ann: Person) -> None:
    for days in ({"usage_days": 61}, {"chats_days": 0}, {"chats_days": 10**9}, {"forever": 1}):
        assert (await ann.http.put("/my/retention/", json=days)).status_code == 422


async def test_what_ran_out_is_swept_without_being_asked(site: Site, ann: Person) -> None:
    await ann.http.post("/my/chat/sessions/", json={}, headers={"Idempotency-Key": "once"})
    await site.sign_in_again(ann, await site.visitor())
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute("update idempotency_keys set created_at = now() - interval '25 hours'")
        first = await tx.fetchval("select id from sign_ins order by created_at limit 1")
        await tx.execute("update sign_ins set expires_at = now() where id <> $1", first)

    await tidying(site).tidy(ann.id)

    async with site.house.shards.user_tx(ann.id) as tx:
        assert await tx.fetchval("select count(*) from idempotency_keys where user_id = $1", ann.id) == 0
        assert await tx.fetchval("select count(*) from sign_ins where user_id = $1", ann.id) == 1
    assert (await ann.http.get("/auth/me")).status_code == 200


_MEMORY = """
insert into memories (user_id, id, kind, session_id, call_type, role, text, created_at)
values ($1, $2, $3, $4, 'direct', 'user', 'said', now() - make_interval(days => $5))
"""
_DECISION = """
insert into audit_log (user_id, id, action, actor, at)
values ($1, $2, 'confirm', '{}', now() - make_interval(days => $3))
"""
_KEPT = """
select (select count(*) from chat_sessions where user_id = $1) as chats,
    (select count(*) from files where user_id = $1) as files,
    (select count(*) from memories where user_id = $1) as memories,
    (select count(*) from audit_log where user_id = $1) as decisions,
    (select count(*) from usage where user_id = $1) as usage
"""
