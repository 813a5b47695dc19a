"""People of the isolation suite: callers with every kind of proof, good and bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from uuid import UUID

from artel.accounts.tokens import new_api_key, new_sign_in_token
from artel.app.house import House
from artel.kit.clock import utc_now
from artel.kit.secrets import token_hash
from tests.support.isolation_http import Caller, Wire, with_cookie, with_key
from tests.support.isolation_plans import equip
from tests.support.stores import Stores

PASSWORD = "correct horse battery"
"""Of everyone who has one, the victim excepted."""

_EXPIRED = """
insert into sign_ins (user_id, id, token_hash, user_agent, created_at, last_seen_at, expires_at)
values ($1, $2, $3, '', $4, $4, $4)
"""


@dataclass(frozen=True)
class Proof:
    """A sign-in or an API key: its id and what its owner sends."""

    id: UUID
    token: str
    headers: Mapping[str, str]


class People:
    """Makes users and their proofs, through the house but without the second that a password costs."""

    def __init__(self, house: House, stores: Stores, wires: Sequence[Wire]) -> None:
        self.house = house
        self.stores = stores
        self.wires = wires
        self._numbers = count(1)

    async def newcomer(self, name: str, *, role: str = "user", shard: str | None = None, wire: int = 0) -> Caller:
        """A new user with a browser that is signed in. wire: the process they talk to."""
        email = f"newcomer{next(self._numbers)}@example.org"
        user_id = await self.stores.new_user(email, role=role, shard=shard)
        browser = await self.browser(user_id)
        return Caller(name, self.wires[wire], browser.headers, user_id, email)

    async def registered(self, name: str, email: str, password: str, *, role: str = "user") -> Caller:
        """A new user who also has a password."""
        account = await self.house.users.add(email, password, "admin" if role == "admin" else "user")
        browser = await self.browser(account.id)
        return Caller(name, self.wires[0], browser.headers, account.id, account.email)

    async def attackers(self) -> Sequence[Caller]:
        """New users on either shard, at either process, with and without power, with a cookie and with a key."""
        first, second = self.stores.shards.by_name
        near = await self.newcomer(f"a user on {first}", shard=first)
        far = await self.newcomer(f"a user on {second}", shard=second, wire=1)
        admin = await self.newcomer("an administrator", role="admin", shard=first, wire=1)
        for each in (near, far, admin):
            await equip(each)
        key = await self.program(far.user_id)
        return near, far, admin, replace(far, name=f"the API key of {far.name}", headers=key.headers)

    async def browser(self, user_id: int, user_agent: str = "a browser") -> Proof:
        """Another browser of a user's, signed in."""
        token = await self.house.sign_ins.open(user_id, user_agent)
        found = await self.house.sign_ins.find(user_id, token_hash(token))
        assert found is not None
        return Proof(found, token, with_cookie(token))

    async def program(self, user_id: int, name: str = "a program") -> Proof:
        """An API key of a user's."""
        made = await self.house.api_keys.create(user_id, name)
        return Proof(made.view.id, made.key, with_key(made.key))

    async def expired_browser(self, user_id: int) -> Proof:
        """A sign-in whose time is over."""
        token, proof_id = new_sign_in_token(user_id), self.house.ids.uuid()
        async with self.house.shards.user_tx(user_id) as tx:
            await tx.execute(_EXPIRED, user_id, proof_id, token_hash(token), utc_now() - timedelta(seconds=1))
        return Proof(proof_id, token, with_cookie(token))


async def strangers(people: People, victim_id: int, accomplice: Caller) -> list[Caller]:
    """Everybody who is nobody: what they send proves nothing, though much of it was the victim's once.

    Those whose proof was good are known to both processes by then, so that what these remember is tried too.
    accomplice: another user, whose good secrets are put behind the victim's id.
    """
    house = people.house
    signed_out, deleted_key = await people.browser(victim_id), await people.program(victim_id)
    disabled = await people.newcomer("a disabled user")
    disabled_key = await people.program(disabled.user_id)
    for proof in (signed_out.headers, deleted_key.headers, disabled.headers, disabled_key.headers):
        for wire in people.wires:
            await Caller("known so far", wire, proof).ok("GET", "/auth/me")
    await house.sign_ins.revoke(victim_id, signed_out.id)
    await house.api_keys.revoke(victim_id, deleted_key.id)
    await house.users.set_active(disabled.email, active=False)

    own, key = await people.browser(accomplice.user_id), await people.program(accomplice.user_id)
    good, good_key = await people.browser(victim_id), await people.program(victim_id)
    bad_proofs = {
        "nobody": {},
        "a browser the victim signed out": signed_out.headers,
        "a key the victim deleted": deleted_key.headers,
        "a browser the victim used too long ago": (await people.expired_browser(victim_id)).headers,
        "a disabled user's browser": disabled.headers,
        "a disabled user's key": disabled_key.headers,
        "another's cookie with the victim's id": with_cookie(f"{victim_id}.{own.token.partition('.')[2]}"),
        "another's key with the victim's id": with_key(f"artel_{victim_id}_{key.token.split('_', 2)[2]}"),
        "a made up cookie": with_cookie(new_sign_in_token(victim_id)),
        "a made up key": with_key(new_api_key(victim_id)),
        "the victim's key as a cookie": with_cookie(good_key.token),
        "the victim's cookie as a key": with_key(good.token),
        "the victim's cookie without its end": with_cookie(good.token[:-1]),
        "the victim's cookie with zeros before it": with_cookie(f"0{good.token}"),
        "the victim's key in other letters": with_key(good_key.token.swapcase()),
        "the victim's key by another scheme": {"Authorization": f"Basic {good_key.token}"},
        "a deleted key beside another's cookie": {**deleted_key.headers, **own.headers},
        "an empty key beside another's cookie": {"Authorization": "Bearer ", **own.headers},
    }
    return [
        Caller(name, people.wires[number % len(people.wires)], headers)
        for number, (name, headers) in enumerate(bad_proofs.items())
    ]
