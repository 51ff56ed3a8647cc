"""How long a model of a chain may take, and when it is left alone for a while."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from models.errors import EmbeddingUnavailable, QueueFull, RequestInvalid

CLIENT: Final = "openai"
"""The client of remote endpoints; its errors come from nowhere before it is loaded."""
_FAILURES: Final = 3
_FIRST_REST_S: Final = 15.0
_LONGEST_REST_S: Final = 300.0
_ITS_OWN_FAULT: Final = frozenset({401, 403, 404, 408, 429})
_SERVER_ERROR: Final = 500


@dataclass(eq=False)
class Guard:
    """A circuit breaker around one model, shared by all chains that the model stands in.

    After three failures in a row the model rests, 15 seconds at first and twice as long each time, five minutes at
    most. Then one request tries it; the others pass it by until that one has been answered.
    """

    limit_s: float | None = None
    """Seconds until its answer has to begin, or be there where it is not streamed."""
    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _rests_until: float = 0.0
    _trying: bool = False

    def refusal(self) -> str | None:
        """Why the model is not to be asked now; None where it is, and then its end has to be told."""
        if self._failures < _FAILURES:
            return None
        left = self._rests_until - self.clock()
        if left > 0:
            return f"failed {self._failures} times and is left alone for {left:.0f} s more"
        if self._trying:
            return f"failed {self._failures} times and is being tried by another request"
        self._trying = True
        return None

    def succeeded(self) -> None:
        """It answered."""
        self._failures, self._trying = 0, False

    def failed(self, error: BaseException | None) -> None:
        """It did not; what was wrong with the request, or with the hour, is not held against it."""
        self._trying = False
        if error is None or not is_outage(error):
            return
        self._failures += 1
        rounds = self._failures - _FAILURES
        if rounds >= 0:
            self._rests_until = self.clock() + min(_LONGEST_REST_S, _FIRST_REST_S * 2.0 ** min(rounds, 10))


def is_outage(error: BaseException) -> bool:
    """Whether the next request is likely to fail in the same way."""
    status = status_of(error)
    if status is not None:
        return status >= _SERVER_ERROR or status in _ITS_OWN_FAULT
    # Without embeddings a model says so at once, and a rest would only outlast their outage.
    return not isinstance(error, RequestInvalid | QueueFull | EmbeddingUnavailable)


def status_of(error: BaseException | None) -> int | None:
    """The status that an endpoint answered with, where that is the error.

    OpenAI's client is not loaded for it: that takes a second, which a service without endpoints saves.
    """
    client = sys.modules.get(CLIENT)
    return int(error.status_code) if client and isinstance(error, client.APIStatusError) else None
