"""Signing in and out, and who is refused from when on."""

from __future__ import annotations

import pytest

from artel.accounts.attempts import AttemptLimits
from artel.gateway.cookies import SESSION_COOKIE
from tests.support.api import PASSWORD, Person, Site


async def _login(site: Site, email: str, password: str) -> tuple[int, str, str | None]:
    answer = await (await site.visitor()).post("/auth/login", json={"email": email, "password": password})
    return answer.status_code, answer.text, answer.headers.get("set-cookie")


def _failures(site: Site) -> float:
    return site.house.metrics.registry.get_sample_value("artel_login_failures_total") or 0


async def test_the_right_password_signs_in(site: Site) -> None:
    await site.registered("ada@example.org")
    http = await site.visitor()

    answer = await http.post("/auth/login", json={"email": " Ada@example.org", "password": PASSWORD})

    assert answer.status_code == 200
    assert (await http.get("/auth/me")).json() == answer.json()


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    await site.registered("ada@example.org")

    _, _, cookie = await _login(site, "ada@example.org", PASSWORD)

    assert cookie is not None
    name, *attributes = cookie.split("; ")
    assert name.startswith(f"{SESSION_COOKIE}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert "Secure" not in attributes


async def test_the_cookie_is_secure_behind_a_proxy_that_speaks_https(site: Site) -> None:
    await site.registered("ada@example.org")
    http = await site.visitor()

    answer = await http.post(
        "/auth/login",
        json={"email": "ada@example.org", "password": PASSWORD},
        headers={"X-Forwarded-Proto": "https"},
    )

    assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_a_wrong_password_and_an_unknown_address_are_told_alike(site: Site) -> None:
    await site.registered("ada@example.org")
    before = _failures(site)

    wrong = await _login(site, "ada@example.org", "not the password")
    unknown = await _login(site, "eve@example.org", "not the password")

    assert wrong == unknown
    assert wrong[0] == 401
    assert wrong[2] is None
    assert _failures(site) == before + 2


async def test_logout_ends_the_sign_in_at_once_wherever_the_cookie_is(site: Site, ann: Person) -> None:
    thief = await site.visitor()
    thief.cookies = ann.http.cookies
    assert (await thief.get("/auth/me")).status_code == 200
    token = ann.http.cookies[SESSION_COOKIE]

    answer = await ann.http.post("/auth/logout")

    assert answer.status_code == 204
    assert SESSION_COOKIE not in ann.http.cookies
    refused = await (await site.visitor()).get("/auth/me", headers={"Cookie": f"{SESSION_COOKIE}={token}"})
    assert refused.status_code == 401
    assert (await (await site.visitor()).post("/auth/logout")).status_code == 204


async def test_a_sign_in_is_listed_and_can_be_revoked_from_elsewhere(site: Site, ann: Person) -> None:
    phone = await site.visitor()
    await site.sign_in_again(ann, phone)
    assert (await phone.get("/auth/me")).status_code == 200

    items = (await ann.http.get("/auth/sessions/")).json()["items"]
    other = next(item for item in items if not item["current"])
    answer = await ann.http.delete(f"/auth/sessions/{other['id']}/")

    assert [item["current"] for item in items].count(True) == 1
    assert answer.status_code == 204
    assert (await phone.get("/auth/me")).status_code == 401
    assert (await ann.http.get("/auth/me")).status_code == 200


async def test_nobody_ends_somebody_elses_sign_in(site: Site, ann: Person, bob: Person) -> None:
    sign_in = (await ann.http.get("/auth/sessions/")).json()["items"][0]["id"]

    answer = await bob.http.delete(f"/auth/sessions/{sign_in}/")

    assert answer.status_code == 404
    assert (await ann.http.get("/auth/me")).status_code == 200
    assert site.denied == 1


async def test_an_expired_cookie_is_refused(site: Site, ann: Person) -> None:
    await site.stores.as_migrator("update sign_ins set expires_at = now() - interval '1 second'")

    answer = await ann.http.get("/auth/me")

    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/unauthenticated"


async def test_use_prolongs_a_sign_in(site: Site, ann: Person) -> None:
    await site.stores.as_migrator(
        "update sign_ins set last_seen_at = now() - interval '1 day', expires_at = now() + interval '1 hour'"
    )

    await ann.http.get("/auth/me")

    row = (await site.stores.as_migrator("select expires_at - now() as left from sign_ins"))[0]
    assert row["left"].days >= 29


async def test_a_new_password_ends_the_other_sign_ins(site: Site) -> None:
    ada = await site.registered("ada@example.org")
    phone = await site.visitor()
    await site.sign_in_again(ada, phone)
    assert (await phone.get("/auth/me")).status_code == 200
    change = {"current_password": PASSWORD, "new_password": "a better password"}

    refused = await ada.http.post("/auth/password", json={**change, "current_password": "wrong"})
    changed = await ada.http.post("/auth/password", json=change)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "current_password")
    assert changed.status_code == 204
    assert (await phone.get("/auth/me")).status_code == 401
    assert (await ada.http.get("/auth/me")).status_code == 200
    assert (await _login(site, "ada@example.org", PASSWORD))[0] == 401
    assert (await _login(site, "ada@example.org", "a better password"))[0] == 200


async def test_a_disabled_user_is_refused_at_once(site: Site) -> None:
    ada = await site.registered("ada@example.org")
    assert (await ada.http.get("/auth/me")).status_code == 200

    await site.house.users.set_active("ada@example.org", active=False)

    assert (await ada.http.get("/auth/me")).status_code == 401
    assert (await _login(site, "ada@example.org", PASSWORD))[0] == 401
    await site.house.users.set_active("ada@example.org", active=True)
    assert (await ada.http.get("/auth/me")).status_code == 200


async def test_guessing_is_slowed_down(site: Site) -> None:
    await site.registered("ada@example.org")
    limit = AttemptLimits().by_email_and_address

    answers = [await _login(site, "ada@example.org", f"guess {number}") for number in range(limit)]
    http = await site.visitor()
    stopped = await http.post("/auth/login", json={"email": "ada@example.org", "password": PASSWORD})

    assert {status for status, *_ in answers} == {401, 429}  # the registration counted too
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= 300
    assert stopped.json()["retry_after"] == int(stopped.headers["retry-after"])
    assert (await _login(site, "eve@example.org", PASSWORD))[0] == 401


@pytest.mark.parametrize(
    "cookie", ["", "x", "1.short", "1." + "a" * 43, "99999.zzz", "0." + "a" * 43, "9" * 400, "1." + "é" * 43]
)
async def test_a_made_up_cookie_is_nobody(site: Site, cookie: str) -> None:
    http = await site.visitor()

    answer = await http.get("/auth/me", headers={b"Cookie": f"{SESSION_COOKIE}={cookie}".encode()})

    assert answer.status_code == 401


async def test_the_locale_can_be_changed(ann: Person) -> None:
    answer = await ann.http.patch("/auth/me", json={"locale": "ru"})

    assert answer.json()["locale"] == "ru"
    assert (await ann.http.get("/auth/me")).json()["locale"] == "ru"
    assert (await ann.http.patch("/auth/me", json={"locale": "tlh"})).status_code == 422
