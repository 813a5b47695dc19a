"""Signing in at one's own server: begun here, done there, finished by whoever began it, and renewed by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.support.api import SITE, Person, Site
from tests.support.mcp_oauth import OAuthSite
from tests.support.mcp_people import added, servers
from tests.support.tool_people import answered, ask, calls, chosen
from tests.support.tool_scripts import calling

ECHO = ("notes__echo", {"say": "hello"})


async def begun(person: Person, server: dict[str, Any], **body: Any) -> str:
    """Where the person signs in."""
    answer = await person.http.post(f"/my/mcp-servers/{server['id']}/sign-in/", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["url"]


async def agreed(url: str) -> str:
    """Where a person who says yes is sent back to."""
    async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def signed_in(person: Person, site: OAuthSite) -> dict[str, Any]:
    """A server at which the person is signed in."""
    server = await added(person, "Notes", site.url)
    back = await agreed(await begun(person, server))
    answer = await person.http.get(back)
    assert answer.headers["location"] == f"/settings/servers?server={server['id']}"
    return (await servers(person))[0]


async def test_the_whole_way(ann: Person, oauth_site: OAuthSite, site: Site) -> None:
    server = await added(ann, "Notes", oauth_site.url)
    assert (server["status"], server["error"]["code"], server["tools"]) == ("needs_sign_in", "sign_in_needed", [])

    url = await begun(ann, server)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["redirect_uri"] == f"{SITE}/my/mcp-servers/callback/"
    [row] = await site.stores.as_migrator("select mcp_sign_ins::text as row from mcp_sign_ins")
    assert asked["state"] not in row["row"]
    answer = await ann.http.get(await agreed(url))

    assert (answer.status_code, answer.headers["location"]) == (303, f"/settings/servers?server={server['id']}")
    [now] = await servers(ann)
    assert (now["status"], now["auth"], now["error"]) == ("ready", "oauth", None)
    assert [tool["tool_id"] for tool in now["tools"]] == ["notes__echo"]
    [row] = await site.stores.as_migrator("select mcp_servers::text as row, sealed_secrets from mcp_servers")
    [token] = oauth_site.alive
    assert token not in row["row"]
    assert token.encode() not in row["sealed_secrets"]
    assert await site.stores.as_migrator("select * from mcp_sign_ins") == []
    # Who is known there is not registered again.
    assert parse_qs(urlsplit(await begun(ann, now)).query)["client_id"] == [asked["client_id"]]


async def test_a_sign_in_is_finished_once_and_by_who_began_it(ann: Person, oauth_site: OAuthSite, site: Site) -> None:
    eve = await site.person(role="admin")
    server = await added(ann, "Notes", oauth_site.url)
    back = await agreed(await begun(ann, server))

    stolen = await eve.http.get(back)
    nobody = await (await site.visitor()).get(back)
    own = await ann.http.get(back)
    again = await ann.http.get(back)

    unknown = "/settings/servers?sign_in=unknown"
    assert (stolen.headers["location"], nobody.status_code) == (unknown, 401)
    assert own.headers["location"] == f"/settings/servers?server={server['id']}"
    assert again.headers["location"] == unknown
    assert await servers(eve) == []


async def test_a_sign_in_that_took_too_long(ann: Person, oauth_site: OAuthSite, site: Site) -> None:
    server = await added(ann, "Notes", oauth_site.url)
    back = await agreed(await begun(ann, server))
    await site.stores.as_migrator("update mcp_sign_ins set expires_at = now() returning user_id")

    answer = await ann.http.get(back)

    assert answer.headers["location"] == "/settings/servers?sign_in=unknown"


async def test_a_sign_in_that_cannot_be_read_any_more(ann: Person, oauth_site: OAuthSite, site: Site) -> None:
    server = await added(ann, "Notes", oauth_site.url)
    back = await agreed(await begun(ann, server))
    await site.stores.as_migrator("update mcp_sign_ins set sealed = '\\x00' returning user_id")

    answer = await ann.http.get(back)

    assert answer.headers["location"] == "/settings/servers?sign_in=unknown"


@pytest.mark.parametrize("query", ["", "?state=", "?state=made-up&code=x", "?code=x"])
async def test_a_callback_out_of_nowhere(ann: Person, query: str) -> None:
    answer = await ann.http.get(f"/my/mcp-servers/callback/{query}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/servers?sign_in=unknown")


async def test_who_says_no_is_told_so(ann: Person, oauth_site: OAuthSite) -> None:
    server = await added(ann, "Notes", oauth_site.url)
    state = parse_qs(urlsplit(await begun(ann, server)).query)["state"][0]

    await ann.http.get("/my/mcp-servers/callback/", params={"state": state, "error": "access_denied"})

    [now] = await servers(ann)
    assert (now["status"], now["error"]["code"]) == ("needs_sign_in", "sign_in_refused")


async def test_only_the_newest_five_are_kept(ann: Person, oauth_site: OAuthSite, site: Site) -> None:
    server = await added(ann, "Notes", oauth_site.url)

    for _ in range(7):
        await begun(ann, server)

    assert len(await site.stores.as_migrator("select * from mcp_sign_ins")) == 5


async def test_a_server_that_registers_nobody(ann: Person, oauth_site: OAuthSite) -> None:
    oauth_site.registers = False
    server = await added(ann, "Notes", oauth_site.url)

    refused = await ann.http.post(f"/my/mcp-servers/{server['id']}/sign-in/")
    url = await begun(ann, server, client_id="mine", client_secret="very-secret")
    await ann.http.get(await agreed(url))

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/no-registration")
    assert (await servers(ann))[0]["status"] == "ready"


async def test_no_way_in(ann: Person, oauth_site: OAuthSite) -> None:
    server = await added(ann, "Notes", oauth_site.url)
    assert oauth_site.resource is not None
    oauth_site.resource["authorization_servers"] = ["http://169.254.169.254/"]

    refused = await ann.http.post(f"/my/mcp-servers/{server['id']}/sign-in/")

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/sign-in-impossible")
    assert "not allowed" in refused.json()["detail"]


async def test_tokens_are_renewed_before_their_end(ann: Person, oauth_site: OAuthSite) -> None:
    oauth_site.lifetime = 30
    await signed_in(ann, oauth_site)
    await ann.agent("Coder", tools=chosen(notes__echo="allow"))
    renewals = sum(path == "/token" for path, _ in oauth_site.asked)

    _, run_id = await ask(ann, calling([ECHO]))

    assert calls(await answered(ann, run_id)) == [("notes__echo", "ok")]
    assert sum(path == "/token" for path, _ in oauth_site.asked) == renewals + 1


async def test_a_token_that_ended_early_is_renewed_once_for_all_calls(ann: Person, oauth_site: OAuthSite) -> None:
    await signed_in(ann, oauth_site)
    await ann.agent("Coder", tools=chosen(notes__echo="allow"))
    oauth_site.alive.clear()
    renewals = sum(path == "/token" for path, _ in oauth_site.asked)

    _, run_id = await ask(ann, calling([("notes__echo", {"n": n}) for n in range(4)]))

    assert calls(await answered(ann, run_id)) == [("notes__echo", "ok")] * 4
    assert sum(path == "/token" for path, _ in oauth_site.asked) == renewals + 1


async def test_who_must_sign_in_again_is_told_so(ann: Person, oauth_site: OAuthSite) -> None:
    server = await signed_in(ann, oauth_site)
    await ann.agent("Coder", tools=chosen(notes__echo="allow"))
    oauth_site.alive.clear()
    oauth_site.refresh.clear()

    _, run_id = await ask(ann, calling([ECHO]))
    answer = await answered(ann, run_id)

    assert "sign in again" in answer["tool_calls"][0]["result"]["error"]
    [now] = await servers(ann)
    assert (now["status"], now["tools"]) == ("needs_sign_in", server["tools"])
    await ann.http.get(await agreed(await begun(ann, server)))
    assert (await servers(ann))[0]["status"] == "ready"


async def test_a_renewal_that_fails_by_chance_leaves_the_sign_in(
    ann: Person, oauth_site: OAuthSite, site: Site
) -> None:
    await signed_in(ann, oauth_site)
    await ann.agent("Coder", tools=chosen(notes__echo="allow"))
    before = await site.stores.as_migrator("select sealed_secrets, renewing_until from mcp_servers")
    oauth_site.alive.clear()
    site_token, oauth_site.token = oauth_site.token, _too_long

    _, run_id = await ask(ann, calling([ECHO]))
    assert calls(await answered(ann, run_id)) == [("notes__echo", "failed")]

    assert await site.stores.as_migrator("select sealed_secrets, renewing_until from mcp_servers") == before
    oauth_site.token = site_token


def _too_long(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "padding": "x" * 1_000_000}


async def test_somebody_elses_renewal_is_waited_for(ann: Person, oauth_site: OAuthSite, site: Site) -> None:
    # given tokens that ended, and another process that is about to renew them
    await signed_in(ann, oauth_site)
    await ann.agent("Coder", tools=chosen(notes__echo="allow"))
    [row] = await site.stores.as_migrator("select id, sealed_secrets from mcp_servers")
    oauth_site.alive.clear()
    await site.stores.as_migrator("update mcp_servers set renewing_until = now() + interval '1 minute' returning id")

    _, run_id = await ask(ann, calling([ECHO]))
    await asyncio.sleep(0.4)
    renewals = sum(path == "/token" for path, _ in oauth_site.asked)
    access = site.house.mcp.servers.access
    secrets = access.secrets.open(ann.id, row["id"], row["sealed_secrets"])
    assert secrets.client is not None
    assert secrets.tokens is not None
    async with access.hub.wire(ann.id) as wire:
        tokens = await wire.renew(secrets.client, secrets.tokens, may_go_anywhere=True)
    sealed = access.secrets.seal(ann.id, row["id"], replace(secrets, tokens=tokens))
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute("update mcp_servers set sealed_secrets = $1", sealed)

    # then its tokens are used
    assert calls(await answered(ann, run_id)) == [("notes__echo", "ok")]
    assert sum(path == "/token" for path, _ in oauth_site.asked) == renewals + 1
