"""The administrator's routes: who may, what they see, what they change, and what is written down of it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import text, update

from artel.accounts.administrators import one_at_a_time
from artel.accounts.oidc.identities import Identities
from artel.store.tables import User
from tests.support.api import PASSWORD, Person, Site

_WAITING = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")


async def _accounts(admin: Person, **query: Any) -> dict[str, Any]:
    answer = await admin.http.get("/admin/users/", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _change(admin: Person, account_id: int, **change: Any) -> tuple[int, dict[str, Any]]:
    answer = await admin.http.patch(f"/admin/users/{account_id}/", json=change)
    return answer.status_code, answer.json()


async def _log(admin: Person) -> list[tuple[int | None, str, int | None, dict[str, Any]]]:
    answer = await admin.http.get("/admin/log/")
    return [(row["actor"], row["action"], row["account_id"], row["details"]) for row in answer.json()["items"]]


async def test_only_an_administrator_comes_in_and_only_while_being_one(site: Site, ann: Person, bob: Person) -> None:
    stranger = await site.visitor()

    assert (await stranger.get("/admin/users/")).status_code == 401
    refused = await bob.http.get("/admin/users/")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/admins-only")
    assert (await _change(ann, bob.id, role="admin"))[0] == 200
    assert (await bob.http.get("/admin/users/")).status_code == 200
    assert (await _change(ann, bob.id, role="user"))[0] == 200
    assert (await bob.http.get("/admin/users/")).status_code == 403


async def test_a_demotion_that_no_process_heard_of_holds_at_once(site: Site, ann: Person) -> None:
    assert (await ann.http.get("/admin/users/")).status_code == 200

    await site.stores.as_migrator("update users set role = 'user'")

    assert (await ann.http.get("/admin/users/")).status_code == 403


async def test_the_list_shows_sums_and_no_content(site: Site, ann: Person, bob: Person) -> None:
    await bob.agent("Secretive")
    chat = await bob.chat("My secret chat")
    await bob.say(chat, "My secret words", target_agent="secretive")
    form = {"file": ("secret.txt", b"0123456789")}
    await bob.http.post("/my/files/", files=form)

    found = await _accounts(ann)

    [row] = [row for row in found["items"] if row["id"] == bob.id]
    sums = row["sums"]
    assert (row["email"], row["role"], row["is_active"], row["locale"]) == (bob.email, "user", True, "en")
    assert (sums["agents"], sums["runs"], sums["storage_bytes"]) == (1, 1, 10)
    assert sums["tokens"] > 0
    assert sums["last_seen"] is not None
    assert "ecret" not in str(found)


async def test_the_list_comes_in_pages_and_is_searched(site: Site, ann: Person, bob: Person) -> None:
    first = await ann.http.get("/admin/users/", params={"limit": 1})
    second = await _accounts(ann, limit=1, cursor=first.json()["next_cursor"])

    assert "rel=" in first.headers["link"]
    assert [row["id"] for row in (*first.json()["items"], *second["items"])] == [ann.id, bob.id]
    assert second["next_cursor"] is None
    assert [row["id"] for row in (await _accounts(ann, q="BOB@"))["items"]] == [bob.id]
    assert [row["id"] for row in (await _accounts(ann, q=str(bob.id)))["items"]] == [bob.id]
    assert (await _accounts(ann, q="%"))["items"] == []
    assert (await ann.http.get("/admin/users/", params={"cursor": "x"})).status_code == 422


async def test_the_last_administrator_stays_one(ann: Person, bob: Person) -> None:
    for change in ({"role": "user"}, {"is_active": False}):
        status, problem = await _change(ann, ann.id, **change)
        assert (status, problem["type"]) == (409, "/problems/last-administrator")
    assert (await _change(ann, 10**9, role="user"))[0] == 404


async def test_two_administrators_cannot_demote_each_other(ann: Person, bob: Person) -> None:
    await _change(ann, bob.id, role="admin")

    results = await asyncio.gather(_change(ann, bob.id, role="user"), _change(bob, ann.id, role="user"))

    # The second is no administrator any more, or would be the last.
    assert sorted(status for status, _ in results) in ([200, 403], [200, 409])


async def test_a_provider_that_takes_the_role_away_waits_for_one_who_does_so_here(site: Site, ann: Person) -> None:
    bob = await site.person(role="admin")
    provider = Identities(site.stores.shards)
    async with site.stores.shards.system_tx() as session:
        await one_at_a_time(session)
        taking = asyncio.create_task(provider.set_role(ann.id, "user"))
        while not await session.scalar(_WAITING):
            assert not taking.done(), "of the last two, both could go at the same moment"
            await asyncio.sleep(0.01)
        await session.execute(update(User).where(User.id == bob.id).values(role="user"))

    assert not await taking
    assert (await ann.http.get("/admin/users/")).status_code == 200


async def test_who_is_disabled_is_out_with_their_work(site: Site, ann: Person, bob: Person) -> None:
    await bob.agent("Slow", concurrency_limit=1)
    chat = await bob.chat()
    body = {"content": "@slow [[linger]]"}
    running = (await bob.http.post(f"/my/chat/{chat}/message/", json=body)).json()["run_id"]

    status, row = await _change(ann, bob.id, is_active=False)

    assert (status, row["is_active"]) == (200, False)
    assert (await bob.http.get("/auth/me")).status_code == 401
    for _ in range(500):
        if await _status(site, running) == "cancelled":
            break
        await asyncio.sleep(0.02)
    assert await _status(site, running) == "cancelled"
    await _change(ann, bob.id, is_active=True)
    assert (await bob.http.get("/auth/me")).status_code == 200
    assert (bob.id, {"is_active": False}) in [(account, details) for _, _, account, details in await _log(ann)]


async def _status(site: Site, run_id: str) -> str:
    rows = await site.stores.as_migrator("select status from runs where id = $1", run_id)
    return rows[0]["status"]


async def test_signing_out_ends_every_browser_and_leaves_keys(site: Site, ann: Person, bob: Person) -> None:
    key = (await bob.http.post("/my/api-keys/", json={"name": "k"})).json()["key"]

    answer = await ann.http.post(f"/admin/users/{bob.id}/sign-out/")

    assert answer.status_code == 204
    assert (await bob.http.get("/auth/me")).status_code == 401
    program = await site.visitor()
    assert (await program.get("/auth/me", headers={"Authorization": f"Bearer {key}"})).status_code == 200
    assert (await _log(ann))[0] == (ann.id, "sign_out", bob.id, {})
    assert (await ann.http.post(f"/admin/users/{10**9}/sign-out/")).status_code == 404


async def test_a_password_link_sets_a_password_once(site: Site, ann: Person) -> None:
    carl = await site.registered("carl@example.org")
    earlier = (await ann.http.post(f"/admin/users/{carl.id}/password-link/")).json()["link"]
    link = (await ann.http.post(f"/admin/users/{carl.id}/password-link/")).json()["link"]
    assert link.startswith("http://artel.test/reset#")
    token = link.partition("#")[2]
    visitor = await site.visitor()

    for bad in (earlier.partition("#")[2], "nonesuch"):
        refused = await visitor.post("/auth/reset-password", json={"token": bad, "password": "another battery"})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/password-link-invalid")
    short = await visitor.post("/auth/reset-password", json={"token": token, "password": "x"})
    assert short.status_code == 422
    done = await visitor.post("/auth/reset-password", json={"token": token, "password": "another battery"})
    again = await visitor.post("/auth/reset-password", json={"token": token, "password": "a third battery"})

    assert (done.status_code, again.status_code) == (204, 403)
    assert (await carl.http.get("/auth/me")).status_code == 401
    old = await visitor.post("/auth/login", json={"email": carl.email, "password": PASSWORD})
    new = await visitor.post("/auth/login", json={"email": carl.email, "password": "another battery"})
    assert (old.status_code, new.status_code) == (401, 200)
    assert (await ann.http.post(f"/admin/users/{10**9}/password-link/")).status_code == 404


async def test_settings_go_before_the_environment(site: Site, ann: Person) -> None:
    before = (await ann.http.get("/admin/settings/")).json()
    assert (before["registration"], before["effective_registration"]) == (None, "open")
    assert before["environment_limits"]["storage_mb"] == 1000
    assert before["environment_limits"]["runs_day"] == "unlimited"

    body = {"registration": "closed", "limits": {"runs_day": 5, "agents": "unlimited", "streams": None}}
    after = (await ann.http.put("/admin/settings/", json=body)).json()

    assert (after["registration"], after["effective_registration"]) == ("closed", "closed")
    assert (after["limits"]["runs_day"], after["limits"]["agents"], after["limits"]["streams"]) == (
        5,
        "unlimited",
        None,
    )
    visitor = await site.visitor()
    assert (await visitor.get("/auth/options/")).json()["can_register"] is False
    refused = await visitor.post("/auth/register", json={"email": "new@example.org", "password": PASSWORD})
    assert refused.status_code == 403
    await ann.http.put("/admin/settings/", json={})
    assert (await visitor.get("/auth/options/")).json()["can_register"] is True
    assert [action for _, action, _, _ in await _log(ann)][:2] == ["settings", "settings"]


async def test_health_knows_stores_shards_and_processes(site: Site, ann: Person) -> None:
    health = (await ann.http.get("/admin/health/")).json()

    assert health["status"] in ("ok", "degraded")
    assert {store["name"] for store in health["stores"] if store["ok"]} >= {"redis"}
    [shard] = health["shards"]
    assert (shard["ok"], shard["accounts"]) == (True, 1)
    assert shard["postgres"].startswith("18")
    assert shard["revision"]
    assert any(worker["is_alive"] for worker in health["workers"])


async def test_erasing_shuts_out_and_leaves_nothing(site: Site, ann: Person, bob: Person) -> None:
    himself = await ann.http.delete(f"/admin/users/{ann.id}/")
    answer = await ann.http.delete(f"/admin/users/{bob.id}/")

    assert (himself.status_code, himself.json()["type"]) == (409, "/problems/last-administrator")
    assert answer.status_code == 202
    assert (await bob.http.get("/auth/me")).status_code == 401
    assert (await _log(ann))[0] == (ann.id, "delete", bob.id, {})
    assert bob.id not in [person["id"] for person in (await ann.http.get("/admin/users/")).json()["items"]]
    erasures = site.house.erasing.erasures
    await erasures.carry_on(bob.id)
    assert await erasures.left_over(bob.id) == []


async def test_the_record_comes_in_pages(ann: Person, bob: Person) -> None:
    for role in ("admin", "user"):
        await _change(ann, bob.id, role=role)
    first = await ann.http.get("/admin/log/", params={"limit": 1})
    rest = await ann.http.get("/admin/log/", params={"cursor": first.json()["next_cursor"]})

    assert first.json()["items"][0]["details"] == {"role": "user"}
    assert rest.json()["items"][0]["details"] == {"role": "admin"}
    assert "rel=" in first.headers["link"]
