"""Users, their sign-ins and their API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from artel.accounts.api_keys import ApiKeyView
from artel.accounts.emails import MAX_EMAIL
from artel.accounts.oidc.identities import IdentityView
from artel.accounts.oidc.model import OidcConfig
from artel.accounts.principal import Principal
from artel.accounts.sign_ins import SignInView
from artel.accounts.users import Account
from artel.agents.handles import user_prefix
from artel.gateway.shapes.common import Body, Shape

Email = Annotated[str, Field(max_length=MAX_EMAIL, examples=["ada@example.org"])]
Password = Annotated[str, Field(max_length=1_000, examples=["correct horse battery"])]
Locale = Literal["ru", "en"]


class Credentials(Body):
    """What one signs in with."""

    email: Email
    password: Password


class Registration(Body):
    """A new account; without a locale the browser's language decides."""

    email: Email
    password: Password
    locale: Locale | None = None


class Registered(Shape):
    """The new account."""

    id: int
    email: str


class Me(Shape):
    """The account of who asks."""

    id: int
    email: str
    role: Literal["admin", "user"]
    locale: Locale
    created_at: datetime
    user_prefix: str = Field(examples=["user1_"])
    has_password: bool
    """False where one signs in through a provider only."""


class MePatch(Body):
    """What may be changed about oneself."""

    locale: Locale | None = None


class PasswordChange(Body):
    """Both passwords; `current_password` is null for an account that has none yet."""

    current_password: Password | None = None
    new_password: Password


class OidcOption(Shape):
    """A provider to sign in through, at `GET /auth/oidc/start/`."""

    name: str = Field(examples=["Example ID"])


class Options(Shape):
    """Whether a stranger may make an account, and how one signs in."""

    registration: Literal["first", "open", "closed"]
    can_register: bool
    needs_first_account: bool
    oidc: OidcOption | None
    password: bool
    """False: only through the provider."""


class LinkIn(Body):
    """The present password; null for an account that has none."""

    current_password: Password | None = None


class LinkAt(Shape):
    """The provider's address to open."""

    url: str = Field(examples=["https://id.example.org/authorize?response_type=code"])


class Identity(Shape):
    """A person of the provider's who is this account."""

    email: str | None
    created_at: datetime
    used_at: datetime


class IdentityOf(Shape):
    """Who one is at the provider."""

    name: str = Field(examples=["Example ID"])
    issuer: str = Field(examples=["https://id.example.org"])
    identity: Identity | None
    can_unlink: bool
    """False where nothing else would open the account."""


class SignIn(Shape):
    """A browser that is signed in."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    current: bool


class SignInList(Shape):
    """All of them, the last seen first."""

    items: list[SignIn]
    next_cursor: None = None


class ApiKeyIn(Body):
    """A new key."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = Field(
        default="", examples=["my laptop"]
    )


class ApiKey(Shape):
    """A key, without what opens the door."""

    id: UUID
    name: str
    hint: str = Field(examples=["…x9Qz"])
    created_at: datetime
    last_used_at: datetime | None


class NewApiKey(ApiKey):
    """The only answer that holds the key itself."""

    key: str = Field(examples=["artel_1_4Vn…"])


class ApiKeyList(Shape):
    """All of them, the newest first."""

    items: list[ApiKey]
    next_cursor: None = None


def me(account: Account) -> Me:
    """For `GET /auth/me`."""
    return Me(
        id=account.id,
        email=account.email,
        role=account.role,
        locale=account.locale,
        created_at=account.created_at,
        user_prefix=user_prefix(account.id),
        has_password=account.has_password,
    )


def identity_of(view: IdentityView | None, config: OidcConfig, *, can_unlink: bool) -> IdentityOf:
    """For `GET /auth/oidc/identity/`."""
    identity = view and Identity(email=view.email, created_at=view.created_at, used_at=view.used_at)
    return IdentityOf(name=config.name, issuer=config.issuer, identity=identity, can_unlink=can_unlink)


def sign_in(view: SignInView, asking: Principal) -> SignIn:
    """One row of the list."""
    return SignIn(
        id=view.id,
        created_at=view.created_at,
        last_seen_at=view.last_seen_at,
        expires_at=view.expires_at,
        user_agent=view.user_agent,
        current=view.id == asking.sign_in_id,
    )


def api_key(view: ApiKeyView) -> ApiKey:
    """One row of the list."""
    return ApiKey(
        id=view.id, name=view.name, hint=view.hint, created_at=view.created_at, last_used_at=view.last_used_at
    )


def new_api_key(view: ApiKeyView, key: str) -> NewApiKey:
    """The answer to who made it."""
    return NewApiKey(**api_key(view).model_dump(), key=key)
