"""Budgets, where money is spent: before each call of a model, and while its answer is being written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from artel.app.house import House
from artel.bus.model import Call
from artel.events.types import Event, RunCancelled, RunCompleted, RunFailed
from tests.support.model_server import ModelServer
from tests.support.prices import INPUT, OUTPUT, set_prices
from tests.support.stores import Stores

FIVE = "answer:tokens=5"
PRICE_OF_FIVE = 12 * INPUT + 5 * OUTPUT
"""The scripted model counts twelve tokens for every question."""

_AGENT = """
insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit)
values ($1, $2, $3, 'Coder', $4::jsonb, 5)
"""
_USED = """
insert into usage (user_id, id, run_id, agent_id, provider, model, input_tokens, output_tokens, cost, created_at)
values ($1, $2, null, null, 'openai', 'm', 1, 1, $3, now() - $4::int * interval '1 day')
"""


@dataclass(frozen=True)
class Spender:
    """Somebody with a chat and one agent."""

    house: House
    model: ModelServer
    id: int

    async def agent(self, model: str, *, tools: bool = False) -> None:
        """Makes it anew, with another scripted model."""
        chosen = '[{"tool_id": "current_time"}]' if tools else "[]"
        config = f'{{"name": "Coder", "model": {{"provider": "openai", "name": "{model}"}}, "tools": {chosen}}}'
        await self._do("delete from user_agents where user_id = $1", self.id)
        await self._do(_AGENT, self.id, self.house.ids.uuid(), self.agent_id, config)

    @property
    def agent_id(self) -> str:
        return f"user{self.id}_coder"

    async def budget(self, usd: str) -> None:
        """From now on so much may be spent in a month."""
        await self._do("delete from budgets where user_id = $1", self.id)
        await self._do("insert into budgets (user_id, monthly_usd) values ($1, $2)", self.id, Decimal(usd))

    async def spent_before(self, usd: str | None, days_ago: int = 0) -> None:
        """Another call, some days ago."""
        cost = None if usd is None else Decimal(usd)
        await self._do(_USED, self.id, self.house.ids.uuid(), cost, days_ago)

    async def begin(self, content: str = "hello") -> UUID:
        """Sends a message; answers the run."""
        return (await self.house.bus.submit(self.id, Call(1, self.agent_id, content, None, "direct"))).run_id

    async def ask(self, content: str = "hello") -> dict[str, Any]:
        """Sends a message and waits; answers the answer's row."""
        return await self.until_over(await self.begin(content))

    async def until_over(self, run_id: UUID) -> dict[str, Any]:
        """The answer's row, as soon as the run is over."""

        def over(event: Event) -> bool:
            return isinstance(event, RunCompleted | RunFailed | RunCancelled) and event.run_id == run_id

        async with self.house.hub.waiter(self.id, over) as waiter:
            found = "select * from messages where user_id = $1 and run_id = $2 and role = 'assistant'"
            if not (rows := await self.rows(found, run_id)):
                assert await waiter.result(20) is not None
                rows = await self.rows(found, run_id)
        [row] = rows
        return row

    async def costs(self) -> list[Decimal | None]:
        """Of all calls that were charged, in order."""
        return [row["cost"] for row in await self.rows("select cost from usage where user_id = $1 order by id")]

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """What the user finds."""
        async with self.house.shards.user_tx(self.id) as tx:
            return [dict(row) for row in await tx.fetch(sql, self.id, *args)]

    def outcomes(self, *names: str) -> list[float | None]:
        """How many calls of models the operator is told came to each of these."""
        samples = self.house.metrics.registry.get_sample_value
        return [samples("artel_model_calls_total", {"provider": "openai", "outcome": name}) for name in names]

    async def _do(self, sql: str, *args: object) -> None:
        async with self.house.shards.user_tx(self.id) as tx:
            await tx.execute(sql, *args)


@pytest.fixture
async def spender(house: House, stores: Stores, model_server: ModelServer) -> Spender:
    """Somebody whose models cost something."""
    set_prices(house)
    spender = Spender(house, model_server, await stores.new_user())
    await spender.agent(FIVE)
    async with house.shards.user_tx(spender.id) as tx:
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, 1, '')", spender.id)
    return spender


def code(row: dict[str, Any]) -> str | None:
    """Why it failed."""
    return row["error"]["code"] if row["error"] else None


async def test_what_is_spent_is_written_down_with_its_task(spender: Spender) -> None:
    await spender.ask()

    [row] = await spender.rows("select * from usage where user_id = $1")
    assert (row["task_id"], row["agent_id"], row["cost"]) == ("answer", spender.agent_id, PRICE_OF_FIVE)


@pytest.mark.parametrize(("limit", "before"), [("0", None), ("1", "1"), ("1", "1.5")])
async def test_with_nothing_left_no_model_is_asked(spender: Spender, limit: str, before: str | None) -> None:
    await spender.budget(limit)
    if before:
        await spender.spent_before(before)

    answer = await spender.ask()

    assert (answer["status"], code(answer), answer["content"], answer["cost"]) == (
        "failed",
        "budget_exceeded",
        "",
        None,
    )
    assert spender.model.log.calls == 0
    assert await spender.costs() == ([Decimal(before)] if before else [])
    [run] = await spender.rows("select status, error from runs where user_id = $1")
    [task] = await spender.rows("select status, attempt, epoch from tasks where user_id = $1")
    [agent] = await spender.rows("select last_error from user_agents where user_id = $1")
    assert (run["status"], code(run), agent["last_error"]["code"]) == ("failed", "budget_exceeded", "budget_exceeded")
    # it is not tried again by itself
    assert (task["status"], task["attempt"], task["epoch"]) == ("failed", 0, 1)


async def test_a_raised_budget_lets_the_same_run_go_on(spender: Spender) -> None:
    await spender.budget("0")
    refused = await spender.ask()
    await spender.budget("1")

    await spender.house.bus.retry_run(spender.id, refused["run_id"])
    async with asyncio.timeout(20):
        while (answer := await spender.until_over(refused["run_id"]))["status"] == "failed":  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert (answer["status"], answer["error"], answer["cost"]) == ("complete", None, PRICE_OF_FIVE)
    [agent] = await spender.rows("select last_error from user_agents where user_id = $1")
    assert agent["last_error"] is None


async def test_the_last_call_may_go_over_and_the_next_is_refused(spender: Spender) -> None:
    await spender.budget(str(PRICE_OF_FIVE + Decimal("0.000001")))

    answers = [await spender.ask() for _ in range(3)]

    assert [answer["status"] for answer in answers] == ["complete", "complete", "failed"]
    assert await spender.costs() == [PRICE_OF_FIVE] * 2


async def test_an_answer_that_grows_over_its_budget_is_stopped(spender: Spender) -> None:
    await spender.agent("answer:tokens=2000,delay_ms=5")
    await spender.budget("0.30")

    answer = await spender.ask()

    assert (answer["status"], code(answer)) == ("failed", "budget_exceeded")
    # what was written is kept
    assert answer["content"].startswith("w0 w1 w2 ")
    # what was used is charged, and it is little more than was allowed
    assert await spender.costs() == [answer["cost"]]
    assert Decimal("0.30") < answer["cost"] < Decimal("2")
    [run] = await spender.rows("select cost from runs where user_id = $1")
    assert run["cost"] == answer["cost"]
    # the model was told to stop
    async with asyncio.timeout(5):
        await spender.model.wait_until("cancelled", 1)
    assert spender.outcomes("cancelled", "internal") == [1, None]


async def test_a_long_answer_within_the_budget_is_complete(spender: Spender) -> None:
    await spender.agent("answer:tokens=100,delay_ms=10")
    await spender.budget("1.5")

    answer = await spender.ask()

    assert (answer["status"], answer["cost"]) == ("complete", 12 * INPUT + 100 * OUTPUT)


async def test_calls_at_once_go_over_by_themselves_and_by_nothing_else(spender: Spender) -> None:
    await spender.agent("answer:tokens=5,first_ms=200")
    await spender.budget("0.01")

    runs = [await spender.begin() for _ in range(2)]
    await spender.model.wait_until("open", 2)
    together = [await spender.until_over(run) for run in runs]
    after = await spender.ask()

    # each began while something was left
    assert {answer["cost"] is not None for answer in together} == {True}
    assert (code(after), spender.model.log.calls) == ("budget_exceeded", 2)
    assert sum(cost or 0 for cost in await spender.costs()) <= 2 * PRICE_OF_FIVE


async def test_a_turn_with_tools_stops_between_two_calls(spender: Spender) -> None:
    # given an agent whose first call of the model costs more than there is, and asks for a tool
    await spender.agent("tool", tools=True)
    await spender.budget("0.10")

    answer = await spender.ask("what time is it?")

    # then that call is paid for, and no other is made
    assert (answer["status"], code(answer), spender.model.log.calls) == ("failed", "budget_exceeded", 1)
    assert await spender.costs() == [20 * INPUT + 10 * OUTPUT]
    [run] = await spender.rows("select cost from runs where user_id = $1")
    [tool] = await spender.rows("select tool_id, result is not null as has_result from tool_calls where user_id = $1")
    assert (run["cost"], tool) == (Decimal("0.12"), {"tool_id": "current_time", "has_result": True})


async def test_a_turn_with_tools_that_can_be_paid_goes_on(spender: Spender) -> None:
    await spender.agent("tool", tools=True)
    await spender.budget("1")

    answer = await spender.ask("what time is it?")

    assert (answer["status"], spender.model.log.calls) == ("complete", 2)
    assert answer["cost"] == sum(cost or 0 for cost in await spender.costs())


async def test_a_turn_with_tools_is_stopped_in_the_middle_of_its_answer(spender: Spender) -> None:
    await spender.agent("answer:tokens=2000,delay_ms=5", tools=True)
    await spender.budget("0.30")

    answer = await spender.ask()

    assert (answer["status"], code(answer)) == ("failed", "budget_exceeded")
    assert answer["content"].startswith("w0 w1 w2 ")
    assert Decimal("0.30") < answer["cost"] < Decimal("2")
    assert await spender.costs() == [answer["cost"]]
    async with asyncio.timeout(5):
        await spender.model.wait_until("cancelled", 1)
    assert spender.outcomes("cancelled", "internal") == [1, None]


async def test_unknown_prices_count_as_nothing(spender: Spender) -> None:
    await spender.agent("answer:tokens=50,delay_ms=10,price=unpriced")
    await spender.budget("0.001")
    await spender.spent_before(None)

    answers = [await spender.ask() for _ in range(2)]

    assert [(answer["status"], answer["cost"]) for answer in answers] == [("complete", None)] * 2


async def test_what_was_spent_in_another_month_does_not_count(spender: Spender) -> None:
    await spender.budget("1")
    await spender.spent_before("100", days_ago=32)

    assert (await spender.ask())["status"] == "complete"


async def test_what_another_user_spent_does_not_count(spender: Spender, house: House, stores: Stores) -> None:
    other = Spender(house, spender.model, await stores.new_user())
    await other.budget("0")
    await other.spent_before("100")
    await spender.budget("1")

    assert (await spender.ask())["status"] == "complete"


async def test_the_failure_is_told_in_the_users_language(spender: Spender, stores: Stores) -> None:
    await stores.as_migrator("update users set locale = 'ru' where id = $1", spender.id)
    stores.shards.forget(spender.id)
    spender.house.shards.forget(spender.id)
    await spender.budget("0")

    answer = await spender.ask()

    assert answer["error"]["detail"].startswith("Ваш бюджет на этот месяц ($0.00) исчерпан")
