"""A request while it is being served."""

import asyncio
import time
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineError
from models.resident.adapters import AdapterKey
from models.resident.batch import Chunk
from models.resident.interfaces import (
    Event,
    Finish,
    GenerationRequest,
    Priority,
    StopReason,
    Timings,
    Token,
    Usage,
)
from models.resident.prefixes import CachedSequence
from models.resident.sampling import Candidates, TokenSampler, likelihoods
from models.resident.text import TextStream
from models.resident.vocabulary import Vocabulary

Message: TypeAlias = Event | EngineError


@dataclass(frozen=True, eq=False)
class Mailbox:
    """Where the events of a request go: a queue, and the event loop it is read in."""

    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Message]


class Outbox:
    """Messages of a step, handed to each event loop at once."""

    def __init__(self) -> None:
        self._messages: defaultdict[asyncio.AbstractEventLoop, list[tuple[Mailbox, Message]]] = defaultdict(
            list
        )

    def put(self, mailbox: Mailbox, message: Message) -> None:
        """Keep a message until the step ends."""
        self._messages[mailbox.loop].append((mailbox, message))

    def send(self) -> None:
        """Hand out what was kept. A loop that is closed hears nothing."""
        for loop, messages in self._messages.items():
            try:
                loop.call_soon_threadsafe(_deliver, messages)
            except RuntimeError:  # the loop was closed with its streams open
                continue
        self._messages.clear()


def _deliver(messages: list[tuple[Mailbox, Message]]) -> None:
    for mailbox, message in messages:
        mailbox.queue.put_nowait(message)


@dataclass(eq=False)
class Job:
    """A request, what was computed for it, and what is still to do. Belongs to the engine's thread but for `cancelled`."""

    request: GenerationRequest
    prompt: NDArray[np.int32]
    sampler: TokenSampler
    mailbox: Mailbox
    longest: int
    """Tokens it may generate."""
    submitted_at: float
    history: "array[int]" = field(init=False)
    """Prompt and completion."""
    text: TextStream = field(init=False)
    adapters: AdapterKey = ()
    sequence: CachedSequence | None = None
    cancelled: bool = False
    done: bool = False
    reused: int = 0
    started_at: float | None = None
    first_token_at: float | None = None

    def __post_init__(self) -> None:
        self.history = array("i", self.prompt.tobytes())
        self.text = TextStream(self.request.stop)

    @property
    def priority(self) -> Priority:
        """How urgent it is."""
        return self.request.priority

    @property
    def owner(self) -> str:
        """Who asked."""
        return self.request.owner

    @property
    def remaining(self) -> int:
        """Tokens to compute before the next can be chosen."""
        return len(self.history) - (len(self.sequence) if self.sequence else 0)

    @property
    def generated(self) -> int:
        """Tokens chosen so far."""
        return len(self.history) - len(self.prompt)

    @property
    def expires_at(self) -> float:
        """When its deadline passes, on the monotonic clock."""
        deadline = self.request.deadline_s
        return float("inf") if deadline is None else self.submitted_at + deadline

    def chunk(self, size: int) -> Chunk:
        """The next tokens to compute. It must have a sequence."""
        if self.sequence is None:
            raise ValueError("a request without a sequence has nothing to compute")
        start = len(self.sequence)
        end = start + size
        return Chunk(self.sequence.number, start, self.history[start:end], output=end == len(self.history))

    def choose(
        self, logits: NDArray[np.float32], candidates: Candidates, vocabulary: Vocabulary
    ) -> list[Token | Finish]:
        """Choose the next token; its events. Raises GenerationFailed."""
        token = self.sampler.sample(logits, candidates)
        self.first_token_at = self.first_token_at or time.monotonic()
        if token in vocabulary.end_tokens:
            return [self.finish(StopReason.END)]
        self.history.append(token)
        text = self.text.push(vocabulary.piece(token, special=self.request.special_text))
        event = Token(token, text)
        if self.request.logprobs is not None:
            event = Token(token, text, *likelihoods(logits, token, self.request.logprobs, vocabulary))
        if self.text.stopped is not None:
            return [event, self.finish(StopReason.STOP)]
        if self.generated >= self.longest:
            return [event, self.finish(StopReason.LENGTH)]
        return [event]

    def finish(self, reason: StopReason) -> Finish:
        """The last event."""
        now = time.monotonic()
        return Finish(
            reason=reason,
            usage=Usage(len(self.prompt), self.reused, self.generated),
            timings=Timings(
                queued_s=(self.started_at or now) - self.submitted_at,
                first_token_s=(self.first_token_at or now) - self.submitted_at,
                total_s=now - self.submitted_at,
            ),
            text="" if reason is StopReason.STOP else self.text.flush(),
            stop=self.text.stopped,
        )
