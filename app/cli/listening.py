"""The address that the service listens on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.output import CommandFailed
from app.settings import HttpSettings

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # recognised, not bound


@contextmanager
def listen(http: HttpSettings) -> Iterator[socket.socket]:
    """A bound socket, so that a port in use is told before anything is started. Raises CommandFailed."""
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((http.host, http.port))
        except OSError as error:
            raise CommandFailed(
                f"cannot listen on {http.host}:{http.port}: {error.strerror or error}. If another program uses the "
                "port, choose one with --port or FREYA_HTTP__PORT (0 takes any free one)."
            ) from error
        listening.setblocking(False)
        yield listening


def address_of(listening: socket.socket) -> str:
    """Where programs on this machine reach it."""
    host, port = listening.getsockname()[:2]
    host = _EVERYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
