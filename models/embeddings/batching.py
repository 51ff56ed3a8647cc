"""Many small requests computed together in one thread, without one waiting for another's long list."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from models.errors import EmbeddingUnavailable
from models.interfaces import Vectors

MAX_CHARACTERS = 32_768
"""Read of a text: more than 256 tokens of any prose, and few enough to be tokenised in milliseconds."""

_SLICE_CHARACTERS = (
    8_192  # some 2,000 tokens: what others wait for, at most, when a long list is being embedded
)
_SLICE_TEXTS = 64
_ROUND_TEXTS = 256

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Job:
    texts: list[str]
    answer: asyncio.Future[Vectors]


class Batcher:
    """Runs `compute` in a thread of its own, one round after another; serves the event loop it is used in first.

    A round starts at once when none is running. Requests that come meanwhile make up the next one together.
    A long list goes in slices of similar length, between which other requests have their turn. A request that
    is cancelled before its round starts costs nothing.
    """

    def __init__(self, compute: Callable[[list[str]], Vectors], *, name: str, dimensions: int) -> None:
        self._compute = compute
        self._name = name
        self._dimensions = dimensions
        self._jobs: deque[_Job] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedding")
        self._closed = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order. Raises EmbeddingUnavailable, and TypeError for one text in place of several."""
        if isinstance(texts, str):
            raise TypeError(f"embed takes a sequence of texts, not one text: [{texts[:40]!r}]")
        readable = [_readable(text) for text in texts]
        vectors = np.empty((len(readable), self._dimensions), dtype=np.float32)
        for rows in _slices(readable):
            vectors[rows] = await self._submit([readable[row] for row in rows])
        return vectors

    async def close(self) -> None:
        """Finish the round that is running, refuse what waits and whatever comes later. May be called twice."""
        self._closed = True
        while self._jobs:
            _fail(self._jobs.popleft(), self._closed_error())
        if self._worker is not None:
            await asyncio.wait([self._worker])  # being cancelled here does not cancel the work
        self._executor.shutdown(wait=False)

    def _closed_error(self) -> EmbeddingUnavailable:
        return EmbeddingUnavailable(f"the embedding model {self._name} is closed")

    async def _submit(self, texts: list[str]) -> Vectors:
        if self._closed:
            raise self._closed_error()
        loop = asyncio.get_running_loop()
        job = _Job(texts, loop.create_future())
        self._jobs.append(job)
        if self._worker is None:
            self._worker = loop.create_task(self._work(), name=f"embed with {self._name}")
        return await job.answer

    async def _work(self) -> None:
        try:
            while jobs := self._round():
                await self._answer(jobs)
        finally:
            self._worker = None
            while self._jobs:  # only when the loop itself is being taken down
                _fail(self._jobs.popleft(), self._closed_error())

    def _round(self) -> list[_Job]:
        jobs: list[_Job] = []
        texts = 0
        while self._jobs and (not jobs or texts + len(self._jobs[0].texts) <= _ROUND_TEXTS):
            job = self._jobs.popleft()
            if not job.answer.done():
                jobs.append(job)
                texts += len(job.texts)
        return jobs

    async def _answer(self, jobs: list[_Job]) -> None:
        texts = [text for job in jobs for text in job.texts]
        loop = asyncio.get_running_loop()
        try:
            vectors = await loop.run_in_executor(self._executor, self._compute_or_explain, texts)
        except EmbeddingUnavailable as error:
            for job in jobs:
                _fail(job, error)
            return
        start = 0
        for job in jobs:
            end = start + len(job.texts)
            if not job.answer.done():
                job.answer.set_result(vectors[start:end])
            start = end

    def _compute_or_explain(self, texts: list[str]) -> Vectors:
        try:
            return self._compute(texts)
        except Exception as error:
            raise EmbeddingUnavailable(
                f"{self._name} failed on {len(texts)} texts: {type(error).__name__}: {error}"
            ) from error


def _fail(job: _Job, error: EmbeddingUnavailable) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)


def _readable(text: str) -> str:
    """The start of a text, as valid Unicode: a surrogate pair becomes its character, a lone one U+FFFD."""
    start = text.lstrip()[:MAX_CHARACTERS]
    try:
        start.encode("utf-8")
    except UnicodeEncodeError:
        return start.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return start


def _slices(texts: list[str]) -> Iterator[list[int]]:
    """The rows of `texts`, longest first, in slices of bounded size; a list that is small enough stays whole."""
    rows: list[int] = []
    characters = 0
    for row in sorted(range(len(texts)), key=lambda row: -len(texts[row])):
        cost = min(len(texts[row]), _SLICE_CHARACTERS)
        if rows and (characters + cost > _SLICE_CHARACTERS or len(rows) == _SLICE_TEXTS):
            yield rows
            rows, characters = [], 0
        rows.append(row)
        characters += cost
    if rows:
        yield rows
