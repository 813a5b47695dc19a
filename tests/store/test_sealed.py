"""Everything that is sealed is known, and is sealed anew without anybody noticing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import LargeBinary
from sqlalchemy.exc import DBAPIError

from artel.accounts.provider_keys import ProviderKeys
from artel.kit.ids import IdMaker
from artel.kit.secrets import SecretBox, UnreadableSecret, key_id
from artel.store.idempotency import IdempotencyStore, RequestKey, StoredAnswer
from artel.store.roles import prepare_database, role_password, role_urls, working_urls
from artel.store.schema import METADATA
from artel.store.sealed import SEALED, Tally, count_sealed, reseal
from artel.store.shards import Shards
from artel.tools.mcp.model import Client, Pending, Secrets
from artel.tools.mcp.sealed import McpSecrets
from tests.support.servers import FreshDatabase
from tests.support.stores import SECRET_KEY, Stores

OLD, NEW = "the key of the old days", "the key of these days"
CLIENT = Client("issuer", "id", "https://here.example.org/", "https://there.example.org/token")
NOT_SEALED = {
    "api_keys.token_hash": "a hash",
    "file_chunks.content": "the user's own",
    "files.sha256": "a hash",
    "idempotency_keys.fingerprint": "a hash",
    "invitations.token_hash": "a hash",
    "mcp_sign_ins.state_hash": "a hash",
    "password_links.token_hash": "a hash",
    "sign_ins.token_hash": "a hash",
}
"""Columns of bytes that no key seals, and what they are."""

_SERVER = """
insert into mcp_servers (user_id, id, handle, name, transport, url, auth, header_names, sealed_secrets, status, tools)
values ($1, $2, 'notes', 'Notes', 'http', 'https://example.org/mcp', 'none', '[]', $3, 'ready', '[]')
"""
_SIGN_IN = """
insert into mcp_sign_ins (user_id, state_hash, server_id, sealed, expires_at)
values ($1, $2, $3, $4, now() + interval '1 hour')
"""


class House:
    """What seals and opens, with these keys."""

    def __init__(self, stores: Stores, *keys: str) -> None:
        self.box = SecretBox(*keys)
        self.providers = ProviderKeys(stores.shards, self.box)
        self.answers = IdempotencyStore(stores.shards, self.box)
        self.mcp = McpSecrets(self.box)


async def _fill(stores: Stores, house: House) -> tuple[int, Any, bytes]:
    """One sealed value of each kind."""
    user, server, state = await stores.new_user(), IdMaker().uuid(), b"\x01\xff" * 16
    await house.providers.put(user, "openai", api_key="sk-of-the-user", base_url=None)
    await house.providers.put(user, "ollama", api_key=None, base_url="http://127.0.0.1:1")
    async with stores.shards.user_tx(user) as tx:
        await house.answers.keep(tx, RequestKey.of("once", "POST", "/", b""), StoredAnswer(201, "made"))
        sealed = house.mcp.seal(user, server, Secrets(headers={"X-Key": "of the user"}))
        await tx.execute(_SERVER, user, server, sealed)
        pending = house.mcp.seal_pending(
            user,
            state,
            Pending(CLIENT, "verifier", False),
        )
        await tx.execute(_SIGN_IN, user, state, server, pending)
    return user, server, state


async def _opens(stores: Stores, house: House, user: int, server: Any, state: bytes) -> None:
    assert (await house.providers.all(user))["openai"].api_key == "sk-of-the-user"
    assert await house.answers.find(user, RequestKey.of("once", "POST", "/", b"")) == StoredAnswer(201, "made")
    async with stores.shards.user_tx(user) as tx:
        row = await tx.fetchval("select sealed_secrets from mcp_servers where user_id = $1", user)
        pending = await tx.fetchval("select sealed from mcp_sign_ins where user_id = $1", user)
    assert house.mcp.open(user, server, row).headers == {"X-Key": "of the user"}
    assert house.mcp.open_pending(user, state, pending).verifier == "verifier"


def test_every_column_of_bytes_is_known_as_sealed_or_not() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    sealed = {f"{each.table}.{each.column}" for each in SEALED}
    assert columns == sealed | NOT_SEALED.keys(), "name a new one in store/sealed.py, or here"
    assert not sealed & NOT_SEALED.keys()
    for each in SEALED:
        assert [column.name for column in METADATA.tables[each.table].primary_key] == ["user_id", each.key]


async def test_everything_is_sealed_anew_and_the_old_key_can_go(stores: Stores) -> None:
    made = await _fill(stores, House(stores, OLD))
    both = House(stores, NEW, OLD)
    await _opens(stores, both, *made)

    tally = Tally()
    await reseal(stores.shards, both.box, made[0], tally)

    assert (tally.resealed, tally.total("current"), tally.total("old")) == (4, 4, 0)
    await _opens(stores, House(stores, NEW), *made)
    with pytest.raises(UnreadableSecret):
        await House(stores, OLD).answers.find(made[0], RequestKey.of("once", "POST", "/", b""))
    again = Tally()
    await reseal(stores.shards, both.box, made[0], again)
    assert (again.resealed, again.total("current")) == (0, 4)


async def test_what_is_sealed_with_what_is_counted(stores: Stores) -> None:
    user, *_ = await _fill(stores, House(stores, OLD))
    await House(stores, NEW).providers.put(user, "anthropic", api_key="sk-new", base_url=None)
    await House(stores, "a key nobody remembers").providers.put(user, "google", api_key="sk-lost", base_url=None)

    tally = Tally()
    await count_sealed(stores.shards, SecretBox(NEW, OLD), user, tally)

    assert tally.by_column()["provider_keys.sealed_key"] == {"current": 1, "old": 1, "unreadable": 1}
    assert tally.by_column()["mcp_sign_ins.sealed"] == {"old": 1}


async def test_tokens_that_are_being_renewed_are_left_to_who_renews_them(stores: Stores) -> None:
    user, *_ = await _fill(stores, House(stores, OLD))
    async with stores.shards.user_tx(user) as tx:
        await tx.execute("update mcp_servers set renewing_until = now() + interval '1 minute' where user_id = $1", user)

    tally = Tally()
    await reseal(stores.shards, SecretBox(NEW, OLD), user, tally)

    assert tally.by_column()["mcp_servers.sealed_secrets"] == {"old": 1}
    assert tally.resealed == 3


def test_a_box_opens_with_older_keys_and_seals_with_the_newest() -> None:
    old, both, new = SecretBox(OLD), SecretBox(NEW, OLD), SecretBox(NEW)

    assert both.open(old.seal("words", "here"), "here") == "words"
    assert new.open(both.seal("words", "here"), "here") == "words"
    assert both.is_current(new.seal("words", "here"), "here")
    assert not both.is_current(old.seal("words", "here"), "here")
    assert not both.is_current(new.seal("words", "here"), "there")
    assert key_id(OLD) != key_id(NEW)


async def test_servers_go_on_while_the_roles_passwords_change(stores: Stores, fresh_database: FreshDatabase) -> None:
    [urls] = stores.databases
    database = await fresh_database()
    kept = await prepare_database(database, NEW, old_keys=[SECRET_KEY])
    assert kept.app.password == urls.app.password, "other processes may know the old key alone"
    candidates = [role_urls(database, NEW), role_urls(database, SECRET_KEY)]
    assert await working_urls(candidates, candidates[0]) == candidates[1]

    running = Shards([urls.app], other_passwords=[role_password(NEW, "artel_app")])
    stranger = Shards([urls.app], other_passwords=[role_password("a key of somebody else", "artel_app")])
    try:
        await prepare_database(database, NEW)
        await running.start()
        assert list(running.by_name) == ["shard1"]
        with pytest.raises(DBAPIError, match="password authentication failed"):
            await stranger.start()
    finally:
        # The roles belong to the whole server, which other tests use too.
        await prepare_database(database, SECRET_KEY)
        await running.stop()
        await stranger.stop()
