"""What a plan may spend: whatever its shape, it goes over its budget by the calls in flight and by nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from artel.kit.money import parse_usd
from artel.llm.pricing import PriceBook
from tests.support.api import Person, Site
from tests.support.planning import begin, is_, statuses, until
from tests.support.plans import PLANNER, plan, request, task
from tests.support.prices import INPUT, OUTPUT, set_prices

TOKENS = 10
CALL = 12 * INPUT + TOKENS * OUTPUT
"""What one task costs: the scripted model counts twelve tokens of every question."""
PLANNING = 20 * INPUT + 10 * OUTPUT


@pytest.fixture
async def boss(site: Site, ann: Person) -> AsyncGenerator[Person]:
    """Somebody with a team whose words cost something."""
    set_prices(site.house)
    for name in ("Coder", "Writer"):
        await ann.agent(name)
    yield ann
    site.house.pool._prices = PriceBook()  # pyright: ignore[reportPrivateUsage]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Three to ten tasks, each of which may wait for earlier ones."""
    names = [f"t{number}" for number in range(draw(st.integers(3, 10)))]
    return plan(
        *(
            task(
                name,
                *sorted(draw(st.sets(st.sampled_from(names[:place]), max_size=2))) if place else (),
                agent=("coder", "writer")[place % 2],
                do=f"[[answer tokens={TOKENS}]]",
            )
            for place, name in enumerate(names)
        )
    )


@given(graph=graphs(), lanes=st.integers(1, 4), worth=st.integers(0, 9))
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_plan_goes_over_its_budget_by_the_calls_in_flight_at_most(
    boss: Person, graph: dict[str, Any], lanes: int, worth: int
) -> None:
    # given a budget for the planning and so many tasks
    budget = PLANNING + worth * CALL
    await boss.http.put(
        "/my/orchestrators/",
        json={"model": PLANNER, "plan_approval": "never", "max_parallel": lanes, "budget_usd": float(budget)},
    )

    # when a plan runs
    _, run_id = await begin(boss, request(graph))
    run = await until(boss, run_id, lambda run: run["status"] not in ("queued", "running", "waiting"))

    # then it comes to an end, and what was spent is written down to the last token
    spent = parse_usd(run["cost"])
    done = [name for name, status in statuses(run).items() if name.startswith("t") and status == "done"]
    summing_up = (await boss.http.get(f"/my/runs/{run_id}/tasks/synthesis/")).json()
    in_flight = max(lanes * CALL, parse_usd(summing_up["cost"] or "0"))
    assert spent < budget + in_flight
    if run["status"] == "failed":
        assert run["error"]["code"] == "budget_exceeded"
        assert spent >= budget
        # Nothing was begun for which there was no money, and planning anew was not tried.
        assert len(done) <= worth + lanes
        assert "replan" not in statuses(run)
        assert all(status in ("done", "failed", "skipped") for status in statuses(run).values())
    else:
        assert len(done) == len(graph["tasks"])


async def test_a_raised_budget_lets_a_plan_go_on_where_it_stopped(boss: Person) -> None:
    graph = plan(*(task(f"t{number}", do=f"[[answer tokens={TOKENS}]]") for number in range(4)))
    orchestrator = {"model": PLANNER, "plan_approval": "never", "max_parallel": 1}
    await boss.http.put("/my/orchestrators/", json={**orchestrator, "budget_usd": float(PLANNING + 2 * CALL)})
    _, run_id = await begin(boss, request(graph))
    stopped = await until(boss, run_id, is_("failed"))

    await boss.http.put("/my/orchestrators/", json={**orchestrator, "budget_usd": 10})
    answer = await boss.http.post(f"/my/runs/{run_id}/retry/")

    assert answer.status_code == 202
    run = await until(boss, run_id, is_("completed"))
    kept = {each["task_id"] for each in stopped["tasks"] if each["status"] == "done"}
    attempts = {each["task_id"]: each["attempt"] for each in run["tasks"]}
    assert len(kept) == 3
    assert all(attempts[name] == 1 for name in kept)
    assert parse_usd(run["cost"]) > Decimal(0)


async def test_a_call_that_came_to_nothing_makes_no_price_unknown(boss: Person) -> None:
    graph = plan(task("a", do="[[answer text=first]]"), task("b", "a", agent="writer", do="[[status code=400]]"))
    await boss.http.put("/my/orchestrators/", json={"model": PLANNER, "plan_approval": "never"})
    chat, run_id = await begin(boss, request(graph, plan()))
    await until(boss, run_id, is_("completed"))

    [made] = (await boss.http.get(f"/my/chat/{chat}/")).json()["plans"]

    assert {each["id"]: each["actual"]["cost"] for each in made["tasks"]} == {"a": "$0.022", "b": "$0.00"}
    assert made["actual"]["cost"] is not None
