"""Signing in through a provider: which account somebody gets, who may, and how it is linked and unlinked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.types import ASGIApp

from artel.accounts.sign_ins import FRESH
from artel.app.gateway import gateway_for
from artel.app.oidc import open_oidc
from artel.gateway.cookies import SESSION_COOKIE
from artel.settings import BadSetting, load_settings
from tests.support.api import PASSWORD, SITE, Person, Site
from tests.support.oidc_site import CLIENT_ID, OidcSite, way_back


@dataclass
class Door:
    """The application with a provider beside the password."""

    app: ASGIApp
    site: Site
    provider: OidcSite

    async def browser(self) -> httpx.AsyncClient:
        """Somebody nobody knows."""
        visitor = await self.site.visitor()
        transport = httpx.ASGITransport(self.app)
        await visitor.aclose()
        return httpx.AsyncClient(transport=transport, base_url=SITE)

    async def of(self, person: Person) -> httpx.AsyncClient:
        """A browser of somebody who is signed in."""
        browser = await self.browser()
        await self.site.sign_in_again(person, browser)
        return browser

    async def start(self, browser: httpx.AsyncClient, way_on: str = "/") -> dict[str, str]:
        """Presses the button, and agrees at the provider: what the browser is sent back with."""
        answer = await browser.get("/auth/oidc/start/", params={"next": way_on})
        assert answer.status_code == 303, answer.text
        return self.provider.agree(answer.headers["location"])

    async def come(self, browser: httpx.AsyncClient, way_on: str = "/") -> str:
        """There and back: where one arrives."""
        return await self.back(browser, await self.start(browser, way_on))

    async def back(self, browser: httpx.AsyncClient, returned: dict[str, str]) -> str:
        answer = await browser.get(way_back(SITE, returned))
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def link(self, browser: httpx.AsyncClient, password: str | None) -> str:
        """Links what the provider says to who is signed in: where one arrives."""
        answer = await browser.post("/auth/oidc/link/", json={"current_password": password})
        assert answer.status_code == 200, answer.text
        return await self.back(browser, self.provider.agree(answer.json()["url"]))


OpenDoor = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture
def open_door(site: Site, oidc_site: OidcSite) -> OpenDoor:
    """The application as the environment has it, with the scripted provider."""

    @asynccontextmanager
    async def make(**environment: str) -> AsyncGenerator[Door]:
        house = site.house
        # What the tests before have tried does not count.
        await site.stores.redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
        settings = load_settings(
            {"ARTEL_OIDC_ISSUER": oidc_site.issuer, "ARTEL_OIDC_CLIENT_ID": CLIENT_ID, **environment}
        )
        async with AsyncExitStack() as stack:
            oidc = await stack.enter_async_context(
                open_oidc(
                    settings, house.shards, house.box, house.users, house.sign_ins, house.api_keys, house.revocations
                )
            )
            yield Door(gateway_for(replace(house, oidc=oidc)), site, oidc_site)

    return make


@pytest.fixture
async def door(open_door: OpenDoor) -> AsyncGenerator[Door]:
    """With nothing but issuer and client; anybody may register."""
    async with open_door() as door:
        yield door


async def me(browser: httpx.AsyncClient) -> Any:
    answer = await browser.get("/auth/me")
    return answer.json() if answer.status_code == 200 else None


def problem_of(location: str) -> str:
    """Why the sign-in page is shown."""
    parts = urlsplit(location)
    assert parts.path == "/signin", location
    return dict(parse_qsl(parts.query))["problem"]


async def test_who_is_new_gets_an_account_and_has_it_the_next_time(door: Door) -> None:
    browser, phone = await door.browser(), await door.browser()

    assert await door.come(browser, "/settings/profile?a=b#c") == "/settings/profile?a=b#c"
    first = await me(browser)
    door.provider.person |= {"email": "married@example.org"}
    assert await door.come(phone) == "/"

    assert (first["email"], first["has_password"], first["role"]) == ("ann@example.org", False, "admin")
    assert await me(phone) == first
    assert [name for name in phone.cookies if name.startswith("artel_oidc_")] == []


async def test_the_cookie_goes_nowhere_else(door: Door) -> None:
    browser = await door.browser()

    answer = await browser.get("/auth/oidc/start/", headers={"X-Forwarded-Proto": "https"})

    _, *attributes = answer.headers["set-cookie"].split("; ")
    assert set(attributes) == {"Path=/auth/oidc/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=600"}
    assert parse_qsl(urlsplit(answer.headers["location"]).query)[2] == (
        "redirect_uri",
        "https://artel.test/auth/oidc/callback/",
    )


@pytest.mark.parametrize(
    "way_on",
    [
        "https://evil.example.org/",
        "//evil.example.org/",
        "/\\evil.example.org/",
        "/\t/evil.example.org/",
        "/settings\\..",
        "javascript:alert(1)",
        "settings",
        "/auth/logout",
        "/my/export/",
        "/" + "a" * 600,
        "/[",
        "",
    ],
)
async def test_the_way_on_never_leads_away(door: Door, way_on: str) -> None:
    location = await door.come(await door.browser(), way_on)

    assert location in ("/", "/%5B", "/[")


async def test_two_tabs_do_not_disturb_each_other(door: Door) -> None:
    browser = await door.browser()
    one, two = await door.start(browser, "/usage"), await door.start(browser, "/inbox")

    assert await door.back(browser, one) == "/usage"
    assert await door.back(browser, two) == "/inbox"
    assert problem_of(await door.back(browser, two)) == "expired"


async def test_what_another_browser_began_is_worth_nothing_here(door: Door) -> None:
    attacker, victim = await door.browser(), await door.browser()
    returned = await door.start(attacker)

    assert problem_of(await door.back(victim, returned)) == "expired"
    assert await me(victim) is None
    assert "token" not in door.provider.asked


@pytest.mark.parametrize(
    ("returned", "problem"),
    [({"error": "access_denied"}, "cancelled"), ({"error": "invalid_scope"}, "refused"), ({}, "refused")],
)
async def test_no_comes_back_to_the_sign_in_page(door: Door, returned: dict[str, str], problem: str) -> None:
    browser = await door.browser()
    state = (await door.start(browser, "/usage"))["state"]
    failures = door.site.house.metrics.registry.get_sample_value("artel_login_failures_total") or 0

    location = await door.back(browser, {"state": state, **returned})

    assert location == f"/signin?problem={problem}&next=%2Fusage"
    assert await me(browser) is None
    assert door.site.house.metrics.registry.get_sample_value("artel_login_failures_total") == failures + 1


async def test_a_provider_that_is_away_is_said(door: Door, ann: Person) -> None:
    door.provider.status = {"openid-configuration": 503}

    start = await (await door.browser()).get("/auth/oidc/start/")
    link = await (await door.of(ann)).get("/auth/oidc/identity/")

    assert problem_of(start.headers["location"]) == "unreachable"
    assert link.status_code == 200, "settings are shown all the same"


async def test_without_a_provider_there_is_no_such_way(site: Site, ann: Person) -> None:
    http = ann.http
    options = (await http.get("/auth/options/")).json()

    assert (options["oidc"], options["password"]) == (None, True)
    assert (await http.get("/auth/oidc/start/")).headers["location"] == "/signin?problem=off"
    assert (await http.get("/auth/oidc/callback/")).headers["location"] == "/signin?problem=off"
    for answer in (
        await http.get("/auth/oidc/identity/"),
        await http.delete("/auth/oidc/identity/"),
        await http.post("/auth/oidc/link/", json={}),
    ):
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("no-provider")


async def test_too_many_tries_are_too_many(door: Door) -> None:
    browser = await door.browser()
    problems = set[str]()
    for _ in range(101):
        location = (await browser.get("/auth/oidc/start/")).headers["location"]
        if location.startswith("/signin"):
            problems.add(problem_of(location))

    assert problems == {"attempts"}
    # For the tests that come after.
    await door.site.stores.redis.flushdb()  # pyright: ignore[reportUnknownMemberType]


async def test_an_address_that_has_an_account_is_not_a_way_into_it(door: Door) -> None:
    ann = await door.site.registered("ann@example.org")
    browser = await door.browser()

    assert problem_of(await door.come(browser)) == "email_taken"
    assert await me(browser) is None
    assert (await ann.http.get("/auth/me")).status_code == 200


async def test_linked_with_the_password_it_is_one(door: Door) -> None:
    ann = await door.site.registered("ann@example.org")
    browser, phone = await door.of(ann), await door.browser()

    wrong = await browser.post("/auth/oidc/link/", json={"current_password": "not the password"})
    location = await door.link(browser, PASSWORD)
    shown = (await browser.get("/auth/oidc/identity/")).json()

    assert wrong.status_code == 422
    assert location == "/settings/profile?identity=linked"
    assert await door.link(browser, PASSWORD) == "/settings/profile?identity=linked", "once more is no harm"
    assert shown["identity"]["email"] == "ann@example.org"
    assert shown["can_unlink"] is True
    await door.come(phone)
    assert (await me(phone))["id"] == ann.id


async def test_an_identity_is_one_users(door: Door) -> None:
    ann, bob = await door.site.registered("a@example.org"), await door.site.registered("b@example.org")
    annes, bobs = await door.of(ann), await door.of(bob)
    await door.link(annes, PASSWORD)

    taken = await door.link(bobs, PASSWORD)
    door.provider.person |= {"sub": "another"}
    second = await door.link(annes, PASSWORD)

    assert taken == "/settings/profile?identity=linked_elsewhere"
    assert second == "/settings/profile?identity=linked_already"


async def test_a_link_is_made_only_for_who_asked_and_is_still_here(door: Door) -> None:
    ann, bob = await door.site.registered("a@example.org"), await door.site.registered("b@example.org")
    browser = await door.of(ann)
    begun = await browser.post("/auth/oidc/link/", json={"current_password": PASSWORD})
    returned = door.provider.agree(begun.json()["url"])

    await door.site.sign_in_again(bob, browser)
    assert await door.back(browser, returned) == "/settings/profile?identity=other_user"

    for user in (ann, bob):
        await door.site.sign_in_again(user, browser)
        assert (await browser.get("/auth/oidc/identity/")).json()["identity"] is None


async def test_a_link_is_not_begun_by_another_site_nor_by_a_program(door: Door) -> None:
    ann = await door.site.registered("a@example.org")
    browser, program = await door.of(ann), await door.browser()
    key = (await browser.post("/my/api-keys/", json={"name": "x"})).json()["key"]

    elsewhere = await browser.post(
        "/auth/oidc/link/", json={"current_password": PASSWORD}, headers={"Origin": "https://evil.example.org"}
    )
    by_key = await program.post(
        "/auth/oidc/link/", json={"current_password": PASSWORD}, headers={"Authorization": f"Bearer {key}"}
    )

    assert (elsewhere.status_code, by_key.status_code) == (403, 403)
    assert by_key.json()["type"].endswith("not-a-browser")


async def test_the_provider_that_is_away_cannot_be_linked(door: Door) -> None:
    browser = await door.of(await door.site.registered("a@example.org"))
    door.provider.status = {"openid-configuration": 503}

    answer = await browser.post("/auth/oidc/link/", json={"current_password": PASSWORD})

    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_the_last_way_in_stays(door: Door) -> None:
    browser = await door.browser()
    await door.come(browser)

    kept = await browser.delete("/auth/oidc/identity/")
    shown = (await browser.get("/auth/oidc/identity/")).json()
    first = await browser.post("/auth/password", json={"new_password": PASSWORD})
    gone = await browser.delete("/auth/oidc/identity/")
    again = await browser.delete("/auth/oidc/identity/")

    assert (kept.status_code, kept.json()["type"].rpartition("/")[2]) == (409, "last-way-in")
    assert shown["can_unlink"] is False
    assert (first.status_code, gone.status_code, again.status_code) == (204, 204, 204)
    answer = await (await door.browser()).post("/auth/login", json={"email": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    assert problem_of(await door.come(await door.browser())) == "email_taken"


async def test_a_first_password_is_set_only_by_who_came_just_now(door: Door) -> None:
    browser, program = await door.browser(), await door.browser()
    await door.come(browser)
    key = (await browser.post("/my/api-keys/", json={"name": "x"})).json()["key"]
    await door.site.stores.as_migrator("update sign_ins set created_at = created_at - $1::interval", FRESH)

    late = await browser.post("/auth/password", json={"new_password": PASSWORD})
    link = await browser.post("/auth/oidc/link/", json={})
    by_key = await program.post(
        "/auth/password", json={"new_password": PASSWORD}, headers={"Authorization": f"Bearer {key}"}
    )
    await door.come(browser)
    short = await browser.post("/auth/password", json={"new_password": "short"})
    early = await browser.post("/auth/password", json={"new_password": PASSWORD})
    without = await browser.post("/auth/password", json={"new_password": PASSWORD})

    for answer in (late, link, by_key):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "sign-in-anew")
    assert short.status_code == 422
    assert early.status_code == 204
    assert without.status_code == 422, "now there is one to ask for"
    assert (await me(browser))["has_password"] is True


async def test_nobody_opens_an_account_without_a_password_with_one(door: Door) -> None:
    await door.come(await door.browser())

    for password in ("", "None", "!"):
        answer = await (await door.browser()).post(
            "/auth/login", json={"email": "ann@example.org", "password": password}
        )
        assert answer.status_code == 401


async def test_a_disabled_account_stays_shut(door: Door) -> None:
    browser = await door.browser()
    await door.come(browser)
    await door.site.house.users.set_active("ann@example.org", active=False)

    assert problem_of(await door.come(browser)) == "disabled"
    assert await me(browser) is None


@pytest.mark.parametrize("email", [None, "", "no address", 7])
async def test_without_an_address_there_is_no_account(door: Door, email: object) -> None:
    door.provider.person |= {"email": email}
    door.provider.metadata = {"userinfo_endpoint": None}

    assert problem_of(await door.come(await door.browser())) == "no_email"


async def test_where_registration_is_closed_nobody_new_comes_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await door.site.person("ann@example.org")
    monkeypatch.setattr(door.site.house.users, "_registration", "closed")

    assert problem_of(await door.come(await door.browser())) == "email_taken"
    door.provider.person |= {"sub": "new", "email": "new@example.org"}
    assert problem_of(await door.come(await door.browser())) == "closed"


async def test_only_verified_addresses_of_the_domains(open_door: OpenDoor, site: Site) -> None:
    async with open_door(ARTEL_OIDC_ALLOWED_DOMAINS="Example.com, @example.org") as door:
        browser = await door.browser()
        assert await door.come(browser) == "/"
        for person in (
            {"email": "ann@evil.org"},
            {"email": "ann@sub.example.org"},
            {"email": "ann@example.org", "email_verified": False},
            {"email": "ann@example.org", "email_verified": "yes"},
        ):
            door.provider.person |= person
            assert problem_of(await door.come(browser)) == "not_allowed"
        door.provider.person |= {"email_verified": "true"}
        assert await door.come(browser) == "/"


async def test_who_leaves_the_group_comes_in_no_longer(open_door: OpenDoor, site: Site) -> None:
    async with open_door(ARTEL_OIDC_REQUIRED_CLAIM="groups=artel") as door:
        browser = await door.browser()
        door.provider.told = {"groups": ["artel"]}
        assert await door.come(browser) == "/"
        door.provider.told = {"groups": ["others"]}
        assert problem_of(await door.come(browser)) == "not_allowed"
        ann = await site.registered("a@example.org")
        assert await door.link(await door.of(ann), PASSWORD) == "/settings/profile?identity=not_allowed"


async def test_administrators_by_claim_come_and_go_but_for_the_last(open_door: OpenDoor, site: Site) -> None:
    async with open_door(ARTEL_OIDC_ADMIN_CLAIM="groups=admins") as door:
        browser = await door.browser()
        door.provider.person |= {"groups": []}
        await door.come(browser)
        assert (await me(browser))["role"] == "admin", "the first account is, and nobody else is"

        await site.person("olga@example.org", role="admin")
        roles: list[str] = []
        for groups in (["admins"], ["users"], ["users"], ["admins", "users"]):
            door.provider.person |= {"groups": groups}
            await door.come(browser)
            roles.append((await me(browser))["role"])
        assert roles == ["admin", "user", "user", "admin"]


async def test_a_verified_address_leads_into_its_account_and_others_out_of_it(open_door: OpenDoor, site: Site) -> None:
    async with open_door(ARTEL_OIDC_LINK_BY_EMAIL="true") as door:
        # Somebody who registered the address of another, and waits for its owner.
        attacker = await site.registered("ann@example.org")
        key = (await attacker.http.post("/my/api-keys/", json={"name": "x"})).json()["key"]
        browser, program = await door.browser(), await door.browser()

        door.provider.person |= {"email_verified": False}
        assert problem_of(await door.come(browser)) == "email_taken"
        door.provider.person |= {"email_verified": True}
        assert await door.come(browser) == "/"

        assert (await me(browser))["id"] == attacker.id
        assert await me(attacker.http) is None
        assert (await program.get("/auth/me", headers={"Authorization": f"Bearer {key}"})).status_code == 401
        login = {"email": "ann@example.org", "password": PASSWORD}
        assert (await (await door.browser()).post("/auth/login", json=login)).status_code == 401

        door.provider.person |= {"sub": "somebody else"}
        assert problem_of(await door.come(await door.browser())) == "email_taken"


async def test_a_disabled_account_is_not_linked_by_address(open_door: OpenDoor, site: Site) -> None:
    async with open_door(ARTEL_OIDC_LINK_BY_EMAIL="true") as door:
        await site.registered("ann@example.org")
        await site.house.users.set_active("ann@example.org", active=False)

        assert problem_of(await door.come(await door.browser())) == "disabled"


async def test_only_the_provider(open_door: OpenDoor, site: Site) -> None:
    ann = await site.registered("ann@example.org")
    async with open_door(ARTEL_OIDC_ONLY="true", ARTEL_OIDC_NAME="Example ID", ARTEL_OIDC_LINK_BY_EMAIL="yes") as door:
        browser, signed_in = await door.browser(), await door.of(ann)
        options = (await browser.get("/auth/options/")).json()
        assert (options["oidc"], options["password"], options["can_register"]) == ({"name": "Example ID"}, False, False)
        login = {"email": "ann@example.org", "password": PASSWORD}
        for answer in (
            await browser.post("/auth/login", json=login),
            await browser.post("/auth/register", json={**login, "email": "new@example.org"}),
            await signed_in.post("/auth/password", json={"current_password": PASSWORD, "new_password": PASSWORD}),
        ):
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "passwords-off")
        assert SESSION_COOKIE not in browser.cookies
        assert await door.come(browser) == "/"
        assert (await browser.delete("/auth/oidc/identity/")).status_code == 409


async def test_the_name_on_the_button_is_the_providers_host_without_another(door: Door) -> None:
    assert (await (await door.browser()).get("/auth/options/")).json()["oidc"] == {"name": "127.0.0.1"}


@pytest.mark.parametrize(
    "environment",
    [
        {"ARTEL_OIDC_ISSUER": "https://id.example.org"},
        {"ARTEL_OIDC_CLIENT_ID": "artel"},
        {"ARTEL_OIDC_ONLY": "true"},
        {"ARTEL_OIDC_ISSUER": "ldap://id.example.org", "ARTEL_OIDC_CLIENT_ID": "artel"},
    ],
)
def test_half_a_provider_is_refused_at_the_start(environment: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        load_settings(environment)
