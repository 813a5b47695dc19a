"""Answers that stop in the middle until the test lets them go on: nothing has to be fast enough, or slow enough."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

from tests.support.model_scripts import SCRIPTS, Exchange, Options, Request, delta_event, usage_event

_NUMBERS = count(1)
_GATES: dict[str, Gate] = {}


class Gate:
    """`directive` in an instruction answers "w0 w1 ...", half of the `words` at once and the rest once it is open."""

    def __init__(self, words: int = 40) -> None:
        self.words = words
        self._name = f"g{next(_NUMBERS)}"
        self._opened = asyncio.Event()
        _GATES[self._name] = self

    @property
    def directive(self) -> str:
        """What an instruction says."""
        return f"[[gate name={self._name}]]"

    @property
    def half(self) -> str:
        """What can be read before it opens."""
        return _text(range(self.words // 2))

    @property
    def whole(self) -> str:
        """What can be read in the end."""
        return _text(range(self.words))

    def open(self) -> None:
        """Lets everything behind it go on, now and later."""
        self._opened.set()

    async def pour(self, exchange: Exchange) -> None:
        """Answers."""
        half = self.words // 2
        exchange.send_events(*_deltas(range(half)), end=False)
        await self._opened.wait()
        if exchange.transport.is_closing():
            return
        closing = (delta_event({}, "stop"), usage_event(12, self.words), b"data: [DONE]\n\n")
        for payload in (*_deltas(range(half, self.words)), *closing):
            exchange.transport.write(b"%x\r\n%b\r\n" % (len(payload), payload))
        exchange.transport.write(b"0\r\n\r\n")
        exchange.finish()


def _text(numbers: range) -> str:
    return " ".join(f"w{number}" for number in numbers)


def _deltas(numbers: range) -> Iterator[bytes]:
    return (delta_event({"content": f"w{number} "}) for number in numbers)


_pouring: set[asyncio.Task[None]] = set()


def _gate(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    del request, attempt
    task = asyncio.get_running_loop().create_task(_GATES[options["name"]].pour(exchange))
    _pouring.add(task)
    task.add_done_callback(_pouring.discard)


SCRIPTS["gate"] = _gate
