"""What is believed of a provider that lies, is slow, changes its keys, or is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
import pytest

from artel.accounts.oidc.flow import Begun, Flow, Returned
from artel.accounts.oidc.model import OidcConfig, OidcFailure, Wanted, Who
from artel.accounts.oidc.provider import MAX_BYTES, Provider
from artel.kit.secrets import SecretBox
from tests.support.oidc_site import CLIENT_ID, CLIENT_SECRET, Json, Key, OidcSite, rsa_key, signed

BACK = "http://artel.test/auth/oidc/callback/"


class Clocks:
    """Both clocks that matter, held by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.now = datetime.now(UTC)

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
async def http() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


Make = Callable[..., Flow]


@pytest.fixture
def make(oidc_site: OidcSite, http: aiohttp.ClientSession, clocks: Clocks) -> Make:
    def flow(seconds: float = 10, **more: Any) -> Flow:
        config = OidcConfig(issuer=oidc_site.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        config = replace(config, **more)
        provider = Provider(config, http, lambda: clocks.seconds, seconds)
        return Flow(config, provider, SecretBox("a key of the tests"), lambda: clocks.now)

    return flow


async def arrive(flow: Flow, site: OidcSite, begun: Begun | None = None, **changed: Any) -> Who:
    """From the button back to us, with a provider that agrees."""
    begun = begun or await flow.begin(BACK, "/")
    said = site.agree(begun.url)
    trip = flow.trip(said["state"], begun.sealed)
    return await flow.finish(trip, Returned(**{"state": said["state"], "code": said["code"], **changed}))


def problem(name: str) -> pytest.RaisesExc[OidcFailure]:
    """Raised with this reason."""
    return pytest.RaisesExc(OidcFailure, check=lambda failure: failure.problem == name)


async def refused(flow: Flow, site: OidcSite, name: str, **changed: Any) -> None:
    with pytest.raises(OidcFailure) as caught:
        await arrive(flow, site, **changed)
    assert caught.value.problem == name, caught.value.log


async def test_an_honest_provider_says_who_it_is(make: Make, oidc_site: OidcSite) -> None:
    who = await arrive(make(), oidc_site)

    assert (who.issuer, who.subject, who.email, who.email_verified) == (
        oidc_site.issuer,
        "ann",
        "ann@example.org",
        True,
    )
    assert oidc_site.asked.count("userinfo") == 0


async def test_a_client_proves_itself_as_the_provider_wants_it(make: Make, oidc_site: OidcSite) -> None:
    await arrive(make(), oidc_site)
    oidc_site.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await arrive(make(), oidc_site)
    await arrive(make(client_secret=None), oidc_site)

    basic, post, public = oidc_site.authorized
    assert (basic["user"], basic["password"], "client_secret" in basic) == (CLIENT_ID, CLIENT_SECRET, False)
    assert (post["client_secret"], "password" in post) == (CLIENT_SECRET, False)
    assert not {"client_secret", "password"} & public.keys()


async def test_what_decides_and_is_not_in_the_token_is_asked_for(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.told = {"groups": ["staff"], "email": "other@example.org"}

    who = await arrive(make(required=Wanted("groups", "staff")), oidc_site)

    assert who.claims["groups"] == ["staff"]
    assert who.email == "ann@example.org", "what is signed goes first"


async def test_userinfo_of_another_person_is_refused(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.told = {"sub": "boss", "groups": ["admins"]}

    await refused(make(admin=Wanted("groups", "admins")), oidc_site, "refused")


async def test_a_provider_without_userinfo_is_not_asked(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.metadata = {"userinfo_endpoint": None}

    who = await arrive(make(required=Wanted("groups", "staff")), oidc_site)

    assert "groups" not in who.claims


HOUR = 3_600
CLAIMS: dict[str, tuple[str, Callable[[Json], Json]]] = {
    "another nonce": ("refused", lambda claims: claims | {"nonce": "of another sign-in"}),
    "no nonce": ("refused", lambda claims: {k: v for k, v in claims.items() if k != "nonce"}),
    "a nonce that is no text": ("refused", lambda claims: claims | {"nonce": 7}),
    "another audience": ("refused", lambda claims: claims | {"aud": "another client"}),
    "two audiences, made for the other": ("refused", lambda claims: claims | {"aud": ["artel", "b"], "azp": "b"}),
    "two audiences, made for nobody": ("refused", lambda claims: claims | {"aud": ["artel", "b"]}),
    "one audience, made for another": ("refused", lambda claims: claims | {"azp": "b"}),
    "no audience": ("refused", lambda claims: {k: v for k, v in claims.items() if k != "aud"}),
    "a foreign issuer": ("refused", lambda claims: claims | {"iss": "https://elsewhere.example.org"}),
    "expired": ("clock", lambda claims: claims | {"exp": int(time.time()) - 61}),
    "from the future": ("clock", lambda claims: claims | {"iat": int(time.time()) + HOUR}),
    "not yet": ("clock", lambda claims: claims | {"nbf": int(time.time()) + HOUR}),
    "no end": ("refused", lambda claims: {k: v for k, v in claims.items() if k != "exp"}),
    "an end that is no number": ("refused", lambda claims: claims | {"exp": "soon"}),
    "no subject": ("refused", lambda claims: {k: v for k, v in claims.items() if k != "sub"}),
    "an empty subject": ("refused", lambda claims: claims | {"sub": ""}),
    "a subject that is no text": ("refused", lambda claims: claims | {"sub": 7}),
    "an endless subject": ("refused", lambda claims: claims | {"sub": "a" * 256}),
}


@pytest.mark.parametrize("lie", CLAIMS)
async def test_a_token_that_lies_is_refused(make: Make, oidc_site: OidcSite, lie: str) -> None:
    why, oidc_site.change = CLAIMS[lie]

    await refused(make(), oidc_site, why)


@pytest.mark.parametrize("seconds", [-50, 50])
async def test_clocks_may_differ_a_little(make: Make, oidc_site: OidcSite, seconds: int) -> None:
    oidc_site.change = lambda claims: claims | {"iat": int(time.time()) + seconds, "exp": int(time.time()) + seconds}

    assert (await arrive(make(), oidc_site)).subject == "ann"


async def test_two_audiences_are_right_when_it_was_made_for_us(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.change = lambda claims: claims | {"aud": ["artel", "b"], "azp": "artel"}

    assert (await arrive(make(), oidc_site)).subject == "ann"


SIGNATURES: dict[str, Callable[[Json, Key], str]] = {
    "none": lambda claims, _: jwt.encode(claims, "", "none"),
    "our own secret": lambda claims, key: jwt.encode(
        claims, CLIENT_SECRET.ljust(64), "HS256", headers={"kid": key.kid}
    ),
    "somebody else's key with the same id": lambda claims, key: signed(claims, Key(key.kid)),
    "a key id nobody has": lambda claims, key: signed(claims, key, kid="nobody's"),
    "another kind of key": lambda claims, key: signed(claims, rsa_key(key.kid)),
    "a key that it brings along": lambda claims, _: (lambda own: signed(claims, own, jwk=own.public()))(Key("own")),
    "nothing at all": lambda _claims, _key: "a.b.c",
}


@pytest.mark.parametrize("signature", SIGNATURES)
async def test_a_signature_that_proves_nothing_is_refused(make: Make, oidc_site: OidcSite, signature: str) -> None:
    oidc_site.sign = SIGNATURES[signature]

    await refused(make(), oidc_site, "refused")


@pytest.mark.parametrize("token", [None, 7, "a" * 200_000])
async def test_an_answer_without_a_token_is_refused(make: Make, oidc_site: OidcSite, token: object) -> None:
    oidc_site.answer = lambda said: said | {"id_token": token}

    await refused(make(), oidc_site, "refused")


async def test_rsa_is_what_most_have(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.keys.append(rsa_key("rsa"))
    try:
        assert (await arrive(make(), oidc_site)).subject == "ann"
    finally:
        oidc_site.keys.pop()


async def test_new_keys_are_found_and_old_ones_are_over(make: Make, oidc_site: OidcSite, clocks: Clocks) -> None:
    flow, old = make(), oidc_site.keys[-1]
    await arrive(flow, oidc_site)

    oidc_site.keys[:] = [Key("second")]
    try:
        clocks.pass_(11)
        assert (await arrive(flow, oidc_site)).subject == "ann"
        clocks.pass_(11)
        oidc_site.signs_with = old
        await refused(flow, oidc_site, "refused")
    finally:
        oidc_site.keys[:] = [old]


async def test_made_up_key_ids_do_not_make_us_hammer_the_provider(make: Make, oidc_site: OidcSite) -> None:
    flow = make()
    oidc_site.sign = SIGNATURES["a key id nobody has"]

    for _ in range(5):
        await refused(flow, oidc_site, "refused")

    assert oidc_site.asked.count("jwks") == 1


async def test_a_token_without_a_key_id_is_of_the_only_key_that_fits(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.sign = lambda claims, key: jwt.encode(claims, key.private, key.algorithm)
    flow = make()
    assert (await arrive(flow, oidc_site)).subject == "ann"

    oidc_site.keys.append(Key("second"))
    try:
        await refused(make(), oidc_site, "refused")
    finally:
        oidc_site.keys.pop()


@pytest.mark.parametrize("document", ["openid-configuration", "jwks", "token"])
@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"a": "' + b"a" * MAX_BYTES + b'"}'], ids=["html", "a list", "endless"]
)
async def test_what_is_no_answer_is_no_sign_in(make: Make, oidc_site: OidcSite, document: str, body: bytes) -> None:
    oidc_site.raw = {document: body}

    await refused(make(), oidc_site, "unreachable")


@pytest.mark.parametrize(
    ("document", "status", "why"),
    [
        ("openid-configuration", 500, "unreachable"),
        ("openid-configuration", 302, "unreachable"),
        ("jwks", 404, "unreachable"),
        ("token", 503, "unreachable"),
        ("token", 401, "refused"),
        ("userinfo", 403, "unreachable"),
    ],
)
async def test_what_is_answered_badly(make: Make, oidc_site: OidcSite, document: str, status: int, why: str) -> None:
    oidc_site.status = {document: status}

    await refused(make(required=Wanted("groups", "staff")), oidc_site, why)


async def test_a_slow_provider_is_not_waited_for(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.frozen = asyncio.Event()

    with problem("unreachable"):
        await make(seconds=0.05).begin(BACK, "/")

    oidc_site.frozen.set()


async def test_a_provider_that_is_away_is_believed_its_last_word(
    make: Make, oidc_site: OidcSite, clocks: Clocks
) -> None:
    flow = make()
    await flow.begin(BACK, "/")
    oidc_site.status = {"openid-configuration": 503}
    clocks.pass_(2 * HOUR)

    begun = await flow.begin(BACK, "/")

    assert begun.url.startswith(f"{oidc_site.issuer}/authorize?")
    assert oidc_site.asked == ["openid-configuration"] * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://elsewhere.example.org"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_configuration_that_cannot_be_used(make: Make, oidc_site: OidcSite, changed: Json) -> None:
    oidc_site.metadata = changed

    with problem("unreachable"):
        await make().begin(BACK, "/")


async def test_keys_that_are_no_keys(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.raw = {"jwks": b'{"keys": {}}'}
    await refused(make(), oidc_site, "unreachable")
    oidc_site.raw = {"jwks": b'{"keys": [7, {"kid": "first", "kty": "EC"}, {"kid": "first", "kty": "oct", "k": "AA"}]}'}
    await refused(make(), oidc_site, "refused")


async def test_a_slash_at_the_end_makes_no_other_provider(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.metadata = {"issuer": f"{oidc_site.issuer}/"}
    oidc_site.change = lambda claims: claims | {"iss": f"{oidc_site.issuer}/"}

    who = await arrive(make(), oidc_site)
    assert who.issuer == oidc_site.issuer

    oidc_site.change = dict
    await refused(make(), oidc_site, "refused")


async def test_an_address_with_a_query_keeps_it(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.metadata = {"authorization_endpoint": f"{oidc_site.issuer}/authorize?tenant=a"}

    begun = await make(scopes=("email", "openid")).begin(BACK, "/")

    assert "/authorize?tenant=a&response_type=code&" in begun.url
    assert "scope=openid+email&" in begun.url


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"error": "access_denied", "code": None}, "cancelled"),
        ({"error": "server_error", "code": None}, "refused"),
        ({"code": None}, "refused"),
        ({"code": "made up"}, "refused"),
        ({"issuer": "https://elsewhere.example.org"}, "refused"),
    ],
)
async def test_coming_back_without_a_sign_in(make: Make, oidc_site: OidcSite, said: Json, why: str) -> None:
    await refused(make(), oidc_site, why, **said)


async def test_a_provider_that_names_itself_must_do_so(make: Make, oidc_site: OidcSite) -> None:
    oidc_site.metadata = {"authorization_response_iss_parameter_supported": True}

    await refused(make(), oidc_site, "refused")
    assert (await arrive(make(), oidc_site, issuer=oidc_site.issuer)).subject == "ann"


async def test_the_cookie_is_of_this_try_alone(make: Make, oidc_site: OidcSite, clocks: Clocks) -> None:
    flow = make()
    one, two = await flow.begin(BACK, "/"), await flow.begin(BACK, "/")
    state = oidc_site.agree(one.url)["state"]

    assert one.cookie != two.cookie
    for sealed in (None, "", "nonsense", "ы", one.sealed[:-2], two.sealed):
        with problem("expired"):
            flow.trip(state, sealed)
    trip = flow.trip(state, one.sealed)
    assert trip.verifier not in one.sealed
    assert trip.verifier not in one.url
    clocks.pass_(600)
    with problem("expired"):
        flow.trip(state, one.sealed)


@pytest.mark.parametrize(
    ("text", "value", "has"),
    [
        ("staff", "staff", True),
        (["a", "staff"], "staff", True),
        (["a", 7], "staff", False),
        ("staffers", "staff", False),
        (None, "staff", False),
        (True, None, True),
        ("true", None, False),
        (None, None, False),
    ],
)
def test_who_has_a_claim(text: object, value: str | None, has: bool) -> None:
    assert Wanted("groups", value).is_in({"groups": text}) is has
