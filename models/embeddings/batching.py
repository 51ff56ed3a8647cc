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

SLICE_TOKENS = 512
"""Computed in one go, beyond which a processor gains nothing."""

_TOKEN = 4  # characters, about
_SLICE_TEXTS = 64
_SMALL_CHARACTERS = (
    512  # of a request together, some 128 tokens: a question and its readings, a message or two
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Job:
    texts: list[str]
    cost: int
    """The characters of them that are read."""
    answer: asyncio.Future[Vectors]


class Batcher:
    """Runs `compute` in a thread of its own, one round after another; serves the event loop it is used in first.

    A round starts at once when none is running, and what comes meanwhile makes up the next one together, as far as
    it is short. A long list goes in slices of similar length. Where small requests and large ones wait, they take
    turns: a question waits for one slice at most, however many lists there are, and the lists get every other
    round. A request that is cancelled before its round starts costs nothing.
    """

    def __init__(
        self,
        compute: Callable[[list[str]], Vectors],
        *,
        name: str,
        dimensions: int,
        text_tokens: int,
        slice_tokens: int = SLICE_TOKENS,
    ) -> None:
        """`text_tokens` are read of a text at most; `slice_tokens`, about, make up a round."""
        self._compute = compute
        self._name = name
        self._dimensions = dimensions
        self._read = text_tokens * _TOKEN
        self._most = slice_tokens * _TOKEN
        self._small: deque[_Job] = deque()
        self._large: deque[_Job] = deque()
        self._large_is_next = False
        self._worker: asyncio.Task[None] | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedding")
        self._closed = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order. Raises EmbeddingUnavailable, and TypeError for one text in place of several."""
        if isinstance(texts, str):
            raise TypeError(f"embed takes a sequence of texts, not one text: [{texts[:40]!r}]")
        readable = [_readable(text) for text in texts]
        vectors = np.empty((len(readable), self._dimensions), dtype=np.float32)
        costs = [min(len(text), self._read) for text in readable]
        for rows in _slices(costs, self._most):
            vectors[rows] = await self._submit(
                [readable[row] for row in rows], sum(costs[row] for row in rows)
            )
        return vectors

    async def close(self) -> None:
        """Finish the round that is running, refuse what waits and whatever comes later. May be called twice."""
        self._closed = True
        self._refuse_waiting()
        if self._worker is not None:
            await asyncio.wait([self._worker])  # being cancelled here does not cancel the work
        self._executor.shutdown(wait=False)

    def _closed_error(self) -> EmbeddingUnavailable:
        return EmbeddingUnavailable(f"the embedding model {self._name} is closed")

    def _refuse_waiting(self) -> None:
        for jobs in (self._small, self._large):
            while jobs:
                _fail(jobs.popleft(), self._closed_error())

    async def _submit(self, texts: list[str], cost: int) -> Vectors:
        if self._closed:
            raise self._closed_error()
        loop = asyncio.get_running_loop()
        job = _Job(texts, cost, loop.create_future())
        (self._small if cost <= _SMALL_CHARACTERS else self._large).append(job)
        if self._worker is None:
            self._worker = loop.create_task(self._work(), name=f"embed with {self._name}")
        return await job.answer

    async def _work(self) -> None:
        try:
            while jobs := self._round():
                await self._answer(jobs)
        finally:
            self._worker = None
            self._refuse_waiting()  # only when the loop itself is being taken down

    def _round(self) -> list[_Job]:
        order = (self._large, self._small) if self._large_is_next else (self._small, self._large)
        for jobs in order:
            if taken := _taken(jobs, self._most):
                self._large_is_next = jobs is self._small
                return taken
        return []

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


def _taken(jobs: deque[_Job], characters: int) -> list[_Job]:
    """The first jobs that somebody still waits for, one at least, with so many characters together."""
    taken: list[_Job] = []
    cost = texts = 0
    while jobs:
        if jobs[0].answer.done():
            jobs.popleft()
            continue
        cost += jobs[0].cost
        texts += len(jobs[0].texts)
        if taken and (cost > characters or texts > _SLICE_TEXTS):
            break
        taken.append(jobs.popleft())
    return taken


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


def _slices(costs: Sequence[int], characters: int) -> Iterator[list[int]]:
    """The rows of texts of these costs, longest first, in slices of so many characters.

    A list that is small enough stays whole; a slice of a longer one has a power of two of rows, which an embedder
    computes in one go.
    """
    rows = sorted(range(len(costs)), key=lambda row: -costs[row])
    if 0 < len(rows) <= _SLICE_TEXTS and sum(costs) <= characters:
        yield rows
        return
    while rows:
        fitting = min(len(rows), _SLICE_TEXTS, max(1, characters // max(1, costs[rows[0]])))
        count = 1 << (fitting.bit_length() - 1)
        yield rows[:count]
        rows = rows[count:]
