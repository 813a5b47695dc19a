"""What the administrator says of the provider, what it says of a person, and what can go wrong between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from artel.kit.errors import ArtelError

Problem = Literal[
    "off",
    "cancelled",
    "expired",
    "unreachable",
    "refused",
    "clock",
    "not_allowed",
    "no_email",
    "email_taken",
    "closed",
    "disabled",
    "attempts",
    "other_user",
    "linked_elsewhere",
    "linked_already",
]
"""Why somebody is not signed in: the page has words for each."""

MAX_SUBJECT: Final = 255
"""Characters, as OpenID Connect Core has it."""


class OidcFailure(ArtelError):
    """Signing in through the provider did not work. Try again, or ask the administrator of this server."""

    status = 403
    slug = "oidc-failed"

    def __init__(self, problem: Problem, log: str = "") -> None:
        """log: what the administrator is told, never a secret."""
        super().__init__()
        self.problem: Problem = problem
        self.log = log


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim that somebody must have: `name=value`, or `name` alone, which must then be true."""

    name: str
    value: str | None = None

    def is_in(self, claims: Mapping[str, Any]) -> bool:
        """Whether it is there, as the value itself or among several."""
        found = claims.get(self.name)
        if self.value is None:
            return found is True
        values = cast(list[Any], found) if isinstance(found, list) else [found]
        return any(isinstance(each, str) and each == self.value for each in values)


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """The provider, and who of its people may come in."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = ""
    scopes: Sequence[str] = ("openid", "email", "profile")
    domains: Sequence[str] = ()
    """Of addresses that may come in; none: all."""
    required: Wanted | None = None
    admin: Wanted | None = None
    """Who has it is an administrator, and who has it not is none; None: the provider has no say in it."""
    link_by_email: bool = False
    only: bool = False
    """No passwords any more."""

    @property
    def key(self) -> str:
        """What identities are kept under: the issuer, whose slash at the end makes no other provider."""
        return self.issuer.rstrip("/")

    @property
    def wanted(self) -> Sequence[str]:
        """Claims that are needed to decide; userinfo is asked for those which the ID token has not got."""
        return ("email", *(claim.name for claim in (self.required, self.admin) if claim))


@dataclass(frozen=True, slots=True)
class Who:
    """A person as the provider knows them, proved."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def email(self) -> str | None:
        """What the provider says is their address."""
        email = self.claims.get("email")
        return email if isinstance(email, str) and email else None

    @property
    def email_verified(self) -> bool:
        """Only a plain yes counts; some providers write it as text."""
        return self.claims.get("email_verified") in (True, "true")
