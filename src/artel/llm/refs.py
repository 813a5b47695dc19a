"""Names of models and the keys that open them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from pydantic_ai.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as a user names it: the provider's id and the model's name there, such as openai and gpt-5-mini."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Reads "provider:name"; the name may hold further colons, as Ollama's tags do.

        Raises:
            ValueError: there is no provider or no name.
        """
        provider, separator, name = text.partition(":")
        if not (separator and provider and name):
            raise ValueError(f"not a model: {text!r}; write provider:name")
        return cls(provider, name)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens one provider for one owner: a user's own key and address, or the server's.

    trusted: the address may be on this machine or in a private network. True for what the administrator set in the
    environment; for a user's own address the caller decides.
    """

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    trusted: bool = False

    def fingerprint(self) -> str:
        """Tells credentials apart without holding the key: usable as a cache key."""
        text = "\x00".join((self.api_key or "", self.base_url or "", str(self.trusted)))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """How an agent wants to be answered; None leaves the choice to the provider."""

    temperature: float | None = None
    max_tokens: int | None = None

    def as_model_settings(self) -> ModelSettings:
        """The same for Pydantic AI."""
        settings = ModelSettings()
        if self.temperature is not None:
            settings["temperature"] = self.temperature
        if self.max_tokens is not None:
            settings["max_tokens"] = self.max_tokens
        return settings
