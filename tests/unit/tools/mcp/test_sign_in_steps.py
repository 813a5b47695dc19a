"""Finding out where to sign in, and doing it, step by step; what strangers may say on the way is not believed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from artel.tools.mcp.model import Client, McpFailure, OwnClient, Pending, Returned, Secrets, Target, Tokens
from artel.tools.mcp.wire import discovery
from artel.tools.mcp.wire.wire import Wire
from tests.support.mcp_evil import EvilServer
from tests.support.mcp_oauth import OAuthSite

BACK = "http://artel.test/my/mcp-servers/callback/"
STATE = "the-state"


@pytest.fixture(scope="module")
def wire() -> Wire:
    return Wire()


def target(site: OAuthSite, **secrets: Any) -> Target:
    return Target("http", site.url, secrets=Secrets(**secrets), may_go_anywhere=True)


async def begun(
    wire: Wire, site: OAuthSite, *, own: OwnClient | None = None, **secrets: Any
) -> tuple[dict[str, str], Pending]:
    """What the user's browser is sent to ask, and what is kept."""
    url, pending = await wire.begin_sign_in(target(site, **secrets), BACK, STATE, own)
    assert url.startswith(f"{site.origin}/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}, pending


async def returned(site: OAuthSite, asked: dict[str, str]) -> Returned:
    """What a user who says yes comes back with."""
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(f"{site.origin}/authorize", params=asked, allow_redirects=False) as answer,
    ):
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == [STATE]
    return Returned(back["code"][0], back["iss"][0])


async def refusal(doing: Any) -> tuple[str, str]:
    with pytest.raises(McpFailure) as failed:
        await doing
    return failed.value.fault.code, failed.value.fault.detail


async def test_the_whole_way(wire: Wire, oauth_site: OAuthSite) -> None:
    asked, pending = await begun(wire, oauth_site)

    registered = oauth_site.last("/register")
    assert (registered["redirect_uris"], registered["application_type"]) == ([BACK], "web")
    assert asked | {"code_challenge": ""} == {
        "tenant": "a",
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": BACK,
        "state": STATE,
        "code_challenge": "",
        "code_challenge_method": "S256",
        "scope": "notes offline_access",
        "resource": oauth_site.url,
        "prompt": "consent",
    }

    tokens = await wire.finish_sign_in(pending, await returned(oauth_site, asked), may_go_anywhere=True)

    assert tokens.access_token in oauth_site.alive
    assert tokens.expires_at is not None
    assert 3_500 < tokens.expires_at - time.time() < 3_700
    assert oauth_site.last("/token")["resource"] == oauth_site.url

    fresh = await wire.renew(pending.client, tokens, may_go_anywhere=True)

    assert (fresh.access_token in oauth_site.alive, fresh != tokens) == (True, True)
    assert (await refusal(wire.renew(pending.client, tokens, may_go_anywhere=True)))[1].endswith("used before.")


async def test_whoever_is_known_is_not_registered_again(wire: Wire, oauth_site: OAuthSite) -> None:
    _, pending = await begun(wire, oauth_site)

    asked, again = await begun(wire, oauth_site, client=pending.client)
    elsewhere = replace(pending.client, issuer="https://other.example.org")
    other, _ = await begun(wire, oauth_site, client=elsewhere)

    assert (asked["client_id"], again.client) == ("client-1", pending.client)
    assert other["client_id"] == "client-2"


@pytest.mark.parametrize(
    ("method", "supported"), [("client_secret_basic", []), ("client_secret_post", ["client_secret_post"])]
)
async def test_a_client_of_ones_own(wire: Wire, oauth_site: OAuthSite, method: str, supported: list[str]) -> None:
    assert oauth_site.metadata is not None
    oauth_site.metadata["token_endpoint_auth_methods_supported"] = supported
    asked, pending = await begun(wire, oauth_site, own=OwnClient("mine", "s:cret"))

    await wire.finish_sign_in(pending, await returned(oauth_site, asked), may_go_anywhere=True)

    assert (asked["client_id"], pending.client.auth_method) == ("mine", method)
    sent = oauth_site.last("/token")
    if method == "client_secret_basic":
        assert (sent["authorization"], "client_secret" in sent) == ("Basic bWluZTpzJTNBY3JldA==", False)
    else:
        assert (sent["authorization"], sent["client_secret"]) == (None, "s:cret")
    assert "/register" not in [path for path, _ in oauth_site.asked]


async def test_a_public_client_of_ones_own(wire: Wire, oauth_site: OAuthSite) -> None:
    _, pending = await begun(wire, oauth_site, own=OwnClient("mine"))

    assert (pending.client.auth_method, pending.client.client_secret) == (None, None)


async def test_a_server_that_publishes_nothing(wire: Wire, oauth_site: OAuthSite) -> None:
    oauth_site.resource = oauth_site.metadata = None

    asked, pending = await begun(wire, oauth_site)
    tokens = await wire.finish_sign_in(pending, await returned(oauth_site, asked), may_go_anywhere=True)

    assert (pending.client.token_endpoint, tokens.access_token) == (f"{oauth_site.origin}/token", "access-3")
    assert "scope" not in asked


async def test_a_token_without_an_end_or_a_successor(wire: Wire, oauth_site: OAuthSite) -> None:
    oauth_site.lifetime = None
    oauth_site.token = lambda made: {name: made[name] for name in ("access_token", "token_type")}
    asked, pending = await begun(wire, oauth_site)

    tokens = await wire.finish_sign_in(pending, await returned(oauth_site, asked), may_go_anywhere=True)

    assert (tokens.expires_at, tokens.refresh_token) == (None, None)
    assert (await refusal(wire.renew(pending.client, tokens, may_go_anywhere=True)))[0] == "sign_in_needed"
    # A server that does not change its refresh tokens says none.
    oauth_site.refresh.add("the-old")
    renewed = await wire.renew(pending.client, Tokens("x", "the-old"), may_go_anywhere=True)
    assert renewed.refresh_token == "the-old"


def change(**documents: Any) -> Callable[[OAuthSite], None]:
    def apply(site: OAuthSite) -> None:
        for name, values in documents.items():
            if isinstance(values, dict) and getattr(site, name):
                getattr(site, name).update(values)
            else:
                setattr(site, name, values)

    return apply


@pytest.mark.parametrize(
    ("lie", "code", "says"),
    [
        (change(resource={"resource": "https://bank.example.org/mcp"}), "sign_in_failed", "under another address"),
        (change(metadata={"issuer": "https://bank.example.org"}), "sign_in_failed", "under another address"),
        (change(metadata=None), "sign_in_failed", "does not describe itself"),
        (change(metadata={"code_challenge_methods_supported": ["plain"]}), "sign_in_failed", "PKCE"),
        (change(metadata={"registration_endpoint": None}), "no_registration", "by hand"),
        (change(registers=False), "no_registration", "by hand only"),
        (change(client={"client_id": None}), "no_registration", "did not register"),
        (change(client={"token_endpoint_auth_method": "private_key_jwt"}), "no_registration", "cannot give"),
        (change(metadata={"token_endpoint": "http://169.254.169.254/token"}), "address_refused", "not allowed"),
        (change(metadata={"authorization_endpoint": "http://169.254.169.254/"}), "address_refused", "not allowed"),
        (change(metadata={"registration_endpoint": "http://169.254.169.254/"}), "address_refused", "not allowed"),
        (change(metadata={"registration_endpoint": "http://127.0.0.1:1/"}), "sign_in_failed", "cannot be reached"),
        (change(resource={"authorization_servers": ["http://169.254.169.254/"]}), "address_refused", "not allowed"),
    ],
)
async def test_what_does_not_fit_together_is_refused(
    wire: Wire, oauth_site: OAuthSite, lie: Callable[[OAuthSite], None], code: str, says: str
) -> None:
    lie(oauth_site)

    refused = await refusal(begun(wire, oauth_site))

    assert (refused[0], says in refused[1]) == (code, True), refused


async def test_who_needs_no_sign_in_says_so(wire: Wire, oauth_site: OAuthSite) -> None:
    oauth_site.resource = oauth_site.metadata = None
    oauth_site.alive.add("mine")

    refused = await refusal(begun(wire, oauth_site, headers={"Authorization": "Bearer mine"}))

    assert refused == ("no_sign_in", "This server does not ask for a sign-in.")


async def test_an_ordinary_user_is_not_led_inside(wire: Wire) -> None:
    client = Client("https://as.example.org", "c", BACK, "https://127.0.0.1:1/token")

    finished = wire.finish_sign_in(Pending(client, "v"), Returned("code", client.issuer), may_go_anywhere=False)
    begun = wire.begin_sign_in(Target("http", "http://127.0.0.1:1/mcp"), BACK, STATE, None)

    assert (await refusal(finished))[0] == "address_refused"
    assert (await refusal(begun))[0] == "address_refused"


async def test_a_name_of_the_sign_in_server_that_leads_inside(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    async def inside(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
    client = Client("https://as.example.org", "c", BACK, "https://as.example.org/token")

    assert (await refusal(wire.renew(client, Tokens("a", "b"), may_go_anywhere=False)))[0] == "address_refused"


async def test_a_sign_in_server_that_hangs(wire: Wire, evil: EvilServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "SIGN_IN_SECONDS", 0.3)
    client = Client("x", "c", BACK, evil.url("hang"))

    assert (await refusal(wire.renew(client, Tokens("a", "b"), may_go_anywhere=True)))[0] == "timeout"


@pytest.mark.parametrize("name", ["huge", "endless"])
async def test_a_sign_in_server_that_does_not_stop(wire: Wire, evil: EvilServer, name: str) -> None:
    client = Client("x", "c", BACK, evil.url(name))

    assert (await refusal(wire.renew(client, Tokens("a", "b"), may_go_anywhere=True)))[0] == "too_large"


async def test_secrets_are_not_sent_in_the_clear(wire: Wire) -> None:
    client = Client("https://as.example.org", "c", BACK, "http://as.example.org/token")

    refused = await refusal(wire.renew(client, Tokens("a", "b"), may_go_anywhere=False))

    assert refused[0] == "sign_in_insecure"


@pytest.mark.parametrize(
    ("back", "code", "says"),
    [
        (Returned(None, error="access_denied"), "sign_in_refused", "access_denied"),
        (Returned("a-code", "https://bank.example.org"), "sign_in_failed", "Another server"),
        (Returned("a-code"), "sign_in_failed", "Another server"),
        (Returned(None, "ORIGIN"), "sign_in_failed", "no code"),
        (Returned("made-up", "ORIGIN"), "sign_in_failed", "invalid_grant"),
    ],
)
async def test_what_one_comes_back_with_is_checked(
    wire: Wire, oauth_site: OAuthSite, back: Returned, code: str, says: str
) -> None:
    _, pending = await begun(wire, oauth_site)
    if back.issuer == "ORIGIN":
        back = replace(back, issuer=oauth_site.origin)

    refused = await refusal(wire.finish_sign_in(pending, back, may_go_anywhere=True))

    assert (refused[0], says in refused[1]) == (code, True), refused


BAD_TOKENS: list[dict[str, Any]] = [
    {"access_token": "a\r\nX-Evil: 1"},
    {"access_token": "a" * 9_000},
    {"refresh_token": "with a space"},
    {"access_token": None},
]


@pytest.mark.parametrize("changed", BAD_TOKENS)
async def test_a_token_that_cannot_be_one(wire: Wire, oauth_site: OAuthSite, changed: dict[str, Any]) -> None:
    asked, pending = await begun(wire, oauth_site)
    back = await returned(oauth_site, asked)
    oauth_site.token = lambda made: {**made, **changed}

    assert (await refusal(wire.finish_sign_in(pending, back, may_go_anywhere=True)))[0] == "sign_in_failed"


async def test_a_refusal_that_is_no_json(wire: Wire, evil: EvilServer) -> None:
    client = Client("x", "c", BACK, evil.url("broken"))

    refused = await refusal(wire.renew(client, Tokens("a", "b"), may_go_anywhere=True))

    assert refused == ("sign_in_failed", "The sign-in server gave no token (HTTP 500).")


async def test_a_document_that_is_none_is_passed_over(wire: Wire, oauth_site: OAuthSite) -> None:
    oauth_site.resource = {"resource": 5}

    _, pending = await begun(wire, oauth_site)

    assert pending.client.issuer == oauth_site.origin
