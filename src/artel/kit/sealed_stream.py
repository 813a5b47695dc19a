"""A stream of bytes encrypted under a passphrase, in pieces, so that neither end holds it whole.

The key is made by scrypt, each piece is sealed by AES-256-GCM. A piece's nonce holds its number and whether it is the
last, and the header is associated data: pieces cannot be left out, exchanged or cut off, nor the header changed.
"""

from __future__ import annotations

import os
import struct
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from artel.kit.errors import ArtelError

MAGIC: Final = b"ARTEL-SEALED-1\n"
_PIECE: Final = 64 * 1024
_TAG: Final = 16
_SALT: Final = 16
_PREFIX: Final = 7
_COST: Final = (16, 8, 1)
"""scrypt's log2(N), r and p: 64 MB and about a fifth of a second."""
_LARGEST_COST: Final = (20, 16, 4)


class NotOpened(ArtelError):
    """The passphrase is wrong, or the file's beginning is damaged."""

    slug = "wrong-passphrase"


class Damaged(ArtelError):
    """The file is damaged, or ends too early. Take another one."""

    slug = "damaged"


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """All of them."""
        ...


class Source(Protocol):
    """Gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""
        ...


class SealingSink:
    """Encrypts what is written to it. What was not closed cannot be opened to its end."""

    def __init__(self, sink: Sink, passphrase: str, cost: tuple[int, int, int] = _COST) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._header = MAGIC + bytes(cost) + salt + self._prefix
        self._cipher = _cipher(passphrase, salt, cost)
        self._sink = sink
        self._number = 0
        self._waiting = bytearray()
        sink.write(self._header)

    def write(self, data: bytes, /) -> int:
        """Takes all of it."""
        self._waiting += data
        # The last piece is marked, so a full one waits until there is more.
        while len(self._waiting) > _PIECE:
            self._send(bytes(self._waiting[:_PIECE]), is_last=False)
            del self._waiting[:_PIECE]
        return len(data)

    def flush(self) -> None:
        """Nothing: pieces are sent when they are full."""

    def close(self) -> None:
        """Sends the last piece."""
        self._send(bytes(self._waiting), is_last=True)

    def _send(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._number += 1
        self._sink.write(self._cipher.encrypt(nonce, piece, self._header))


class OpeningSource:
    """Decrypts what a `SealingSink` wrote. Nothing of a piece is given out before it has proved to be genuine."""

    def __init__(self, source: Source, passphrase: str) -> None:
        """
        Raises:
            NotOpened: not a file of ours, or another passphrase.
        """
        self._source = source
        self._header = read_fully(source, len(MAGIC) + len(_COST) + _SALT + _PREFIX)
        rest = self._header[len(MAGIC) :]
        cost = (rest[0], rest[1], rest[2]) if len(rest) == len(_COST) + _SALT + _PREFIX else (0, 0, 0)
        if not self._header.startswith(MAGIC) or not all(0 < a <= b for a, b in zip(cost, _LARGEST_COST, strict=True)):
            raise NotOpened
        salt, self._prefix = rest[3 : 3 + _SALT], rest[3 + _SALT :]
        self._cipher = _cipher(passphrase, salt, cost)
        self._number = 0
        self._plain = b""
        self._ahead = read_fully(source, _PIECE + _TAG)
        self._ended = False
        try:
            self._next()
        except Damaged as error:
            raise NotOpened from error

    def read(self, size: int = -1, /) -> bytes:
        """
        Raises:
            Damaged: something was changed, or the end is missing.
        """
        while not self._ended and (size < 0 or len(self._plain) < size):
            self._next()
        size = len(self._plain) if size < 0 else size
        taken, self._plain = self._plain[:size], self._plain[size:]
        return taken

    def _next(self) -> None:
        piece, self._ahead = self._ahead, read_fully(self._source, _PIECE + _TAG)
        is_last = not self._ahead
        try:
            self._plain += self._cipher.decrypt(
                _nonce(self._prefix, self._number, is_last=is_last), piece, self._header
            )
        except InvalidTag as error:
            raise Damaged from error
        self._number += 1
        self._ended = is_last


def read_fully(source: Source, size: int) -> bytes:
    """So many bytes, or fewer where the source ends: a pipe gives as many as are there."""
    parts: list[bytes] = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _cipher(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> AESGCM:
    log_n, r, p = cost
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(passphrase.encode()))


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)
