"""The sockets that we serve on."""

from __future__ import annotations

import socket

from artel.kit.errors import ArtelError


def bound(host: str, port: int, taken: type[ArtelError], backlog: int | None = None) -> socket.socket:
    """A socket with this address. port: 0 takes any free one. backlog: of a socket that listens already.

    Raises:
        taken: another program has the port.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        if backlog is not None:
            listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise taken(f"{host}:{port}: {error.strerror}. {taken.__doc__}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """As a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
