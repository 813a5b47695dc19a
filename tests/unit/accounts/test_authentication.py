"""The cache of principals: fast while revocations are heard, careful while they are not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest

from artel.accounts.api_keys import ApiKeys
from artel.accounts.authentication import Authenticator
from artel.accounts.revocation import Revocations, Revoked
from artel.accounts.sign_ins import SignIns
from artel.events.control import ControlChannel
from artel.events.subscriber import Subscriber
from artel.kit.ids import IdMaker
from tests.support.stores import Stores


@dataclass
class Door:
    """One process's way in; `hears` says whether its control channel stands."""

    sign_ins: SignIns
    api_keys: ApiKeys
    revocations: Revocations
    authenticator: Authenticator
    hears: bool = True
    now: float = 0.0


def _door(stores: Stores) -> Door:
    revocations = Revocations(ControlChannel(stores.redis, Subscriber(stores.redis)))
    sign_ins = SignIns(stores.shards, IdMaker(), revocations)
    api_keys = ApiKeys(stores.shards, IdMaker(), revocations)
    door: Door
    authenticator = Authenticator(
        stores.shards, sign_ins, api_keys, revocations, lambda: door.hears, timer=lambda: door.now
    )
    door = Door(sign_ins, api_keys, revocations, authenticator)
    return door


@pytest.fixture
def door(stores: Stores) -> Door:
    return _door(stores)


async def test_what_was_found_is_remembered_for_seconds(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    token = await door.sign_ins.open(user, "x")
    first = await door.authenticator.sign_in(token)
    await stores.as_migrator("delete from sign_ins")

    assert first is not None
    assert first.user_id == user
    assert await door.authenticator.sign_in(token) == first
    door.now = 11
    assert await door.authenticator.sign_in(token) is None


async def test_without_the_control_channel_nothing_is_believed(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    token = await door.sign_ins.open(user, "x")
    assert await door.authenticator.sign_in(token) is not None

    door.hears = False
    await stores.as_migrator("update users set is_active = false")

    assert await door.authenticator.sign_in(token) is None


async def test_the_news_of_a_revocation_empties_the_cache_of_that_proof_only(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    gone, kept = await door.sign_ins.open(user, "x"), await door.sign_ins.open(user, "y")
    principal = await door.authenticator.sign_in(gone)
    assert principal is not None
    assert principal.sign_in_id is not None
    assert await door.authenticator.sign_in(kept) is not None
    await stores.as_migrator("delete from sign_ins")

    await door.revocations.publish(Revoked(user, [principal.sign_in_id]))

    assert await door.authenticator.sign_in(gone) is None
    assert await door.authenticator.sign_in(kept) is not None
    await door.revocations.publish(Revoked(user, None))
    assert await door.authenticator.sign_in(kept) is None


class _HeldUp(SignIns):
    """Its answers come late: the database has given them, the authenticator has not got them yet."""

    def __init__(self, door: Door, stores: Stores) -> None:
        super().__init__(stores.shards, IdMaker(), door.revocations)
        self.found = asyncio.Event()
        self.go_on = asyncio.Event()

    async def find(self, user_id: int, hashed: bytes) -> UUID | None:
        answer = await super().find(user_id, hashed)
        self.found.set()
        await self.go_on.wait()
        return answer


async def test_a_revocation_during_the_look_into_the_database_wins(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    token = await door.sign_ins.open(user, "x")
    sign_in = (await door.sign_ins.all(user))[0].id
    held_up = _HeldUp(door, stores)
    authenticator = Authenticator(stores.shards, held_up, door.api_keys, door.revocations, lambda: True)
    looking = asyncio.create_task(authenticator.sign_in(token))
    await held_up.found.wait()

    await door.sign_ins.revoke(user, sign_in)
    held_up.go_on.set()
    await looking

    assert await authenticator.sign_in(token) is None


async def test_after_the_channel_was_away_everything_is_asked_again(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    token = await door.sign_ins.open(user, "x")
    assert await door.authenticator.sign_in(token) is not None
    await stores.as_migrator("delete from sign_ins")

    door.authenticator.forget_all()

    assert await door.authenticator.sign_in(token) is None


async def test_a_principal_is_checked_against_the_database(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    by_cookie = await door.authenticator.sign_in(await door.sign_ins.open(user, "x"))
    by_key = await door.authenticator.api_key((await door.api_keys.create(user, "k")).key)
    assert by_cookie is not None
    assert by_key is not None
    assert await door.authenticator.is_valid(by_cookie)
    assert await door.authenticator.is_valid(by_key)

    await stores.as_migrator("delete from sign_ins")
    assert not await door.authenticator.is_valid(by_cookie)
    assert await door.authenticator.is_valid(by_key)
    await stores.as_migrator("update users set is_active = false")
    assert not await door.authenticator.is_valid(by_key)
    await stores.as_migrator("delete from users")
    assert not await door.authenticator.is_valid(by_key)


async def test_a_token_of_one_user_is_nothing_in_anothers_space(door: Door, stores: Stores) -> None:
    ann, bob = await stores.new_user(), await stores.new_user()
    token = await door.sign_ins.open(ann, "x")

    assert await door.authenticator.sign_in(token.replace(f"{ann}.", f"{bob}.", 1)) is None


async def test_very_many_sign_ins_push_the_oldest_out(door: Door, stores: Stores) -> None:
    user = await stores.new_user()
    tokens = [await door.sign_ins.open(user, "x") for _ in range(103)]

    assert len(await door.sign_ins.all(user)) == 100
    assert await door.authenticator.sign_in(tokens[0]) is None
    assert await door.authenticator.sign_in(tokens[-1]) is not None


async def test_many_who_come_at_once_ask_once(door: Door, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    user = await stores.new_user()
    token = await door.sign_ins.open(user, "x")
    questions: list[int] = []
    find = door.sign_ins.find

    async def counted(user_id: int, token_hash: bytes) -> UUID | None:
        questions.append(user_id)
        return await find(user_id, token_hash)

    monkeypatch.setattr(door.sign_ins, "find", counted)
    found = await asyncio.gather(*(door.authenticator.sign_in(token) for _ in range(50)))

    assert questions == [user]
    assert {principal.user_id for principal in found if principal} == {user}
    assert None not in found
