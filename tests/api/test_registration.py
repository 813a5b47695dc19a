"""Who may make an account, and what becomes of two who try at once."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.api import PASSWORD, Site


def _form(email: str, **more: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD, **more}


async def _register(site: Site, email: str) -> tuple[int, dict[str, object]]:
    answer = await (await site.visitor()).post("/auth/register", json=_form(email))
    return answer.status_code, answer.json()


async def test_the_first_account_is_an_admin_and_is_signed_in(site: Site) -> None:
    http = await site.visitor()

    answer = await http.post("/auth/register", json=_form("Ada@Example.org "))

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "email"}
    me = (await http.get("/auth/me")).json()
    assert me["email"] == "ada@example.org"
    assert (me["role"], me["user_prefix"]) == ("admin", f"user{me['id']}_")


async def test_later_accounts_are_users(site: Site) -> None:
    await site.registered("ada@example.org")
    second = await site.registered("bob@example.org")

    assert (await second.http.get("/auth/me")).json()["role"] == "user"


async def test_one_address_is_one_account_however_it_is_written(site: Site) -> None:
    await site.registered("ada@example.org")

    status, problem = await _register(site, "ADA@EXAMPLE.ORG")

    assert (status, problem["type"]) == (409, "/problems/email-taken")


@pytest.mark.parametrize("email", ["", "nobody", "a@", "@b.org", "a b@example.org", "a@b..org", "x" * 300 + "@b.org"])
async def test_what_is_no_address_is_refused(site: Site, email: str) -> None:
    status, problem = await _register(site, email)

    assert status == 422
    assert problem["errors"][0]["field"] == "email"  # pyright: ignore[reportIndexIssue]


@pytest.mark.parametrize("email", ["admin@localhost", "me@home.arpa", "anna@почта.рф", "анна@example.org"])
async def test_addresses_of_private_networks_and_other_scripts_are_taken(site: Site, email: str) -> None:
    status, answer = await _register(site, email)

    assert (status, answer.get("email")) == (201, email)


async def test_a_short_password_is_refused_by_name_of_the_field(site: Site) -> None:
    answer = await (await site.visitor()).post("/auth/register", json={"email": "a@example.org", "password": "short"})

    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["reason"], problem["errors"][0]["field"]) == ("password-unusable", "password")
    assert problem["errors"][0]["figures"] == {"min_length": 8, "max_length": 256}


async def test_the_language_is_the_browsers(site: Site) -> None:
    http = await site.visitor()
    await http.post("/auth/register", json=_form("a@example.org"), headers={"Accept-Language": "ru-RU,ru;q=0.9"})

    assert (await http.get("/auth/me")).json()["locale"] == "ru"


async def test_open_registration_makes_one_admin_of_many_at_once(site: Site) -> None:
    results = await asyncio.gather(*(_register(site, f"racer{number}@example.org") for number in range(4)))

    assert [status for status, _ in results] == [201] * 4
    roles = sorted(row["role"] for row in await site.stores.as_migrator("select role from users"))
    assert roles == ["admin", "user", "user", "user"]
