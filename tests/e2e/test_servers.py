"""A user's own MCP servers: added, signed in at, used by an agent, taken away; and what goes wrong, in plain words."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.looks import faults, too_wide
from tests.e2e.person import Person, answers, say
from tests.e2e.toolbox import question
from tests.support.mcp_evil import EvilServer
from tests.support.mcp_oauth import OAuthSite
from tests.support.mcp_server import NotesServer
from tests.support.tool_scripts import calling

_SERVERS = "/settings/servers"


def card(page: Page, name: str) -> Locator:
    """A server in the list."""
    return page.get_by_role("main").get_by_role("listitem").filter(has=page.get_by_text(name, exact=True)).first


async def add(page: Page, name: str, url: str, **headers: str) -> None:
    """Fills in the form and sends it, by keyboard."""
    await page.get_by_role("button", name="Add server").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add server")
    await dialog.get_by_label("Name", exact=True).fill(name)
    await dialog.get_by_label("Address").fill(url)
    for number, (header, value) in enumerate(headers.items(), 1):
        await dialog.get_by_role("button", name="Add header").click()
        await dialog.get_by_label(f"Name {number}").fill(header)
        await dialog.get_by_label(f"Value {number}").fill(value)
    await dialog.get_by_label("Address").press("Enter")


async def test_a_server_is_added_used_and_removed(olga: Person, notes: NotesServer) -> None:
    page = await olga.page(_SERVERS)
    await expect(page.get_by_text("No servers yet")).to_be_visible()

    await add(page, "Olga's notes", notes.url, Authorization="Bearer very-secret")

    await expect(card(page, "Olga's notes")).to_contain_text("Ready · 4 tools")
    await expect(card(page, "Olga's notes")).to_contain_text("sends Authorization")
    await expect(page.get_by_role("main")).not_to_contain_text("very-secret")
    await page.get_by_text("Tools of Olga's notes").click()
    await expect(card(page, "Olga's notes")).to_contain_text("Writes a note down.")

    # chosen for an agent, which then asks
    await page.goto("/agents/new")
    await page.get_by_label("Name").fill("Clerk")
    await page.get_by_role("switch", name="write").click()
    await page.get_by_role("button", name="Create", exact=False).last.click()
    await expect(page.get_by_role("heading", name="Whom shall we ask?")).to_be_visible()
    agent = next(each for each in (await olga.api("GET", "/my/agents/"))["items"] if each["name"] == "Clerk")
    assert agent["tools"] == [{"tool_id": "olga-s-notes__write", "enabled": True}]
    await olga.api("PUT", f"/my/agents/{agent['agent_id']}/", {
        "name": "Clerk", "model": {"provider": "openai", "name": "scripted"}, "tools": agent["tools"],
    })  # fmt: skip
    await page.goto(f"/chat/{await olga.chat('Notes')}")
    await say(page, f"@clerk {calling([('olga-s-notes__write', {'text': 'Buy milk'})])}")
    await expect(question(page)).to_contain_text("Buy milk")
    await question(page).get_by_role("button", name="Allow once").click()
    await expect(answers(page).last).to_contain_text("Tool said")
    assert (notes.notes, notes.headers) == (["Buy milk"], ["Bearer very-secret"])

    # taken away, and with it the agent's tool
    await page.goto(_SERVERS)
    await page.get_by_role("button", name="Remove Olga's notes").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("No servers yet")).to_be_visible()
    [agent] = [each for each in (await olga.api("GET", "/my/agents/"))["items"] if each["name"] == "Clerk"]
    assert agent["tools"] == []


async def test_signing_in_leads_away_and_back(olga: Person, oauth_site: OAuthSite) -> None:
    page = await olga.page(_SERVERS)
    await add(page, "Closed notes", oauth_site.url)
    await expect(card(page, "Closed notes")).to_contain_text("It wants you to sign in.")

    await page.get_by_role("button", name="Sign in at Closed notes").click()

    await expect(card(page, "Closed notes")).to_contain_text("Ready · 1 tool")
    await expect(card(page, "Closed notes")).to_contain_text("signed in")
    await expect(page).to_have_url(re.compile(rf"{_SERVERS}$"))
    await page.goto(f"{_SERVERS}?sign_in=unknown")
    await expect(page.get_by_role("alert")).to_contain_text("not begun in this account")
    [server] = (await olga.api("GET", "/my/mcp-servers/"))["items"]
    await olga.api("DELETE", f"/my/mcp-servers/{server['id']}/")


async def test_who_is_not_registered_registers_by_hand(olga: Person, oauth_site: OAuthSite) -> None:
    oauth_site.registers = False
    page = await olga.page(_SERVERS)
    await add(page, "Closed notes", oauth_site.url)

    await page.get_by_role("button", name="Sign in at Closed notes").click()
    await expect(page.get_by_text("/my/mcp-servers/callback/")).to_be_visible()
    await page.get_by_label("Client ID").fill("mine")
    await page.get_by_role("button", name="Go on").click()

    await expect(card(page, "Closed notes")).to_contain_text("Ready · 1 tool")
    assert oauth_site.last("/authorize")["client_id"] == "mine"
    [server] = (await olga.api("GET", "/my/mcp-servers/"))["items"]
    await olga.api("DELETE", f"/my/mcp-servers/{server['id']}/")


async def test_what_is_wrong_is_said_in_plain_words(olga: Person, maria: Person, evil: EvilServer) -> None:
    page = await olga.page(_SERVERS)
    await add(page, "A page", evil.url("page"))
    await expect(card(page, "A page")).to_contain_text("Not usable")
    await expect(card(page, "A page")).to_contain_text("There is no MCP server under this address.")
    await page.get_by_role("button", name="Look again at A page").click()
    await expect(page.get_by_role("status").filter(has_text="A page: Not usable")).to_be_visible()
    await page.get_by_role("button", name="Remove A page").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("No servers yet")).to_be_visible()

    # somebody who is no administrator may not name this machine
    hers = await maria.page(_SERVERS)
    await add(hers, "Inside", evil.url("honest"))
    dialog = hers.get_by_role("dialog", name="Add server")
    await expect(dialog.get_by_role("alert")).to_contain_text("private network")
    await expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_role("button", name="Add header").click()
    await dialog.get_by_label("Name 1").fill("Host")
    await dialog.get_by_label("Value 1").fill("x")
    await dialog.get_by_label("Address").fill("https://mcp.invalid/mcp")
    await dialog.get_by_label("Address").press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("cannot be sent as a header")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_it_is_for_everyone(
    olga: Person, notes: NotesServer, oauth_site: OAuthSite, evil: EvilServer, theme: Literal["light", "dark"]
) -> None:
    oauth_site.registers = False
    urls = {"Notes": notes.url, "Closed": oauth_site.url, "A_broken_server_of_a_very_long_name": evil.url("broken")}
    made = [await olga.api("POST", "/my/mcp-servers/", {"name": name, "url": url}) for name, url in urls.items()]
    page = await olga.page(_SERVERS)
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await page.set_viewport_size({"width": 360, "height": 700})
    await page.get_by_text("Tools of Notes").click()
    await page.get_by_role("button", name="Sign in at Closed").click()
    await expect(page.get_by_label("Client ID")).to_be_visible()

    found = [*await faults(page), *await too_wide(page, 360)]
    await page.get_by_role("button", name="Add server").click()
    await page.get_by_role("dialog").get_by_role("button", name="Add header").click()
    found += [*await faults(page), *await too_wide(page, 360)]

    assert found == []
    for server in made:
        await olga.api("DELETE", f"/my/mcp-servers/{server['id']}/")
