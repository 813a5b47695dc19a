"""Who reads, when, and what happens when it cannot be done, or is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Any

import orjson
import pytest

from artel.accounts.spending import month_start
from artel.agents.reading.due import ENOUGH, FULL
from artel.agents.reading.lease import LEASE_SECONDS
from artel.agents.reading.reader import LATER, SOON, VISIT_SECONDS
from artel.kit.clock import utc_now
from artel.kit.secrets import UnreadableSecret
from artel.llm.errors import ModelKeyRefused, ModelOverloaded
from artel.store.shards import StoreUnavailable
from tests.support.chats import Chat, new_chat
from tests.support.reading import COST, Asked, Desk, pause, plain_answer, spent
from tests.support.stores import Stores

_BUDGET = "insert into budgets (user_id, monthly_usd) values ($1, $2)"


async def long_chat(chat: Chat, number: int) -> None:
    await chat.say(*(f"message {place}" for place in range(number)))
    await chat.set(unsummarised=number)


async def due(stores: Stores) -> set[int]:
    """Whom the function finds, asked as the loop asks."""
    return {row[0] for row in await stores.as_migrator("select users_with_unread_chats(100)")}


@pytest.mark.parametrize(
    ("unsummarised", "unlearned", "is_quiet", "is_due"),
    [
        (FULL, 0, False, True),
        (FULL - 1, 0, True, False),
        (0, ENOUGH, False, True),
        (0, ENOUGH - 1, False, False),
        (0, 1, True, True),
        (0, 0, True, False),
    ],
)
async def test_who_is_found_is_who_is_read(
    chat: Chat, desk: Desk, stores: Stores, unsummarised: int, unlearned: int, is_quiet: bool, is_due: bool
) -> None:
    await chat.tell(*(f"I like number {number}" for number in range(FULL)))
    await chat.set(unsummarised=unsummarised, unlearned=unlearned)
    if is_quiet:
        await chat.grow_quiet()

    assert await due(stores) == ({chat.user_id} if is_due else set())
    await desk.read(chat)

    assert bool(desk.asked) == is_due
    assert await due(stores) == set()


async def test_two_processes_ask_once(chat: Chat, desk: Desk, stores: Stores) -> None:
    first_asked, go_on = asyncio.Event(), asyncio.Event()

    async def answer(asked: Asked) -> Any:
        first_asked.set()
        await go_on.wait()
        return plain_answer(asked)

    desk.answer = answer
    await long_chat(chat, FULL)

    first = asyncio.create_task(desk.reader().read(chat.user_id))
    await first_asked.wait()
    found = await due(stores)
    await desk.reader().read(chat.user_id)
    go_on.set()
    await first

    assert found == set()
    assert (len(desk.asked), len(await chat.summaries()), len(await spent(chat))) == (1, 1, 1)


async def test_no_transaction_is_open_while_a_model_is_asked(chat: Chat, desk: Desk, stores: Stores) -> None:
    open_ones: list[Any] = []

    async def answer(asked: Asked) -> Any:
        open_ones.extend(
            await stores.as_migrator(
                "select query from pg_stat_activity where usename = 'artel_app' and state like 'idle in transaction%'"
            )
        )
        return plain_answer(asked)

    desk.answer = answer
    await long_chat(chat, FULL)

    await desk.read(chat)

    assert (len(desk.asked), open_ones) == (1, [])


async def test_who_lost_the_lease_writes_nothing(chat: Chat, desk: Desk) -> None:
    async def answer(asked: Asked) -> Any:
        if len(desk.asked) == 1:
            # We slept for so long that another came, and is done.
            await chat.do("update memory_state set read_after = now() - interval '1 second' where user_id = $1")
            await desk.reader().read(chat.user_id)
            return {"summary": "Late."}
        return plain_answer(asked)

    desk.answer = answer
    await long_chat(chat, FULL)

    await desk.read(chat)

    assert [row["text"] for row in await chat.summaries()] == ["They talked."]
    assert (len(await spent(chat)), await pause(chat)) == (2, 0)


@pytest.mark.parametrize("what", ["summary", "facts"])
async def test_who_lost_the_lease_to_one_who_is_not_done_writes_nothing_either(
    chat: Chat, desk: Desk, what: str
) -> None:
    async def answer(asked: Asked) -> Any:
        await chat.do("update memory_state set reader = 'another' where user_id = $1")
        return {"summary": "Late."} if what == "summary" else {"facts": [{"text": "Late.", "source_message": "m1"}]}

    desk.answer = answer
    await chat.tell("My dog is called Bublik.")
    await chat.grow_quiet()
    if what == "summary":
        await long_chat(chat, FULL)

    await desk.read(chat)

    assert (len(desk.asked), await chat.summaries(), await chat.facts()) == (1, [], [])


async def test_who_lost_the_lease_asks_nothing_more(chat: Chat, desk: Desk) -> None:
    async def answer(asked: Asked) -> Any:
        await chat.do("update memory_state set reader = 'another' where user_id = $1")
        return {"summary": ""}

    desk.answer = answer
    await long_chat(chat, FULL)

    await desk.read(chat)

    assert (len(desk.asked), await chat.summaries()) == (1, [])
    [state] = await chat.read("select reader from memory_state where user_id = $1")
    assert state["reader"] == "another"


async def test_a_killed_reader_is_followed_by_another_where_it_was(chat: Chat, desk: Desk, stores: Stores) -> None:
    await long_chat(chat, FULL + 80)
    program = (sys.executable, "-m", "tests.support.reader_process")
    process = await asyncio.create_subprocess_exec(
        *program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    databases = [urls.app.render_as_string(hide_password=False) for urls in stores.databases]
    process.stdin.write(orjson.dumps({"databases": databases, "user_id": chat.user_id, "answers": 1}) + b"\n")
    async with asyncio.timeout(30):
        assert [await process.stdout.readline() for _ in range(2)] == [b"asked\n"] * 2
    process.kill()
    await process.wait()

    # It has the lease for a while.
    await desk.reader().read(chat.user_id)
    assert (desk.asked, len(await chat.summaries())) == ([], 1)
    assert LEASE_SECONDS - 60 < await pause(chat) < LEASE_SECONDS
    await chat.do("update memory_state set read_after = now() - interval '1 second' where user_id = $1")
    await desk.reader().read(chat.user_id)

    assert (len(desk.asked), len(await chat.summaries()), len(await spent(chat))) == (2, 3, 3)
    assert "message 40\n" in desk.asked[0].text
    assert await pause(chat) == 0


async def test_a_reader_that_is_ended_gives_back_what_it_has(chat: Chat, desk: Desk) -> None:
    asked = asyncio.Event()

    async def answer(_: Asked) -> Any:
        asked.set()
        await asyncio.Event().wait()

    desk.answer = answer
    await long_chat(chat, FULL)
    reading = asyncio.create_task(desk.reader().read(chat.user_id))
    await asked.wait()
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading

    assert await pause(chat) == 0
    assert await chat.read("select reader from memory_state where user_id = $1") == [{"reader": None}]


async def test_the_demo_model_does_not_read(chat: Chat, desk: Desk, stores: Stores) -> None:
    desk.is_demo = True
    await long_chat(chat, FULL)

    await desk.read(chat)

    assert (desk.asked, await chat.summaries(), await spent(chat)) == ([], [], [])
    assert LATER - 60 < await pause(chat) <= LATER
    assert await due(stores) == set()


async def test_nothing_is_asked_when_the_budget_is_spent(chat: Chat, desk: Desk, stores: Stores) -> None:
    await chat.do(_BUDGET, 0)
    await long_chat(chat, FULL)

    await desk.read(chat)

    assert (desk.asked, await chat.summaries(), await spent(chat)) == ([], [], [])
    assert LATER - 60 < await pause(chat) <= LATER
    assert await due(stores) == set()


async def test_the_budget_is_looked_at_before_each_question(chat: Chat, desk: Desk) -> None:
    await chat.do(_BUDGET, COST * 2)
    await long_chat(chat, FULL + 120)

    await desk.read(chat)

    assert (len(desk.asked), len(await chat.summaries()), len(await spent(chat))) == (2, 2, 2)
    counted = await chat.read(
        "select sum(cost) as cost from usage where user_id = $1 and created_at >= $2", month_start(utc_now())
    )
    assert counted == [{"cost": COST * 2}]
    assert await pause(chat) > LATER - 60


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ModelOverloaded(provider="OpenAI"), SOON),
        (ModelKeyRefused(provider="OpenAI"), LATER),
        (TimeoutError(), SOON),
        (StoreUnavailable(), SOON),
        (UnreadableSecret(), LATER),
    ],
)
async def test_what_fails_is_tried_again_when_it_may_have_passed(
    chat: Chat, desk: Desk, stores: Stores, error: Exception, seconds: float
) -> None:
    async def answer(_: Asked) -> Any:
        raise error

    desk.answer = answer
    await long_chat(chat, FULL)
    await desk.read(chat)

    assert seconds - 60 < await pause(chat) <= seconds
    assert await due(stores) == set()

    desk.answer = plain_answer
    await desk.read(chat)
    assert (len(desk.asked), len(await chat.summaries()), await pause(chat)) == (2, 1, 0)


async def test_what_nobody_foresaw_is_not_tried_again_at_once(chat: Chat, desk: Desk) -> None:
    def answer(_: Asked) -> Any:
        raise ZeroDivisionError

    desk.answer = answer
    await long_chat(chat, FULL)

    with pytest.raises(ZeroDivisionError):
        await desk.read(chat)

    assert await pause(chat) > LATER - 60


async def test_one_visit_is_not_for_ever(chat: Chat, desk: Desk) -> None:
    def answer(asked: Asked) -> Any:
        desk.now += VISIT_SECONDS / 3
        return plain_answer(asked)

    desk.answer = answer
    await long_chat(chat, FULL + 40 * 30)

    await desk.read(chat)

    assert len(desk.asked) == 3
    assert await pause(chat) == 0


async def test_all_chats_of_a_user_are_read(stores: Stores, chat: Chat, desk: Desk) -> None:
    others = [await new_chat(stores, chat.user_id) for _ in range(2)]
    for each in (chat, *others):
        await each.tell("My dog is called Bublik.")
        await each.grow_quiet()

    await desk.read(chat)

    assert len(desk.asked) == 3


async def test_a_user_who_is_gone_is_nobodys_business(chat: Chat, desk: Desk, stores: Stores) -> None:
    await long_chat(chat, FULL)

    async def answer(asked: Asked) -> Any:
        await stores.remove_users()
        return plain_answer(asked)

    desk.answer = answer
    await desk.read(chat)

    assert await stores.as_migrator("select user_id from chat_summaries") == []
