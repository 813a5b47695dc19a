"""Asks the Artel in this container whether it answers; the exit status says so. The image has no curl.

`health.py [PATH]`: PATH is /healthz unless given; /readyz asks for the stores too. A worker answers on
ARTEL_METRICS_PORT, everything else on PORT. Standard library only, so that it starts in a few milliseconds.
"""

import http.client
import os
import sys

TIMEOUT_SECONDS = 4


def answers(path: str, port: int) -> bool:
    """Whether 127.0.0.1:`port` answers a GET of `path` with a status below 400."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "/healthz"
    own_port = os.environ.get("ARTEL_METRICS_PORT") or os.environ.get("PORT") or "8000"
    sys.exit(0 if answers(asked, int(own_port)) else 1)
