"""What was encrypted comes back whole, or not at all."""

from __future__ import annotations

import io

import pytest

from artel.kit.sealed_stream import MAGIC, Damaged, NotOpened, OpeningSource, SealingSink

CHEAP = (4, 8, 1)
PIECE = 64 * 1024
HEADER = len(MAGIC) + 3 + 16 + 7


def sealed(plain: bytes, passphrase: str = "open sesame") -> bytes:
    target = io.BytesIO()
    sink = SealingSink(target, passphrase, CHEAP)
    for begin in range(0, len(plain), 50_000):
        sink.write(plain[begin : begin + 50_000])
    sink.close()
    return target.getvalue()


def opened(content: bytes, passphrase: str = "open sesame", at_once: int = 10_000) -> bytes:
    source = OpeningSource(io.BytesIO(content), passphrase)
    parts: list[bytes] = []
    while part := source.read(at_once):
        parts.append(part)
    return b"".join(parts)


class Dripping:
    """A pipe that gives few bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int, /) -> bytes:
        return self._content.read(min(size, 777))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_it_comes_back(size: int) -> None:
    plain = bytes(range(251)) * (size // 251 + 1)

    assert opened(sealed(plain[:size])) == plain[:size]


def test_it_comes_back_through_a_pipe_and_at_once() -> None:
    plain = b"words " * 30_000

    assert OpeningSource(Dripping(sealed(plain)), "open sesame").read() == plain


def test_nothing_of_it_can_be_read_in_the_file() -> None:
    assert b"words" not in sealed(b"words " * 1000)
    assert sealed(b"words") != sealed(b"words")


@pytest.mark.parametrize("content", [b"", MAGIC, b"something else" * 20, MAGIC + bytes([40, 8, 1]) + bytes(60)])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(NotOpened):
        opened(content)


def test_another_passphrase_is_refused() -> None:
    with pytest.raises(NotOpened):
        opened(sealed(b"words"), "open says me")


def test_a_changed_header_is_refused() -> None:
    content = bytearray(sealed(b"words"))
    content[len(MAGIC) + 3] ^= 1

    with pytest.raises(NotOpened):
        opened(bytes(content))


@pytest.mark.parametrize("cut", [1, 16, PIECE, PIECE + 16, 2 * PIECE + 32])
def test_a_file_that_was_cut_off_is_damaged(cut: int) -> None:
    with pytest.raises((Damaged, NotOpened)):
        opened(sealed(bytes(3 * PIECE))[:-cut])


def test_pieces_cannot_be_exchanged_left_out_or_changed() -> None:
    content = sealed(bytes(4 * PIECE))
    head, piece = content[:HEADER], PIECE + 16
    pieces = [content[HEADER:][begin : begin + piece] for begin in range(0, len(content) - HEADER, piece)]
    first, second, third, *rest = pieces
    changed = bytes([second[0] ^ 1]) + second[1:]

    for order in ((first, third, second), (first, third), (first, changed, third)):
        with pytest.raises(Damaged):
            opened(head + b"".join((*order, *rest)))
