"""Ports for servers that cannot choose one themselves and say which."""

from __future__ import annotations

import socket


def free_port() -> int:
    """One of this machine that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
