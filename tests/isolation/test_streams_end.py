"""A stream ends when its right does: at once, in every process; and within the guard's interval if that was missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from artel.accounts.passwords import Passwords
from artel.accounts.principal import Principal
from artel.accounts.revocation import Revocations
from artel.accounts.users import Users
from artel.events.client import redis_client
from artel.events.control import ControlChannel
from artel.events.guard import PrincipalGuard
from artel.events.subscriber import Subscriber
from artel.store.shards import Shards
from tests.support.isolation_http import Caller
from tests.support.isolation_people import PASSWORD, Proof
from tests.support.isolation_streams import at_both_processes, ended, listening
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds
from tests.support.live_http import StreamClient


@dataclass(frozen=True)
class Scene:
    """A user with two browsers and a key. `wire` is the process that what ends a stream is said to."""

    world: World
    user: Caller
    browser: Proof
    other_browser: Proof
    key: Proof
    wire: int

    def at(self, proof: Proof) -> Caller:
        """The user at the acting process."""
        return replace(self.user, wire=self.world.wires[self.wire], headers=proof.headers)


async def _signs_out(scene: Scene) -> None:
    await scene.at(scene.browser).ok("POST", "/auth/logout")


async def _ends_it_from_elsewhere(scene: Scene) -> None:
    await scene.at(scene.other_browser).ok("DELETE", f"/auth/sessions/{scene.browser.id}/")


async def _changes_the_password(scene: Scene) -> None:
    body = {"current_password": PASSWORD, "new_password": PASSWORD}
    await scene.at(scene.other_browser).ok("POST", "/auth/password", body)


async def _deletes_the_key(scene: Scene) -> None:
    await scene.at(scene.browser).ok("DELETE", f"/my/api-keys/{scene.key.id}/")


async def _is_disabled(scene: Scene) -> None:
    await scene.world.houses[scene.wire].users.set_active(scene.user.email, active=False)


async def _is_disabled_by_a_command(scene: Scene) -> None:
    """As `artel user disable`, which runs in a process of its own."""
    stores = scene.world.stores
    shards, redis = Shards([urls.app for urls in stores.databases]), redis_client(stores.redis_url)
    await shards.start()
    try:
        revocations = Revocations(ControlChannel(redis, Subscriber(redis)))
        await Users(shards, Passwords(), revocations, "closed").set_active(scene.user.email, active=False)
    finally:
        await redis.aclose()
        await shards.stop()


def _listening(scene: Scene, proof: Proof, wire: int) -> AbstractAsyncContextManager[StreamClient]:
    return listening(scene.world.wires[wire], proof.headers)


async def _scene(world: World, wire: int) -> Scene:
    email = f"listener{world.houses[0].ids.number()}@example.org"
    user = await world.people.registered("a listener", email, PASSWORD)
    browser, other = await world.people.browser(user.user_id), await world.people.browser(user.user_id)
    return Scene(world, user, browser, other, await world.people.program(user.user_id), wire)


async def _still_lives(stream: StreamClient, owner: Caller) -> None:
    agent = await owner.ok(
        "POST", "/my/agents/", {"name": "Alive", "model": {"provider": "openai", "name": "scripted"}}
    )
    body = {"name": "Alive", "model": {"provider": "openai", "name": "scripted"}}
    await owner.ok("PUT", f"/my/agents/{agent['agent_id']}/", body)
    assert (await stream.event())["agent_id"] == agent["agent_id"]


@in_worlds(ALL_LAYERS)
@at_both_processes
@pytest.mark.parametrize(
    ("ends", "listens_with", "others_stay"),
    [
        pytest.param(_signs_out, "browser", True, id="signs-out"),
        pytest.param(_ends_it_from_elsewhere, "browser", True, id="ends-the-sign-in-from-elsewhere"),
        pytest.param(_changes_the_password, "browser", True, id="changes-the-password"),
        pytest.param(_deletes_the_key, "key", True, id="deletes-the-key"),
        pytest.param(_is_disabled, "browser", False, id="is-disabled"),
        pytest.param(_is_disabled_by_a_command, "key", False, id="is-disabled-by-a-command"),
    ],
)
async def test_it_ends_with_its_right(
    world: World, wire: int, ends: Callable[[Scene], Awaitable[None]], listens_with: str, others_stay: bool
) -> None:
    scene = await _scene(world, wire)
    stranger = await world.people.newcomer("somebody else")
    stranger_proof = await world.people.browser(stranger.user_id)
    proof: Proof = getattr(scene, listens_with)

    async with AsyncExitStack() as stack:
        doomed = await stack.enter_async_context(_listening(scene, proof, 0))
        sibling = await stack.enter_async_context(_listening(scene, scene.other_browser, 0))
        bystander = await stack.enter_async_context(_listening(scene, stranger_proof, 0))

        await ends(scene)

        await ended(doomed)
        if others_stay:
            await _still_lives(sibling, replace(scene.user, headers=scene.other_browser.headers))
        else:
            await ended(sibling)
        await _still_lives(bystander, stranger)
    for each in world.wires:
        reply = await Caller("who was there", each, proof.headers).send("GET", "/my/events/")
        assert reply.status == 401


@in_worlds(ALL_LAYERS)
async def test_what_nobody_told_is_found_when_the_connection_is_back(world: World) -> None:
    scene = await _scene(world, 0)

    async with _listening(scene, scene.browser, 0) as doomed, _listening(scene, scene.other_browser, 0) as sibling:
        await world.stores.as_migrator("delete from sign_ins where id = $1", scene.browser.id)
        await cast(Any, world.stores.redis).client_kill_filter(_type="pubsub")

        await ended(doomed)
        await _still_lives(sibling, replace(scene.user, headers=scene.other_browser.headers))


@in_worlds(ALL_LAYERS)
@pytest.mark.parametrize("way", ["delete from sign_ins where id = $1", "delete from api_keys where id = $1"])
async def test_what_nobody_told_is_found_by_the_guard(world: World, way: str) -> None:
    scene = await _scene(world, 0)
    house = world.houses[0]
    proof = scene.browser if "sign_ins" in way else scene.key

    async def may_listen(principal: object) -> bool:
        return await house.authenticator.is_valid(cast(Principal, principal))

    async with _listening(scene, proof, 0) as doomed, _listening(scene, scene.other_browser, 0) as sibling:
        await world.stores.as_migrator(way, proof.id)
        guard = PrincipalGuard(house.hub, may_listen, interval_s=0.05)
        guard.start()

        await ended(doomed)
        await _still_lives(sibling, replace(scene.user, headers=scene.other_browser.headers))
        await guard.aclose()


@in_worlds(ALL_LAYERS)
async def test_a_disabled_user_that_nobody_told_of_is_found_by_the_guard(world: World) -> None:
    scene = await _scene(world, 0)
    house = world.houses[0]

    async def may_listen(principal: object) -> bool:
        return await house.authenticator.is_valid(cast(Principal, principal))

    async with _listening(scene, scene.browser, 0) as doomed:
        await world.stores.as_migrator("update users set is_active = false where id = $1", scene.user.user_id)
        guard = PrincipalGuard(house.hub, may_listen, interval_s=0.05)
        guard.start()

        await ended(doomed)
        await guard.aclose()
