"""One call through the whole house below HTTP: bus, runner, model, events."""

from __future__ import annotations

from uuid import UUID

import pytest

from artel.app.house import House
from artel.bus.model import Call
from artel.events.types import Event, RunCancelled, RunCompleted, RunFailed
from tests.support.stores import Stores

_AGENT = """
insert into user_agents (user_id, id, agent_id, name, config, concurrency_limit)
values ($1, $2, $3, 'Coder', $4::jsonb, 2)
"""


async def _agent(house: House, user: int, model: str = "echo", tools: str = "[]") -> str:
    agent_id = f"user{user}_coder"
    config = f'{{"name": "Coder", "model": {{"provider": "openai", "name": "{model}"}}, "tools": {tools}}}'
    async with house.shards.user_tx(user) as tx:
        await tx.execute(_AGENT, user, house.ids.uuid(), agent_id, config)
        await tx.execute("insert into chat_sessions (user_id, id, title) values ($1, 1, '')", user)
    return agent_id


def _over(event: Event) -> bool:
    return isinstance(event, RunCompleted | RunFailed | RunCancelled)


async def _ask(house: House, user: int, agent_id: str, content: str) -> tuple[UUID, Event]:
    async with house.hub.waiter(user, _over) as waiter:
        sent = await house.bus.submit(user, Call(1, agent_id, content, None, "direct"))
        end = await waiter.result(20)
        assert end is not None
        return sent.answer_id, end


async def test_a_call_is_answered_streamed_and_stored(house: House, stores: Stores) -> None:
    user = await stores.new_user()
    agent_id = await _agent(house, user)

    answer_id, end = await _ask(house, user, agent_id, "Hello there")

    assert isinstance(end, RunCompleted)
    async with house.shards.user_tx(user) as tx:
        row = await tx.fetchrow("select * from messages where user_id = $1 and id = $2", user, answer_id)
        run = await tx.fetchrow("select status, cost from runs where user_id = $1", user)
        title = await tx.fetchval("select title from chat_sessions where user_id = $1 and id = 1", user)
    assert row is not None
    assert run is not None
    assert "Hello there" in row["content"]
    assert (row["role"], row["status"], run["status"], title) == ("assistant", "complete", "completed", "Hello there")


@pytest.mark.parametrize(
    ("model", "code"), [("401", "model_key_refused"), ("404,kind=model_not_found", "model_unknown")]
)
async def test_a_refused_call_becomes_a_clear_message(house: House, stores: Stores, model: str, code: str) -> None:
    user = await stores.new_user()
    agent_id = await _agent(house, user, model="status:code=" + model)

    answer_id, end = await _ask(house, user, agent_id, "Hello")

    assert isinstance(end, RunFailed)
    assert end.error is not None
    assert end.error.code == code
    async with house.shards.user_tx(user) as tx:
        status = await tx.fetchval("select status from messages where user_id = $1 and id = $2", user, answer_id)
        last_error = await tx.fetchval("select last_error from user_agents where user_id = $1", user)
    assert status == "failed"
    assert last_error["code"] == code
