"""Whose credentials open a provider: the user's own, the server's, or none where a server was found on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from artel.kit.guard import AddressRefused, OutgoingGuard
from artel.llm.callee import Callee
from artel.llm.errors import ModelKeyMissing, ModelUnreachable
from artel.llm.providers import PROVIDERS, ProviderSpec
from artel.llm.refs import Credentials

Source = Literal["own", "server", "local", "builtin", "none"]


class FoundServers(Protocol):
    """What knows the model servers of this machine."""

    def base_url(self, provider: str) -> str | None:
        """Where the server of this provider was found."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """A provider with the credentials that open it. fingerprint: of the credentials, to tell accesses apart."""

    spec: ProviderSpec
    credentials: Credentials
    source: Source
    fingerprint: str

    @property
    def base_url(self) -> str:
        """Where the provider is; "" for the demo model."""
        return (self.credentials.base_url or self.spec.base_url or "").rstrip("/")

    @property
    def at_usual_address(self) -> bool:
        """Whether this is the provider itself, not a server that speaks like it."""
        return self.spec.base_url is not None and (self.credentials.base_url or self.spec.base_url).startswith(
            self.spec.base_url
        )

    @property
    def trusted(self) -> bool:
        """Whether the address may be anywhere; the usual addresses are known to be public."""
        return self.credentials.trusted or self.credentials.base_url is None

    def callee(self, model: str) -> Callee:
        """How errors name a model behind this access."""
        needs_key = self.spec.needs_key and self.at_usual_address
        return Callee(self.spec.provider, self.spec.label, model, bool(self.credentials.api_key) or not needs_key)


class AccessBook:
    """Finds the access to a provider."""

    def __init__(self, server: Mapping[str, Credentials], found: FoundServers, guard: OutgoingGuard) -> None:
        self._server = dict(server)
        self._found = found
        self._guard = guard

    def open(self, provider: str, own: Credentials | None, model: str = "") -> Access:
        """The user's own credentials if there are any, else the server's, else a server found on this machine.

        Credentials are taken whole, so a user's address never sees the server's key.

        Raises:
            ModelError: no such provider, or it lacks a key or an address, or the user's address is not allowed.
        """
        spec = PROVIDERS.get(provider)
        if spec is None:
            raise Callee(provider, provider, model).error(ModelUnreachable, "provider", retryable=False)
        credentials, source = self._credentials(spec, own)
        access = Access(spec, credentials, source, credentials.fingerprint())
        callee = access.callee(model)
        if spec.kind != "demo" and not access.base_url:
            raise callee.error(ModelKeyMissing, "address")
        # Servers that only speak like OpenAI often want no key; the SDKs would look for one in the environment.
        keyless = access.spec.kind == "chat" and not access.at_usual_address
        if spec.needs_key and not credentials.api_key and not keyless:
            raise callee.error(ModelKeyMissing)
        if not access.trusted:
            try:
                self._guard.check_url(access.base_url)
            except AddressRefused as error:
                raise callee.error(ModelUnreachable, "address", retryable=False) from error
        return access

    def source(self, provider: str, own: Credentials | None) -> Source:
        """Where the credentials would come from; "none" when the provider cannot be used."""
        return self._credentials(PROVIDERS[provider], own)[1]

    def configured(self) -> list[str]:
        """The providers that the server has credentials for, in the order of the table."""
        return [provider for provider in PROVIDERS if provider in self._server]

    def _credentials(self, spec: ProviderSpec, own: Credentials | None) -> tuple[Credentials, Source]:
        if own is not None and (own.api_key or own.base_url):
            return own, "own"
        if (server := self._server.get(spec.provider)) is not None:
            # However the caller built them: only the administrator can have set these.
            return Credentials(server.api_key, server.base_url, trusted=True), "server"
        if (url := self._found.base_url(spec.provider)) is not None:
            return Credentials(None, url, trusted=True), "local"
        return Credentials(), "builtin" if spec.kind == "demo" else "none"
