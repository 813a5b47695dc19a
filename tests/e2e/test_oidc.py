"""Signing in through a real provider: `oidc-provider` for Node, a certified one, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from artel.app.gateway import gateway_for
from artel.app.house import House
from artel.app.oidc import open_oidc
from artel.settings import load_settings
from tests.e2e.looks import faults
from tests.e2e.person import PASSWORD, Person
from tests.support.live_http import live_server

_ROOT = Path(__file__).parents[2]


class _Door:
    """Has a port, which the provider must know, before it has an application, which must know the provider."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture
async def sites(house: House) -> AsyncGenerator[dict[str, str]]:
    """Addresses of one installation by the client that it is at the provider."""
    async with AsyncExitStack() as stack:
        doors = {"artel": _Door(), "public": _Door()}
        ports = {
            name: await stack.enter_async_context(live_server(door, house.hub.shut)) for name, door in doors.items()
        }
        bases = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        issuer = stack.enter_context(_provider([f"{base}/auth/oidc/callback/" for base in bases.values()]))
        for name, door in doors.items():
            secret = {"ARTEL_OIDC_CLIENT_SECRET": "the secret of the client"} if name == "artel" else {}
            settings = load_settings(
                {
                    "ARTEL_OIDC_ISSUER": issuer,
                    "ARTEL_OIDC_CLIENT_ID": name,
                    "ARTEL_OIDC_NAME": "Example ID",
                    "ARTEL_OIDC_SCOPES": "email groups",
                    "ARTEL_OIDC_REQUIRED_CLAIM": "groups=users",
                    "ARTEL_OIDC_ADMIN_CLAIM": "groups=admins",
                    **secret,
                }
            )
            oidc = await stack.enter_async_context(
                open_oidc(
                    settings, house.shards, house.box, house.users, house.sign_ins, house.api_keys, house.revocations
                )
            )
            door.app = gateway_for(replace(house, oidc=oidc))
        yield bases


@contextmanager
def _provider(redirects: Sequence[str]) -> Generator[str]:
    """The provider's issuer, while it runs."""
    process = subprocess.Popen(
        [_ROOT / "scripts" / "node.sh", "node", "dev/oidc-provider.mjs"],
        env={**os.environ, "REDIRECTS": ",".join(redirects)},
        cwd=_ROOT / "web",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield next(line for line in process.stdout if line.startswith("issuer ")).split()[1]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncGenerator[BrowserContext]:
    """A browser that speaks English."""
    context = await browser.new_context(locale="en-US")
    yield context
    await context.close()


async def at_the_provider(page: Page, name: str) -> None:
    """Signs in there, and agrees."""
    await page.get_by_placeholder("Enter any login").fill(name)
    await page.get_by_placeholder("and password").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()


def _ours(complaints: Sequence[str]) -> list[str]:
    """But for the provider's page, which would like a font of another site."""
    return [complaint for complaint in complaints if "net::ERR_NAME_NOT_RESOLVED" not in complaint]


async def test_one_arrives_where_one_wanted_to_go(sites: dict[str, str], context: BrowserContext) -> None:
    person = Person(context, "boss@example.org")
    page = await person.page(f"{sites['artel']}/signin?next=/usage")
    await expect(page.get_by_role("link", name="Continue with Example ID")).to_be_visible()
    assert await faults(page) == []

    await page.get_by_role("link", name="Continue with Example ID").click()
    await page.get_by_role("link", name=re.compile("Cancel")).click()
    await expect(page.get_by_text("You did not finish signing in.")).to_be_visible()
    assert await faults(page) == []

    await page.get_by_role("link", name="Continue with Example ID").click()
    await at_the_provider(page, "boss")

    await expect(page).to_have_url(f"{sites['artel']}/usage")
    await page.goto(f"{sites['artel']}/settings/profile")
    await expect(page.get_by_text("Administrator")).to_be_visible()
    await expect(page.get_by_text("Linked as boss@example.org")).to_be_visible()
    await expect(page.get_by_role("button", name="Unlink")).to_be_hidden()
    assert await faults(page) == []
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Set the password").click()
    await page.get_by_role("button", name="Unlink").click()
    await expect(page.get_by_role("button", name="Link", exact=True)).to_be_visible()
    assert _ours(person.complaints) == []


async def test_an_account_with_a_password_is_linked_and_opened_again(
    sites: dict[str, str], context: BrowserContext
) -> None:
    base = sites["public"]
    answer = await context.request.post(
        f"{base}/auth/register", data={"email": "ann@example.org", "password": PASSWORD, "locale": "en"}
    )
    assert answer.ok
    person = Person(context, "ann@example.org")
    page = await person.page(f"{base}/settings/profile")

    identity = page.get_by_role("region", name="Sign-in through Example ID")
    await identity.get_by_label("Current password").fill("wrong")
    await identity.get_by_role("button", name="Link").click()
    await expect(identity.get_by_text("This is not your current password.")).to_be_visible()
    await identity.get_by_label("Current password").fill(PASSWORD)
    await identity.get_by_role("button", name="Link").click()
    await at_the_provider(page, "ann.of.the.provider")
    await expect(page.get_by_text("Your account is linked.")).to_be_visible()
    await expect(page.get_by_text("Linked as ann.of.the.provider@example.org")).to_be_visible()

    # The sign-in ends while the page is open: it is opened again from another tab, and stays as it is.
    await page.goto(base)
    await page.get_by_role("textbox", name="Message", exact=True).fill("half a thought")
    await context.request.post(f"{base}/auth/logout")
    dialog = page.get_by_role("dialog", name="Please sign in again")
    await expect(dialog).to_be_visible()
    async with context.expect_page() as opened:
        await dialog.get_by_role("link", name="Continue with Example ID").click()
    other = await opened.value
    await expect(other.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    await other.close()
    await page.bring_to_front()
    await page.evaluate("dispatchEvent(new Event('focus'))")

    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("textbox", name="Message", exact=True)).to_have_value("half a thought")
    assert _ours(person.complaints) == []
