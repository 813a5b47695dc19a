"""Passwords: hashed, checked, and checked against nobody."""

from __future__ import annotations

import time

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from artel.accounts.passwords import MAX_PASSWORD, Passwords
from artel.kit.errors import Invalid


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1))


async def test_only_the_password_opens(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")

    assert stored.startswith("$argon2id$")
    assert "correct" not in stored
    assert await passwords.verify("correct horse", stored)
    assert not await passwords.verify("Correct horse", stored)
    assert not await passwords.verify("", stored)


async def test_nobodys_password_opens_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify("nobody's password", None)
    assert not await passwords.verify("anything", "!")
    assert not await passwords.verify("anything", "")


@pytest.mark.parametrize("password", ["", "1234567", "x" * (MAX_PASSWORD + 1)])
async def test_too_short_and_too_long_ones_are_refused(passwords: Passwords, password: str) -> None:
    with pytest.raises(Invalid):
        await passwords.hash(password)
    assert not await passwords.verify(password, None)


async def test_any_text_can_be_a_password(passwords: Passwords) -> None:
    for password in ("пароль из слов", "🦊🦊🦊🦊🦊🦊🦊🦊", "half a pair \ud83e"):
        assert await passwords.verify(password, await passwords.hash(password))


async def test_a_user_who_does_not_exist_takes_as_long() -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    await passwords.verify("warm up", None)

    async def fastest(known: str | None) -> float:
        times: list[float] = []
        for _ in range(5):
            # Of the processor: how busy the machine is with others says nothing.
            began = time.process_time()
            await passwords.verify("wrong password", known)
            times.append(time.process_time() - began)
        return min(times)

    assert 0.3 < await fastest(None) / await fastest(stored) < 3
