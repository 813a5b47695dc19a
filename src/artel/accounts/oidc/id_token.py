"""Whether an ID token is to be believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import jwt

from artel.accounts.oidc.model import MAX_SUBJECT, OidcFailure
from artel.accounts.oidc.provider import Provider
from artel.kit.secrets import same_bytes

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures by a key that only the provider has: never none, never a secret that we know too."""
LEEWAY_SECONDS: Final = 60
_MAX_CHARS: Final = 100_000
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat"]


async def believed(provider: Provider, token: object, client_id: str, nonce: str) -> Mapping[str, Any]:
    """The claims of a token that the provider made for this client and this very sign-in.

    Raises:
        OidcFailure: refused, clock (the two machines disagree about the time), or unreachable.
    """
    if not isinstance(token, str) or len(token) > _MAX_CHARS:
        raise OidcFailure("refused", "there is no ID token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise OidcFailure("refused", "the ID token is none") from error
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise OidcFailure("refused", "the ID token is signed in a way that proves nothing")
    key = await _key(provider, header.get("kid"), algorithm)
    issuer = (await provider.metadata()).issuer
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise OidcFailure("clock", f"the ID token is not of this time: {type(error).__name__}") from error
    except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError) as error:
        raise OidcFailure("refused", f"the ID token is not to be believed: {type(error).__name__}") from error
    _check_audience(claims, client_id)
    said = claims.get("nonce")
    if not isinstance(said, str) or not same_bytes(said.encode(), nonce.encode()):
        raise OidcFailure("refused", "the ID token is another sign-in's")
    if not 1 <= len(claims["sub"]) <= MAX_SUBJECT or "\0" in claims["sub"]:
        raise OidcFailure("refused", "the subject is empty or too long")
    return claims


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    party, audience = claims.get("azp"), claims["aud"]
    several = isinstance(audience, list) and len(cast(list[Any], audience)) > 1
    if (several or party is not None) and party != client_id:
        raise OidcFailure("refused", "the ID token was made for another client")


async def _key(provider: Provider, key_id: object, algorithm: str) -> jwt.PyJWK:
    for anew in (False, True):
        fitting = list(_fitting(await provider.keys(anew=anew), key_id, algorithm))
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise OidcFailure("refused", "the ID token does not say which key it is signed with")
    raise OidcFailure("refused", "the ID token is signed with a key that is not the provider's")


def _fitting(keys: Iterable[Mapping[str, Any]], key_id: object, algorithm: str) -> Iterable[jwt.PyJWK]:
    for key in keys:
        # A token without a key id is of the only key that fits.
        if (key_id is not None and key.get("kid") != key_id) or key.get("use", "sig") != "sig":
            continue
        if key.get("kty") == "oct" or key.get("alg", algorithm) != algorithm:
            continue
        try:
            yield jwt.PyJWK(dict(key), algorithm)
        except (jwt.InvalidKeyError, jwt.PyJWKError):
            continue
