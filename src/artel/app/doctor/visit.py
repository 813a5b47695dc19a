"""Everything that the doctor looks at, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator

from artel.app.databases import key_file, open_stores, working_databases
from artel.app.doctor.databases import look_at_databases
from artel.app.doctor.finding import Finding
from artel.app.doctor.services import look_at_memory, look_at_models, look_at_redis
from artel.app.doctor.surroundings import look_at_machine, look_at_settings
from artel.settings import Settings
from artel.store.embedded import borrow_endpoints


async def visit(settings: Settings) -> AsyncIterator[Finding]:
    """All findings. Nothing is started for it: of embedded stores only running ones are looked at."""
    for finding in (*look_at_settings(settings), *look_at_machine(settings)):
        yield finding
    endpoints = None
    if not (settings.database_urls and settings.redis_url):
        endpoints = borrow_endpoints(settings.data_dir) if settings.data_dir.exists() else None
        if endpoints is None:
            yield Finding(
                "stopped",
                "note",
                "Nothing runs on the data directory, so its stores were not looked at.",
                "Start 'artel serve' and run this again.",
            )
    # Without a key nobody knows the roles' passwords, and to ask for one would make it.
    has_key = settings.secret_key is not None or key_file(settings).exists()
    has_databases = has_key and (bool(settings.database_urls) or endpoints is not None)
    is_whole = True
    if has_databases:
        async for finding in look_at_databases(await working_databases(settings, endpoints)):
            is_whole = is_whole and finding.severity != "error"
            yield finding
    redis_url = settings.redis_url or (endpoints.redis_url if endpoints else None)
    if redis_url is not None:
        async for finding in look_at_redis(redis_url):
            is_whole = is_whole and finding.severity != "error"
            yield finding
    async for finding in look_at_models(settings):
        yield finding
    if is_whole and has_databases and redis_url is not None:
        stores = await open_stores(settings, endpoints, upgrade=False)
        async for finding in look_at_memory(settings, stores):
            yield finding
