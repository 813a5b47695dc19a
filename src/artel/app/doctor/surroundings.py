"""What can be seen without any store: the settings, the data directory, the machine."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from artel.app.databases import key_file
from artel.app.doctor.finding import Finding
from artel.kit.confined.walls import filters_calls, landlock_version
from artel.settings import Settings

_HERE: Final = ("127.0.0.1", "localhost", "::1")
_LEAST_KEY: Final = 32
_LEAST_KINDS: Final = 10
_FULL, _LOW = 256 * 2**20, 2 * 2**30
_OPEN_FILES: Final = 4096


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """Combinations that start and do harm."""
    is_open = settings.host not in _HERE
    public = urlsplit(settings.public_url or "")
    if public.scheme == "http" and public.hostname not in _HERE:
        yield Finding(
            "public_url_http",
            "warning",
            "ARTEL_PUBLIC_URL begins with http://, so sign-ins cross the network readably and cookies are not Secure.",
            "Put a proxy with a certificate in front, and name its https address.",
        )
    if is_open and public.scheme != "https":
        yield Finding(
            "open_without_https",
            "warning",
            f"HOST={settings.host} listens on the network, and no https address is named.",
            "Serve on 127.0.0.1 behind a proxy with a certificate, and set ARTEL_PUBLIC_URL to its https address.",
        )
    if is_open and "*" in settings.trusted_proxies:
        yield Finding(
            "proxies_trusted",
            "warning",
            "ARTEL_TRUSTED_PROXIES=* lets everyone who reaches the port say which address they come from.",
            "Name the proxy's address.",
        )
    if settings.registration == "open" and (settings.tools_private_addresses or settings.allow_stdio_mcp):
        yield Finding(
            "strangers_and_power",
            "warning",
            "Everybody may register, and tools may reach private addresses or start programs.",
            "Close the registration, or switch ARTEL_TOOLS_PRIVATE_ADDRESSES and ARTEL_ALLOW_STDIO_MCP off.",
        )
    if len(set(settings.database_urls)) < len(settings.database_urls):
        yield Finding("same_database_twice", "error", "DATABASE_URL names one database twice.", "Name each shard once.")
    if settings.database_urls and settings.redis_url and settings.qdrant_url is None:
        yield Finding(
            "no_vector_store",
            "warning",
            "DATABASE_URL and REDIS_URL are set, QDRANT_URL is not: agents have no memory.",
            "Set QDRANT_URL.",
        )
    yield from _look_at_keys(settings)


def _look_at_keys(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None:
        if settings.database_urls:
            yield Finding(
                "secret_key_in_file",
                "error",
                "DATABASE_URL is set and ARTEL_SECRET_KEY is not: each machine would make a key of its own.",
                "Set ARTEL_SECRET_KEY, alike everywhere; on one machine, to what its secret.key holds.",
            )
        return
    for key in (settings.secret_key, *settings.secret_keys_old):
        text = key.get_secret_value()
        if len(text) < _LEAST_KEY or len(set(text)) < _LEAST_KINDS:
            yield Finding(
                "weak_secret_key",
                "warning",
                f"A secret key has {len(text)} characters, {len(set(text))} of them different.",
                "Take a random one ('openssl rand -base64 32') and run 'artel keys rotate'.",
            )
    if settings.secret_keys_old:
        yield Finding(
            "key_rotation_open",
            "note",
            "ARTEL_SECRET_KEY_OLD names old keys.",
            "When 'artel keys status' says that nothing is sealed with them, leave them out.",
        )


def look_at_machine(settings: Settings) -> Iterator[Finding]:
    """The data directory and what the system allows."""
    if settings.data_dir.exists():
        yield from _look_at_data(settings.data_dir, key_file(settings))
    elif not settings.database_urls:
        yield Finding(
            "never_started", "note", f"There is no data directory {settings.data_dir}.", "'artel serve' makes it."
        )
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < _OPEN_FILES:
        yield Finding(
            "few_open_files",
            "warning",
            f"A process may open {soft} files, and each event stream is one.",
            f"Raise the limit to {_OPEN_FILES} or more (ulimit -n, LimitNOFILE=).",
        )
    missing = [
        *(["Landlock"] if landlock_version() == 0 else []),
        *(["seccomp"] if not filters_calls() else []),
    ]
    if missing:
        yield Finding(
            "no_walls",
            "warning",
            f"The kernel has no {' and no '.join(missing)} here: python and documents are confined less.",
            "Linux 5.13 or newer has both; a container's own seccomp profile may forbid Landlock.",
        )


def _look_at_data(data: Path, key: Path) -> Iterator[Finding]:
    if not os.access(data, os.W_OK | os.X_OK):
        yield Finding("data_not_writable", "error", f"{data} cannot be written.", "Give it to the user Artel runs as.")
    if data.stat().st_uid != os.geteuid():
        yield Finding(
            "other_owner",
            "warning",
            f"{data} belongs to another user (uid {data.stat().st_uid}).",
            "Run Artel, and this, as that user.",
        )
    if key.exists() and key.stat().st_mode & 0o077:
        yield Finding("secret_readable", "error", f"Others can read {key}.", f"chmod 600 {key}, and rotate the key.")
    free = shutil.disk_usage(data).free
    if free < _LOW:
        yield Finding(
            "disk_full" if free < _FULL else "disk_low",
            "error" if free < _FULL else "warning",
            f"{free // 2**20} MB are left on the disk of {data}.",
            "Make room before PostgreSQL has to stop.",
        )
