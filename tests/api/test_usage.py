"""What was used, and the budget of a month."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from artel.llm.pricing import PriceBook
from tests.support.api import Person, Site
from tests.support.plans import PLANNER, chain, plan, request, task
from tests.support.prices import set_prices

_USED = """
insert into usage (user_id, id, agent_id, provider, model, input_tokens, output_tokens, cost, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


def _at(day: str, time: str = "12:00:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+00:00")


async def used(
    site: Site,
    person: Person,
    cost: str | None,
    *,
    at: datetime | None = None,
    agent: str | None = "coder",
    model: str = "openai/gpt-4o",
    tokens: tuple[int, int] = (10, 5),
) -> None:
    """A model call that was made."""
    provider, _, name = model.partition("/")
    async with site.house.shards.user_tx(person.id) as tx:
        await tx.execute(
            _USED,
            person.id,
            site.house.ids.uuid(),
            agent and f"user{person.id}_{agent}",
            provider,
            name,
            *tokens,
            None if cost is None else Decimal(cost),
            at or datetime.now(UTC),
        )


async def table(person: Person, **query: Any) -> dict[str, Any]:
    """The table."""
    answer = await person.http.get("/my/usage/", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def spender(site: Site, ann: Person) -> Person:
    """Somebody who used two agents and two models in three days."""
    await used(site, ann, "0.0000001", at=_at("2026-03-01", "00:00:00"), tokens=(1, 2))
    await used(site, ann, "0.1", at=_at("2026-03-01", "23:59:59.999999"), tokens=(100, 50))
    await used(site, ann, "0.2", at=_at("2026-03-02"), agent="writer")
    await used(site, ann, "0.4", at=_at("2026-03-02"), model="anthropic/claude-3-haiku")
    await used(site, ann, None, at=_at("2026-03-02"), model="custom/own")
    await used(site, ann, None, at=_at("2026-03-03"), model="custom/own")
    await used(site, ann, "0.05", at=_at("2026-03-03"), agent=None)
    return ann


MARCH = {"since": "2026-03-01", "until": "2026-03-31"}


async def test_nothing_is_used_yet(ann: Person) -> None:
    month = f"{datetime.now(UTC):%Y-%m}"

    assert await table(ann) == {
        "items": [],
        "total": {"calls": 0, "input_tokens": 0, "output_tokens": 0, "cost": "$0.00", "unpriced_calls": 0},
        "budget": {"monthly_usd": None, "spent": "$0.00", "remaining": None, "month": month},
        "next_cursor": None,
    }


async def test_by_everything_the_newest_day_comes_first_then_the_dearest(spender: Person) -> None:
    found = await table(spender, **MARCH)

    coder, writer = f"user{spender.id}_coder", f"user{spender.id}_writer"
    assert [
        (row["day"], row["agent_id"], row["provider"], row["model"], row["calls"], row["cost"], row["unpriced_calls"])
        for row in found["items"]
    ] == [
        ("2026-03-03", None, "openai", "gpt-4o", 1, "$0.05", 0),
        ("2026-03-03", coder, "custom", "own", 1, None, 1),
        ("2026-03-02", coder, "anthropic", "claude-3-haiku", 1, "$0.40", 0),
        ("2026-03-02", writer, "openai", "gpt-4o", 1, "$0.20", 0),
        ("2026-03-02", coder, "custom", "own", 1, None, 1),
        ("2026-03-01", coder, "openai", "gpt-4o", 2, "$0.1000001", 0),
    ]
    assert (found["items"][-1]["input_tokens"], found["items"][-1]["output_tokens"]) == (101, 52)
    assert found["total"] == {
        "calls": 7,
        "input_tokens": 151,
        "output_tokens": 77,
        "cost": "$0.7500001",
        "unpriced_calls": 2,
    }


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        (["day"], [("2026-03-03", "$0.05", 1), ("2026-03-02", "$0.60", 1), ("2026-03-01", "$0.1000001", 0)]),
        (["agent"], [("coder", "$0.5000001", 2), ("writer", "$0.20", 0), (None, "$0.05", 0)]),
        (["model"], [("claude-3-haiku", "$0.40", 0), ("gpt-4o", "$0.3500001", 0), ("own", None, 2)]),
        (["model", "model"], [("claude-3-haiku", "$0.40", 0), ("gpt-4o", "$0.3500001", 0), ("own", None, 2)]),
    ],
)
async def test_one_key_groups_by_it_alone(spender: Person, by: list[str], rows: list[tuple[Any, ...]]) -> None:
    found = await table(spender, **MARCH, by=by)

    key = {"day": "day", "agent": "agent_id", "model": "model"}[by[0]]
    prefix = f"user{spender.id}_"
    assert [
        ((row[key] or "").removeprefix(prefix) or None, row["cost"], row["unpriced_calls"]) for row in found["items"]
    ] == rows
    others = {"day", "agent_id", "model", "provider"} - {key} - ({"provider"} if key == "model" else set())
    assert {row[other] for row in found["items"] for other in others} == {None}
    assert found["total"]["cost"] == "$0.7500001"


async def test_two_keys_group_by_both(spender: Person) -> None:
    found = await table(spender, **MARCH, by=["agent", "day"])

    assert [(row["day"], row["calls"], row["model"]) for row in found["items"]] == [
        ("2026-03-03", 1, None),
        ("2026-03-03", 1, None),
        ("2026-03-02", 2, None),
        ("2026-03-02", 1, None),
        ("2026-03-01", 2, None),
    ]


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2026-03-01", "2026-03-01", {"2026-03-01"}),
        ("2026-03-02", "2026-03-02", {"2026-03-02"}),
        ("2026-03-02", "2026-03-31", {"2026-03-03", "2026-03-02"}),
        ("2026-02-01", "2026-02-28", set[str]()),
    ],
)
async def test_both_days_are_included_and_end_at_midnight_utc(
    spender: Person, since: str, until: str, days: set[str]
) -> None:
    assert {row["day"] for row in (await table(spender, since=since, until=until))["items"]} == days


async def test_when_left_out_it_is_the_last_thirty_days(site: Site, ann: Person) -> None:
    now = datetime.now(UTC)
    for days in (0, 29, 30):
        await used(site, ann, "1", at=now - timedelta(days=days))

    found = await table(ann, by="day")

    assert [row["day"] for row in found["items"]] == [f"{now - timedelta(days=days):%Y-%m-%d}" for days in (0, 29)]


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, "since", "comes after the last day"),
        ({"since": "2999-01-01"}, "since", "comes after today"),
        ({"since": "2025-01-01", "until": "2026-03-01"}, "since", "at most 366"),
        ({"since": "0001-01-01", "until": "9999-12-31"}, "since", "at most 366"),
        ({"since": "yesterday"}, "since", None),
        ({"until": "2026-02-30"}, "until", None),
        ({"by": "colour"}, "by.0", None),
        ({"by": ["day", "run"]}, "by.1", None),
    ],
)
async def test_what_cannot_be_asked_for(ann: Person, query: dict[str, Any], field: str, says: str | None) -> None:
    answer = await ann.http.get("/my/usage/", params=query)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert says is None or says in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", [{"until": "0001-01-01"}, {"until": "9999-12-31"}, {"since": "9999-01-01", "until": "9999-12-31"}]
)
async def test_the_ends_of_the_calendar_are_no_trouble(ann: Person, query: dict[str, str]) -> None:
    assert (await table(ann, **query))["items"] == []


async def test_a_budget_is_set_kept_and_lifted(site: Site, ann: Person) -> None:
    await used(site, ann, "0.1")
    await used(site, ann, "0.0000001")
    await used(site, ann, None)
    await used(site, ann, "50", at=datetime.now(UTC).replace(day=1) - timedelta(days=1))
    month = f"{datetime.now(UTC):%Y-%m}"

    put = await ann.http.put("/my/budget/", json={"monthly_usd": 20.5})

    assert put.status_code == 200
    assert put.json() == {"monthly_usd": 20.5, "spent": "$0.1000001", "remaining": "$20.3999999", "month": month}
    assert (await ann.http.get("/my/budget/")).json() == (await table(ann))["budget"] == put.json()
    lower = await ann.http.put("/my/budget/", json={"monthly_usd": 0.05})
    assert (lower.json()["remaining"], lower.json()["spent"]) == ("$0.00", "$0.1000001")
    lifted = await ann.http.put("/my/budget/", json={"monthly_usd": None})
    assert lifted.json() == {"monthly_usd": None, "spent": "$0.1000001", "remaining": None, "month": month}
    assert (await ann.http.get("/my/budget/")).json() == lifted.json()


@pytest.mark.parametrize(
    ("sent", "remaining"), [(0.1, "$0.10"), (0.000001, "$0.000001"), (1_000_000, "$1000000.00"), (0, "$0.00")]
)
async def test_a_budget_is_exact(ann: Person, sent: float, remaining: str) -> None:
    answer = await ann.http.put("/my/budget/", json={"monthly_usd": sent})

    assert (answer.json()["monthly_usd"], answer.json()["remaining"]) == (sent, remaining)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"monthly_usd": -1},
        {"monthly_usd": -0.000001},
        {"monthly_usd": 1_000_001},
        {"monthly_usd": 0.0000001},
        {"monthly_usd": "much"},
        {"monthly_usd": "Infinity"},
        {"monthly_usd": "NaN"},
        {"monthly_usd": [1]},
    ],
)
async def test_what_cannot_be_a_budget_is_refused_and_changes_nothing(ann: Person, body: dict[str, Any]) -> None:
    await ann.http.put("/my/budget/", json={"monthly_usd": 3})

    answer = await ann.http.put("/my/budget/", json=body)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "monthly_usd")
    assert (await ann.http.get("/my/budget/")).json()["monthly_usd"] == 3


async def test_the_money_of_two_users_does_not_mix(site: Site, ann: Person, bob: Person) -> None:
    await used(site, ann, "1.5")
    await ann.http.put("/my/budget/", json={"monthly_usd": 2})
    await bob.http.put("/my/budget/", json={"monthly_usd": 7})
    await bob.http.put("/my/budget/", json={"monthly_usd": None})

    hers, his = [(await person.http.get("/my/budget/")).json() for person in (ann, bob)]

    assert (hers["monthly_usd"], hers["spent"], hers["remaining"]) == (2, "$1.50", "$0.50")
    assert (his["monthly_usd"], his["spent"], his["remaining"]) == (None, "$0.00", None)
    assert (await table(bob))["items"] == []


@pytest.fixture
async def priced(site: Site) -> AsyncGenerator[None]:
    """Models cost something in this test."""
    set_prices(site.house)
    yield
    site.house.pool._prices = PriceBook()  # pyright: ignore[reportPrivateUsage]


@pytest.mark.usefixtures("priced")
async def test_an_answer_is_counted_and_one_over_the_budget_refused(ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "answer:tokens=5"})
    chat = await ann.chat()
    answered = (await ann.say(chat, "@coder hi")).json()
    [row] = (await table(ann))["items"]

    await ann.http.put("/my/budget/", json={"monthly_usd": 0.01})
    refused = (await ann.say(chat, "@coder and now?")).json()

    assert (answered["status"], answered["cost"], row["cost"], row["calls"]) == ("complete", "$0.062", "$0.062", 1)
    assert (refused["status"], refused["error"]["code"], refused["cost"]) == ("failed", "budget_exceeded", None)
    assert "$0.01" in refused["error"]["detail"]
    assert (await ann.http.get("/my/budget/")).json()["remaining"] == "$0.00"
    agent = (await ann.http.get("/my/agents/")).json()["items"][0]
    assert (agent["status"], agent["last_error"]["code"]) == ("error", "budget_exceeded")
    await ann.http.put("/my/budget/", json={"monthly_usd": None})
    assert (await ann.say(chat, "@coder once more")).json()["status"] == "complete"


@pytest.mark.usefixtures("priced")
async def test_a_run_has_a_budget_of_its_own(ann: Person) -> None:
    model = {"provider": "openai", "name": "answer:tokens=5"}
    await ann.http.put("/my/orchestrators/", json={"model": model, "budget_usd": 0})
    chat = await ann.chat()

    refused = (await ann.say(chat, "Do something.")).json()
    await ann.http.put("/my/orchestrators/", json={"model": model, "budget_usd": 1})
    answered = (await ann.say(chat, "Do something.")).json()

    assert (refused["status"], refused["error"]["code"]) == ("failed", "budget_exceeded")
    assert "The budget of this run ($0.00) is spent" in refused["error"]["detail"]
    assert answered["status"] == "complete"


@pytest.mark.usefixtures("priced")
async def test_a_plan_is_not_even_asked_for_without_money(ann: Person) -> None:
    await ann.agent()
    await ann.http.put("/my/orchestrators/", json={"model": {"provider": "openai", "name": "planner"}})
    await ann.http.put("/my/budget/", json={"monthly_usd": 0})

    planned = (await ann.say(await ann.chat(), "Do it together.")).json()
    tried = await ann.http.post("/my/orchestrators/test/", json={"content": "Do it together."})

    assert (planned["status"], planned["error"]["code"]) == ("failed", "budget_exceeded")
    assert (tried.status_code, tried.json()["type"]) == (409, "/problems/budget-exceeded")
    assert (await table(ann))["items"] == []


@pytest.mark.usefixtures("priced")
async def test_a_bad_plan_is_not_sent_back_without_money(site: Site, ann: Person) -> None:
    await ann.agent()
    # an answer of the planner costs $0.12
    await ann.http.put("/my/orchestrators/", json={"model": PLANNER, "budget_usd": 0.10})
    bad = plan(task("t1", agent="nobody"))

    planned = (await ann.say(await ann.chat(), request(bad, plan(task("t1"))))).json()

    assert (planned["status"], planned["error"]["code"]) == ("failed", "budget_exceeded")
    [row] = (await table(ann))["items"]
    assert (row["calls"], row["cost"]) == (1, "$0.12")
    assert (await ann.http.get(f"/my/runs/{planned['run_id']}/")).json()["cost"] == "$0.12"


@pytest.mark.usefixtures("priced")
async def test_a_teams_work_ends_when_its_run_has_spent_its_budget(ann: Person) -> None:
    for name in ("Coder", "Writer"):
        await ann.agent(name, model={"provider": "openai", "name": "answer:tokens=5"})
    # enough for the plan and for the first of its tasks
    settings = {"model": PLANNER, "budget_usd": 0.17, "plan_approval": "never", "max_parallel": 1}
    await ann.http.put("/my/orchestrators/", json=settings)
    names = ("t1", "t2", "t3")

    ended = (await ann.say(await ann.chat(), request(chain(names)))).json()

    run = (await ann.http.get(f"/my/runs/{ended['run_id']}/")).json()
    tasks = {each["task_id"]: each for each in run["tasks"]}
    assert (run["status"], run["error"]["code"], run["cost"]) == ("failed", "budget_exceeded", "$0.182")
    assert [tasks[name]["status"] for name in names] == ["done", "failed", "skipped"]
    assert tasks["t2"]["error"]["code"] == "budget_exceeded"
    by_agent = (await table(ann, by="agent"))["items"]
    assert sorted((row["agent_id"].partition("_")[2], row["cost"]) for row in by_agent) == [
        ("coder", "$0.062"),
        ("orchestrator", "$0.12"),
    ]
