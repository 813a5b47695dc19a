"""What the environment says of model providers, as the pool wants it."""

from __future__ import annotations

from pydantic import SecretStr

from artel.llm.refs import Credentials, ModelRef
from artel.settings import Settings


def server_credentials(settings: Settings) -> dict[str, Credentials]:
    """The administrator's keys and addresses by provider; only providers that something was said of."""
    found = {
        "openai": _credentials(settings.openai_api_key, settings.openai_base_url),
        "anthropic": _credentials(settings.anthropic_api_key),
        "google": _credentials(settings.google_key),
        "openrouter": _credentials(settings.openrouter_api_key),
        "ollama": _credentials(None, f"{settings.ollama_url}/v1" if settings.ollama_url else None),
    }
    return {provider: credentials for provider, credentials in found.items() if credentials is not None}


def default_model(settings: Settings) -> ModelRef | None:
    """The model the administrator chose for new agents, if any."""
    return ModelRef.parse(settings.default_model) if settings.default_model else None


def _credentials(key: SecretStr | None, base_url: str | None = None) -> Credentials | None:
    if key is None and base_url is None:
        return None
    return Credentials(key.get_secret_value() if key else None, base_url, trusted=True)
