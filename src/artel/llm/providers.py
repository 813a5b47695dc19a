"""The providers of models that this house knows, and what the environment says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from artel.llm.refs import Credentials

ProviderKind = Literal["chat", "anthropic", "google", "demo"]


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One provider, as it is before anyone's key or address."""

    provider: str
    label: str
    kind: ProviderKind
    base_url: str | None = None
    """Where it is when nobody says otherwise."""
    needs_key: bool = True
    free: bool = False
    """Its models cost nothing: they run on the owner's machine, or are no models at all."""
    prices: str | None = None
    """Its id in genai-prices."""
    key_path: str | None = None
    """What only a valid key may read, where the list of models is open to everyone."""
    key_variables: tuple[str, ...] = ()
    url_variables: tuple[str, ...] = ()
    local_port: int | None = None
    """Where a server of this kind listens on the owner's machine."""
    usual_model: str | None = None
    """A good all-round model at its usual address, for who has not chosen yet."""
    seats: int = 256
    """How many calls may run at once with one key."""


DEMO: Final = "demo"

PROVIDERS: Final[Mapping[str, ProviderSpec]] = {
    spec.provider: spec
    for spec in (
        ProviderSpec(
            "openai",
            "OpenAI",
            "chat",
            "https://api.openai.com/v1",
            prices="openai",
            usual_model="gpt-5.6-terra",
            key_variables=("OPENAI_API_KEY",),
            url_variables=("OPENAI_BASE_URL",),
        ),
        ProviderSpec(
            "anthropic",
            "Anthropic",
            "anthropic",
            "https://api.anthropic.com",
            prices="anthropic",
            usual_model="claude-sonnet-5-5",
            key_variables=("ANTHROPIC_API_KEY",),
            url_variables=("ANTHROPIC_BASE_URL",),
        ),
        ProviderSpec(
            "google",
            "Google Gemini",
            "google",
            "https://generativelanguage.googleapis.com",
            prices="google",
            usual_model="gemini-3.8-flash",
            key_variables=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
            url_variables=("GOOGLE_BASE_URL", "GOOGLE_GEMINI_BASE_URL"),
        ),
        ProviderSpec(
            "openrouter",
            "OpenRouter",
            "chat",
            "https://openrouter.ai/api/v1",
            prices="openrouter",
            usual_model="openrouter/auto",
            key_path="/key",
            key_variables=("OPENROUTER_API_KEY",),
            url_variables=("OPENROUTER_BASE_URL",),
        ),
        # Servers on one machine queue by themselves; a few seats keep the time to the first token honest.
        ProviderSpec(
            "ollama",
            "Ollama",
            "chat",
            needs_key=False,
            free=True,
            key_variables=("OLLAMA_API_KEY",),
            url_variables=("OLLAMA_BASE_URL", "OLLAMA_HOST"),
            local_port=11434,
            seats=8,
        ),
        ProviderSpec(
            "lmstudio",
            "LM Studio",
            "chat",
            needs_key=False,
            free=True,
            url_variables=("LMSTUDIO_BASE_URL",),
            local_port=1234,
            seats=8,
        ),
        ProviderSpec(
            "llamacpp",
            "llama.cpp",
            "chat",
            needs_key=False,
            free=True,
            key_variables=("LLAMACPP_API_KEY",),
            url_variables=("LLAMACPP_BASE_URL",),
            local_port=8080,
            seats=8,
        ),
        ProviderSpec(
            "vllm",
            "vLLM",
            "chat",
            needs_key=False,
            free=True,
            key_variables=("VLLM_API_KEY",),
            url_variables=("VLLM_BASE_URL",),
            local_port=8000,
        ),
        ProviderSpec(
            "custom",
            "OpenAI-compatible server",
            "chat",
            needs_key=False,
            key_variables=("CUSTOM_API_KEY",),
            url_variables=("CUSTOM_BASE_URL",),
        ),
        ProviderSpec(DEMO, "Demo", "demo", needs_key=False, free=True),
    )
}


def credentials_from(environment: Mapping[str, str]) -> dict[str, Credentials]:
    """The server-wide credentials in the usual variables, trusted because only the administrator sets them."""
    found: dict[str, Credentials] = {}
    for spec in PROVIDERS.values():
        key = _first(environment, spec.key_variables)
        url = _first(environment, spec.url_variables)
        if key or url:
            found[spec.provider] = Credentials(key, with_scheme(url, spec) if url else None, trusted=True)
    return found


def with_scheme(url: str, spec: ProviderSpec) -> str:
    """A base URL from what people write: Ollama's own variable is "host:port", and chat servers want /v1."""
    if "://" not in url:
        url = f"http://{url}"
    url = url.rstrip("/")
    host = url.partition("://")[2]
    if spec.local_port is not None and "/" not in host:
        if ":" not in host:
            url = f"{url}:{spec.local_port}"
        url = f"{url}/v1"
    return url.replace("://0.0.0.0", "://127.0.0.1")


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := environment.get(name, "").strip())), None)
