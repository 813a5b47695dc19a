"""Plans across users: a model is no more trusted than a client, and an inbox holds what is one's own."""

from __future__ import annotations

import pytest

from tests.support.isolation_attacks import leaks
from tests.support.isolation_plans import HELPER, ask, propose
from tests.support.isolation_world import ALL_LAYERS, World, in_worlds
from tests.support.plans import plan, request, task


def foreign_agents(world: World) -> list[str]:
    """The victim's agents, by every name they have."""
    return [*world.victim.named["agent_id"].values(), *world.victim.said["handle"].values()]


async def test_a_model_cannot_give_work_to_anothers_agent(world: World) -> None:
    attacker, before = world.neighbour, await world.ledger.of(world.victim.id)

    findings: list[str] = []
    for name in foreign_agents(world):
        run = await ask(attacker, request(plan(task("one", agent=name))), wait=20)
        reply = await attacker.send("GET", f"/my/runs/{run}/")
        findings += leaks(world, reply, name)
        if [each["task_id"] for each in reply.json()["tasks"]] != ["plan"] or reply.json()["status"] != "failed":
            findings.append(f"{name}: {reply.body.decode()}")

    assert findings == []
    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


async def test_a_rehearsal_knows_no_agent_of_anothers(world: World) -> None:
    attacker, before = world.neighbour, await world.ledger.of(world.victim.id)

    for name in foreign_agents(world):
        body = {"content": request(plan(task("one", agent=name)))}
        reply = await attacker.send("POST", "/my/orchestrators/test/", body)
        assert (reply.status, reply.json()["type"]) == (502, "/problems/no-plan")
        assert world.victim.treasure.found_in(reply.whole, name) == []

    assert (await world.ledger.of(world.victim.id)).changes_since(before) == []


async def test_a_refused_edit_leaves_ones_own_plan_as_it_was(world: World) -> None:
    attacker = world.neighbour
    approval = await propose(
        attacker, request(plan(task("one", agent=HELPER, do="Mine."), task("two", agent=HELPER, do="Mine too.")))
    )

    statuses = {
        (
            await attacker.send("POST", f"/my/tools/{approval}/confirm/", {"edited": plan(task("one", agent=name))})
        ).status
        for name in foreign_agents(world)
    }
    inbox = (await attacker.ok("GET", "/my/approvals/?status=pending"))["items"]

    assert statuses == {422}
    [mine] = [each for each in inbox if each["id"] == approval]
    assert [(each["agent"], each["instruction"]) for each in mine["plan"]["tasks"]] == [
        (HELPER, "Mine."),
        (HELPER, "Mine too."),
    ]


@pytest.mark.parametrize("status", ["", "pending", "confirmed", "rejected", "expired", "cancelled"])
async def test_an_inbox_holds_ones_own_alone(world: World, status: str) -> None:
    target = f"/my/approvals/?limit=100{f'&status={status}' if status else ''}"
    victim = world.victim

    replies = [await attacker.send("GET", target) for attacker in world.attackers]

    assert [word for reply in replies for word in victim.treasure.found_in(reply.whole)] == []


@in_worlds(ALL_LAYERS)
async def test_the_victims_inbox_holds_what_the_others_do_not(world: World) -> None:
    reply = await world.victim.caller.send("GET", "/my/approvals/?limit=100")

    assert {each["id"] for each in reply.json()["items"]} >= set(world.victim.named["approval_id"].values())
    assert world.victim.treasure.content_in(reply.whole)
