"""The resident engine, as the rest of the process sees it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import ContextExceeded, EngineError, QueueFull, RequestInvalid
from models.resident.interfaces import Event, Finish, GenerationRequest, ModelCard, Statistics
from models.resident.job import Job, Mailbox
from models.resident.library import library
from models.resident.loading import LoadedModel, load_model
from models.resident.requests import check_request
from models.resident.sampling import TokenSampler
from models.resident.settings import EngineSettings
from models.resident.vocabulary import Vocabulary
from models.resident.worker import Worker

_SHORT_TEXT = 4096
"""Characters that are tokenised in a millisecond or two."""
_CHARACTERS_A_TOKEN = 64
"""No prompt has more of them on average; a longer text is refused unread."""


class ResidentEngine:
    """One model in memory, decoding the requests of all event loops together in a thread of its own."""

    def __init__(self, settings: EngineSettings, model: LoadedModel, worker: Worker) -> None:
        self._settings = settings
        self._model = model
        self._worker = worker

    @classmethod
    async def load(cls, settings: EngineSettings) -> "ResidentEngine":
        """Verify and load the model.

        Raises ModelInvalid for a file that cannot be run, EngineUnavailable where llama-cpp-python is missing or
        the memory does not suffice.
        """
        return await asyncio.to_thread(cls._load, settings)

    @classmethod
    def _load(cls, settings: EngineSettings) -> "ResidentEngine":
        loaded = library()
        model = load_model(loaded, settings)
        try:
            worker = Worker(loaded, model, settings)
        except EngineError:
            model.close()
            raise
        worker.start()
        return cls(settings, model, worker)

    @property
    def closed(self) -> bool:
        """Whether it serves no more, closed or stopped on an error of the library."""
        return self._worker.closed.done()

    @property
    def card(self) -> ModelCard:
        """What is loaded."""
        return self._model.card

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Tokens as they come, and a Finish at the end. Closing the generator cancels within one step."""
        job = await self._accept(request)
        queue = job.mailbox.queue
        try:
            while True:
                message = await queue.get()
                if isinstance(message, EngineError):
                    raise message
                yield message
                if isinstance(message, Finish):
                    return
        finally:
            if not job.done:
                self._worker.cancel(job)

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a text as a prompt. Computes: long texts belong in a thread."""
        with self._model.used() as vocabulary:
            return vocabulary.tokenize(text)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens, control tokens included."""
        with self._model.used() as vocabulary:
            return vocabulary.detokenize(tokens)

    async def load_adapter(self, name: str, path: Path) -> None:
        """Make a LoRA adapter known. One of the same name is replaced for requests that come later."""
        await asyncio.wrap_future(self._worker.load_adapter(name, path))

    async def remove_adapter(self, name: str) -> None:
        """Forget an adapter once the requests that use it have ended."""
        await asyncio.wrap_future(self._worker.remove_adapter(name))

    def statistics(self) -> Statistics:
        """Counters and load, as of the last step."""
        return self._worker.statistics()

    async def close(self, *, drain_s: float = 0.0) -> None:
        """Refuse what is new, give what runs so many seconds, and free the memory. May be called twice."""
        self._worker.close(drain_s)
        await asyncio.shield(asyncio.wrap_future(self._worker.closed))

    async def _accept(self, request: GenerationRequest) -> Job:
        check_request(request)
        self._refuse_when_full()
        grammar = len(request.grammar.text) if request.grammar else 0
        if isinstance(request.prompt, str) and len(request.prompt) + grammar < _SHORT_TEXT:
            prompt, sampler = self._prepare(request)
        else:
            prompt, sampler = await asyncio.to_thread(self._prepare, request)
        job = Job(
            request=request,
            prompt=prompt,
            sampler=sampler,
            mailbox=Mailbox(asyncio.get_running_loop(), asyncio.Queue()),
            longest=min(request.max_tokens, self.card.context - len(prompt)),
            submitted_at=time.monotonic(),
        )
        self._worker.submit(job)
        return job

    def _prepare(self, request: GenerationRequest) -> tuple[NDArray[np.int32], TokenSampler]:
        with self._model.used() as vocabulary:
            tokens = self._prompt_tokens(request.prompt, vocabulary)
            sampler = TokenSampler(
                library(),
                vocabulary,
                request.sampling,
                grammar=request.grammar,
                forbidden=vocabulary.end_tokens if request.ignore_end else frozenset(),
                prompt=tokens,
            )
        return np.array(tokens, dtype=np.int32), sampler

    def _prompt_tokens(self, prompt: str | Sequence[int], vocabulary: Vocabulary) -> list[int]:
        context = self.card.context
        if isinstance(prompt, str):
            if len(prompt) > _CHARACTERS_A_TOKEN * context:
                raise ContextExceeded(
                    f"the prompt has {len(prompt)} characters, the context {context} tokens"
                )
            tokens = vocabulary.tokenize(prompt)
        else:
            tokens = list(prompt)
            vocabulary.check(tokens)
        if not tokens:
            raise RequestInvalid("the prompt is empty")
        if len(tokens) >= context:
            raise ContextExceeded(f"the prompt has {len(tokens)} tokens, the context {context}")
        return tokens

    def _refuse_when_full(self) -> None:
        waiting = self._worker.waiting
        if waiting < self._settings.queue:
            return
        self._worker.counters.refused += 1
        retry_after_s = (
            self._worker.service_s * (waiting + 1 - self._settings.queue) / self._settings.parallel
        )
        raise QueueFull(
            f"{waiting} requests wait for {self.card.name} already; try again in {retry_after_s:.1f} s",
            retry_after_s=retry_after_s,
        )
