"""What can go wrong with the servers that Freya runs itself.

EmbeddedError
├── DataFolderUnusable     missing rights, not a folder, no space
├── DataFolderBusy         another service instance holds the folder
├── AccountUnusable        run as root, and no unprivileged account can run PostgreSQL
├── ServerMissing          no usable program for a server
└── ServerDidNotStart      the program ran and gave up, or never became ready
"""

from pathlib import Path


class EmbeddedError(Exception):
    """An embedded server cannot be used; the message says what to do."""


class DataFolderUnusable(EmbeddedError):
    """The data folder cannot be created, written or filled."""


class DataFolderBusy(EmbeddedError):
    """Another service instance holds the data folder.

    `pid` and `address` are those of the holder, `None` while it has not written them yet.
    """

    def __init__(self, data: Path, *, pid: int | None, address: str | None) -> None:
        process = "another process" if pid is None else f"process {pid}"
        serving = "" if address is None else f", at {address}"
        super().__init__(
            f"Freya already runs on the data folder {data} ({process}{serving}). "
            "Stop that one, or give this one a data folder of its own."
        )
        self.data = data
        self.pid = pid
        self.address = address


class AccountUnusable(EmbeddedError):
    """PostgreSQL refuses to run as root, and no other account can do it."""


class ServerMissing(EmbeddedError):
    """No program was found for a server."""


class ServerDidNotStart(EmbeddedError):
    """A server gave up or did not become ready; `log_tail` holds its last lines."""

    def __init__(self, server: str, reason: str, *, advice: str, log: Path, log_tail: str) -> None:
        said = f"\nIts last words ({log}):\n{log_tail}" if log_tail else f"\nIts log {log} is empty."
        super().__init__(f"{server} did not start: {reason}. {advice}{said}")
        self.server = server
        self.log_tail = log_tail
