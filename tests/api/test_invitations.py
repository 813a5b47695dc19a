"""Invitations let one person in, once, whatever the policy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from artel.accounts.users import RegistrationClosed
from tests.support.api import PASSWORD, Person, Site


@pytest.fixture(autouse=True)
async def _closed(ann: Person) -> None:
    await ann.http.put("/admin/settings/", json={"registration": "closed"})


async def _invite(admin: Person, **body: Any) -> dict[str, Any]:
    answer = await admin.http.post("/admin/invitations/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _token(invitation: dict[str, Any]) -> str:
    site, _, token = invitation["link"].partition("/invite#")
    assert site == "http://artel.test"
    return token


async def _register(site: Site, email: str, token: str) -> tuple[int, str | None]:
    body = {"email": email, "password": PASSWORD, "invitation": token}
    answer = await (await site.visitor()).post("/auth/register", json=body)
    return answer.status_code, answer.json().get("type")


async def test_the_invited_comes_in_with_the_role_and_the_link_is_used_up(site: Site, ann: Person) -> None:
    token = _token(await _invite(ann, role="admin", email="New@Example.org"))
    visitor = await site.visitor()

    known = await visitor.post("/auth/invitation/", json={"invitation": token})
    assert (known.json()["email"], known.json()["role"]) == ("new@example.org", "admin")
    body = {"email": "new@example.org", "password": PASSWORD, "invitation": token}
    assert (await visitor.post("/auth/register", json=body)).status_code == 201

    assert (await visitor.get("/auth/me")).json()["role"] == "admin"
    assert (await visitor.post("/auth/invitation/", json={"invitation": token})).status_code == 403
    assert await _register(site, "other@example.org", token) == (403, "/problems/invitation-invalid")
    assert (await ann.http.get("/admin/invitations/")).json()["items"] == []
    log = (await ann.http.get("/admin/log/")).json()["items"]
    assert [row["action"] for row in log[:2]] == ["join", "invite"]
    assert "example.org" not in str(log)


async def test_it_is_for_its_address_and_an_address_that_is_taken_uses_nothing_up(site: Site, ann: Person) -> None:
    bound = _token(await _invite(ann, email="new@example.org"))
    free = _token(await _invite(ann))

    assert await _register(site, "other@example.org", bound) == (403, "/problems/invitation-invalid")
    assert await _register(site, ann.email, free) == (409, "/problems/email-taken")
    assert await _register(site, "other@example.org", free) == (201, None)


async def test_of_two_who_use_it_at_once_one_comes_in(site: Site, ann: Person) -> None:
    token = _token(await _invite(ann))

    results = await asyncio.gather(*(_register(site, f"racer{number}@example.org", token) for number in range(3)))

    assert sorted(status for status, _ in results) == [201, 403, 403]


async def test_a_withdrawn_one_and_a_late_one_open_nothing(site: Site, ann: Person) -> None:
    withdrawn, late = await _invite(ann), await _invite(ann)
    assert (await ann.http.delete(f"/admin/invitations/{withdrawn['id']}/")).status_code == 204
    await site.stores.as_migrator("update invitations set expires_at = now() - interval '1 second'")

    for invitation in (withdrawn, late):
        assert (await _register(site, "new@example.org", _token(invitation)))[0] == 403
    assert (await ann.http.delete(f"/admin/invitations/{withdrawn['id']}/")).status_code == 404
    assert (await ann.http.get("/admin/invitations/")).json()["items"] == []


async def test_the_link_is_shown_once_and_only_its_hash_is_kept(site: Site, ann: Person) -> None:
    token = _token(await _invite(ann))

    listed = (await ann.http.get("/admin/invitations/")).text
    stored = await site.stores.as_migrator("select invitations::text as row from invitations")

    assert token not in listed
    assert token not in stored[0]["row"]
    for body in ({"days": 0}, {"days": 91}, {"role": "owner"}, {"email": "nobody"}):
        assert (await ann.http.post("/admin/invitations/", json=body)).status_code == 422


async def test_whom_a_provider_vouches_for_is_let_in_by_an_invitation_for_the_address(site: Site, ann: Person) -> None:
    users = site.house.users
    await _invite(ann, email="new@example.org", role="admin")
    await _invite(ann)

    async def nothing_else(_session: object, _user_id: int) -> None:
        return None

    assert not await users.admits("new@example.org", proved=False)
    assert not await users.admits("other@example.org", proved=True)
    assert await users.admits("new@example.org", proved=True)
    with pytest.raises(RegistrationClosed):
        await users.register_through("new@example.org", "en", proved=False, also=nothing_else)
    account = await users.register_through("new@example.org", "en", proved=True, also=nothing_else)

    assert account.role == "admin"
    assert not await users.admits("new@example.org", proved=True)
