"""What a confined process may use."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process, and of each process it starts before it is walled in."""

    seconds: float
    """From the start to the whole answer; then it is killed."""
    cpu_seconds: int
    address_space: int
    """Bytes it may map."""
    answer: int
    """Bytes of its answer."""
    open_files: int = 64
    network: bool = False
    """It needs the network, and so files such as /etc/resolv.conf: the walls around files and sockets are left out."""

    def dump(self) -> str:
        """As one argument of a command line."""
        return json.dumps(asdict(self))

    @staticmethod
    def load(text: str) -> Limits:
        """From what `dump` made."""
        return Limits(**json.loads(text))
