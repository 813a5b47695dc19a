"""A sign-in on its way: begun here, gone to the provider, and back, with nothing kept but in the browser itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from artel.accounts.oidc.id_token import believed
from artel.accounts.oidc.model import OidcConfig, OidcFailure, Who
from artel.accounts.oidc.provider import Json, Provider
from artel.kit.clock import Clock, utc_now
from artel.kit.secrets import SecretBox, UnreadableSecret, decode_bytes, encode_bytes, new_secret, token_hash

LIFETIME: Final = timedelta(minutes=10)
_CANCELLED: Final = frozenset({"access_denied", "interaction_required", "login_required", "consent_required"})


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it takes along: a cookie's name and its sealed value."""

    url: str
    cookie: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """What the provider sent the browser back with."""

    state: str = ""
    code: str | None = field(default=None, repr=False)
    issuer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """What the browser carries along. link: the user who links an identity; None for who signs in."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    way_on: str
    ends_at: float
    link: int | None = None


def cookie_of(state: str) -> str:
    """The name of the cookie that belongs to a state: tries in several tabs do not meet."""
    return f"artel_oidc_{token_hash(state).hex()[:16]}"


@dataclass(frozen=True, slots=True)
class Flow:
    """Begins sign-ins, and brings them to an end in whatever process they come back to."""

    config: OidcConfig
    provider: Provider
    box: SecretBox
    clock: Clock = utc_now
    secret: Callable[[], str] = new_secret

    async def begin(self, redirect_uri: str, way_on: str, link: int | None = None) -> Begun:
        """redirect_uri: ours, for the provider to come back to. way_on: where the user wanted to go.

        Raises:
            OidcFailure: unreachable.
        """
        metadata = await self.provider.metadata()
        state = self.secret()
        ends_at = (self.clock() + LIFETIME).timestamp()
        trip = Trip(self.secret(), self.secret(), redirect_uri, way_on, ends_at, link)
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.config.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(dict.fromkeys(("openid", *self.config.scopes))),
                "state": state,
                "nonce": trip.nonce,
                "code_challenge": encode_bytes(hashlib.sha256(trip.verifier.encode()).digest()),
                "code_challenge_method": "S256",
            }
        )
        glue = "&" if "?" in metadata.authorization_endpoint else "?"
        return Begun(f"{metadata.authorization_endpoint}{glue}{query}", cookie_of(state), self._seal(trip, state))

    def trip(self, state: str, sealed: str | None) -> Trip:
        """What was begun under this state by the browser that holds the cookie.

        Raises:
            OidcFailure: expired, or begun by somebody else.
        """
        if not sealed:
            raise OidcFailure("expired", "the browser has no cookie of this sign-in")
        try:
            trip = Trip(**orjson.loads(self.box.open(decode_bytes(sealed), _context(state))))
        except (UnreadableSecret, ValueError) as error:
            raise OidcFailure("expired", "the cookie is not of this sign-in") from error
        if trip.ends_at <= self.clock().timestamp():
            raise OidcFailure("expired", "it took too long")
        return trip

    async def finish(self, trip: Trip, returned: Returned) -> Who:
        """Who came back.

        Raises:
            OidcFailure: what the provider said, or what it could not prove.
        """
        metadata = await self.provider.metadata()
        named = returned.issuer is not None or metadata.names_itself
        if named and returned.issuer != metadata.issuer:
            raise OidcFailure("refused", "another provider sent the browser back")
        if returned.error is not None or not returned.code:
            problem = "cancelled" if returned.error in _CANCELLED else "refused"
            raise OidcFailure(problem, "the provider sent the browser back with an error")
        answer = await self.provider.redeem(returned.code, trip.verifier, trip.redirect_uri)
        claims = await believed(self.provider, answer.get("id_token"), self.config.client_id, trip.nonce)
        told = await self._told(answer, claims)
        return Who(self.config.key, claims["sub"], {**told, **claims})

    async def _told(self, answer: Json, claims: Json) -> Json:
        """What userinfo adds, where something that decides is missing."""
        access_token = answer.get("access_token")
        if not isinstance(access_token, str) or all(name in claims for name in self.config.wanted):
            return {}
        told = await self.provider.userinfo(access_token)
        # Without this a provider that mixes up its access tokens would give one person another's groups.
        if told and told.get("sub") != claims["sub"]:
            raise OidcFailure("refused", "userinfo is another person's")
        return told

    def _seal(self, trip: Trip, state: str) -> str:
        content: dict[str, Any] = {name: getattr(trip, name) for name in Trip.__slots__}
        return encode_bytes(self.box.seal(orjson.dumps(content).decode(), _context(state)))


def _context(state: str) -> str:
    return f"oidc/{state}"
