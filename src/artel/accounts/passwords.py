"""Passwords: argon2id, off the event loop, a few at a time."""

from __future__ import annotations

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from artel.kit.errors import FieldProblem, Invalid

MIN_PASSWORD = 8
MAX_PASSWORD = 256
"""Characters. Long ones are fine; endless ones would only cost time."""

_TOO_SHORT_OR_LONG = FieldProblem(
    "password",
    f"Between {MIN_PASSWORD} and {MAX_PASSWORD} characters, please.",
    "password_length",
    {"min_length": MIN_PASSWORD, "max_length": MAX_PASSWORD},
)

_PASSES, _KIBIBYTES, _LANES = 2, 19 * 1024, 1
"""OWASP's recommendation for argon2id; some 20 ms of one core."""

_AT_ONCE = 2


class Passwords:
    """Hashes and checks passwords. A check takes as long for a user who does not exist as for one who does."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        """hasher: with other costs than the usual ones."""
        self._passwords = PasswordHash((hasher or Argon2Hasher(_PASSES, _KIBIBYTES, _LANES),))
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store.

        Raises:
            Invalid: the password is too short or too long.
        """
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise Invalid("This password cannot be used.", reason="password-unusable", fields=[_TOO_SHORT_OR_LONG])
        async with self._slots:
            return await asyncio.to_thread(self._passwords.hash, _bytes(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; stored: None when there is no such user, which takes just as long."""
        if len(password) > MAX_PASSWORD:
            return False
        async with self._slots:
            if self._nobodys is None:
                self._nobodys = await asyncio.to_thread(self._passwords.hash, b"nobody's password")
            known = stored is not None and Argon2Hasher.identify(stored)
            matches = await asyncio.to_thread(
                self._passwords.verify, _bytes(password), stored if known and stored else self._nobodys
            )
        return matches and known


def _bytes(password: str) -> bytes:
    # JSON may carry half of a surrogate pair; a password of that kind is odd, and still a password.
    return password.encode("utf-8", "surrogatepass")
