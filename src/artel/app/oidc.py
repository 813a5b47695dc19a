"""The provider to sign in through, where the settings name one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from artel.accounts.api_keys import ApiKeys
from artel.accounts.oidc.door import OidcDoor
from artel.accounts.oidc.flow import Flow
from artel.accounts.oidc.identities import Identities
from artel.accounts.oidc.model import OidcConfig, Wanted
from artel.accounts.oidc.people import OidcPeople
from artel.accounts.oidc.provider import Provider
from artel.accounts.revocation import Revocations
from artel.accounts.sign_ins import SignIns
from artel.accounts.users import Users
from artel.kit.secrets import SecretBox
from artel.settings import Settings
from artel.store.shards import Shards


@asynccontextmanager
async def open_oidc(
    settings: Settings,
    shards: Shards,
    box: SecretBox,
    users: Users,
    sign_ins: SignIns,
    api_keys: ApiKeys,
    revocations: Revocations,
) -> AsyncGenerator[OidcDoor | None]:
    """Asks the provider nothing yet: it may be away while we start."""
    config = oidc_config(settings)
    if config is None:
        yield None
        return
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        people = OidcPeople(config, Identities(shards), users, sign_ins, api_keys, revocations)
        yield OidcDoor(config, Flow(config, Provider(config, http), box), people)


def oidc_config(settings: Settings) -> OidcConfig | None:
    """None where no provider is named."""
    issuer, client_id, secret = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
    if issuer is None or client_id is None:
        return None
    return OidcConfig(
        issuer=issuer,
        client_id=client_id,
        client_secret=secret.get_secret_value() if secret else None,
        name=settings.oidc_name or urlsplit(issuer).hostname or issuer,
        scopes=tuple(settings.oidc_scopes.replace(",", " ").split()),
        domains=tuple(domain.removeprefix("@") for domain in settings.oidc_domains),
        required=_wanted(settings.oidc_required_claim),
        admin=_wanted(settings.oidc_admin_claim),
        link_by_email=settings.oidc_link_by_email,
        only=settings.oidc_only,
    )


def _wanted(text: str | None) -> Wanted | None:
    if not text:
        return None
    name, equals, value = text.partition("=")
    return Wanted(name.strip(), value.strip() if equals else None)
