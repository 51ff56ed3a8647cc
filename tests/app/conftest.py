"""What the tests of the application share."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from blockbuster import BlockBuster

from app.logs import configure_logs
from app.settings import LogSettings


class Logged:
    """The log lines that a test made."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """All of it."""
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        """Each line as the JSON object it is."""
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logged(blocking_guard: BlockBuster) -> Iterator[Logged]:
    """The logs of the service, as JSON, in place of the standard streams."""
    for function in blocking_guard.functions.values():
        # A traceback shows source lines: it is read from disk when a defect is logged, which is no common event.
        function.can_block_in("linecache.py", "checkcache")
        function.can_block_in("linecache.py", "updatecache")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    made = Logged()
    configure_logs(LogSettings(format="json", level="debug"), stream=made.stream)
    yield made
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
