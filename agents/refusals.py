"""Turns what the trading package cannot compute into an answer the user can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from agents.tools import ToolRefused
from trading import TradingError


@contextmanager
def refusing() -> Iterator[None]:
    """Raises ToolRefused with the message of any TradingError inside."""
    try:
        yield
    except TradingError as error:
        raise ToolRefused(str(error)) from error
