"""Requests that meet in one batch: who waits for whom, and what a failure or a cancellation costs the others."""

import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest

from models import EmbeddingUnavailable, Vectors
from models.embeddings.batching import MAX_CHARACTERS, Batcher


class GatedModel:
    """Computes the length of each text, one round at a time, when it is let."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.started = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def compute(self, texts: list[str]) -> Vectors:
        self.rounds.append(texts)
        self.started.release()
        assert self.gate.acquire(timeout=5)
        if "bad" in texts:
            raise ValueError("a bad text")
        return np.array([[len(text), 0] for text in texts], dtype=np.float32)

    async def in_round(self) -> None:
        assert await asyncio.to_thread(self.started.acquire, timeout=5)

    def let(self, rounds: int) -> None:
        self.gate.release(rounds)


@pytest.fixture
def model() -> GatedModel:
    return GatedModel()


@pytest.fixture
async def batcher(model: GatedModel) -> AsyncIterator[Batcher]:
    opened = Batcher(model.compute, name="gated", dimensions=2, text_tokens=256)
    yield opened
    model.let(1000)
    await opened.close()


async def _asked(batcher: Batcher, *texts: str) -> asyncio.Task[Vectors]:
    task = asyncio.create_task(batcher.embed(texts))
    await asyncio.sleep(0)
    return task


async def test_an_idle_model_starts_at_once_and_what_comes_meanwhile_shares_a_round(
    batcher: Batcher, model: GatedModel
):
    first = await _asked(batcher, "a")
    await model.in_round()
    others = [await _asked(batcher, text) for text in ("bb", "ccc", "dddd")]
    model.let(2)
    assert (await first)[0, 0] == 1
    assert [(await task)[0, 0] for task in others] == [2, 3, 4]
    assert model.rounds == [["a"], ["bb", "ccc", "dddd"]]


async def test_a_request_cancelled_while_it_waits_is_not_computed(batcher: Batcher, model: GatedModel):
    first = await _asked(batcher, "a")
    await model.in_round()
    doomed, kept = await _asked(batcher, "doomed"), await _asked(batcher, "kept")
    doomed.cancel()
    await asyncio.wait([doomed])
    model.let(2)
    await first
    await kept
    assert model.rounds == [["a"], ["kept"]]


async def test_a_request_cancelled_while_it_is_computed_spares_its_round(batcher: Batcher, model: GatedModel):
    first = await _asked(batcher, "a")
    await model.in_round()
    doomed, kept = await _asked(batcher, "doomed"), await _asked(batcher, "kept")
    model.let(1)
    await model.in_round()
    doomed.cancel()
    await asyncio.wait([doomed])
    model.let(1)
    assert (await kept)[0, 0] == 4
    await first
    assert doomed.cancelled()


async def test_a_failure_reaches_its_round_and_no_other(batcher: Batcher, model: GatedModel):
    model.let(3)
    with pytest.raises(EmbeddingUnavailable, match="gated failed on 1 texts: ValueError: a bad text"):
        await batcher.embed(["bad"])
    assert (await batcher.embed(["fine"]))[0, 0] == 4


async def test_a_long_list_lets_others_in_between_its_slices(batcher: Batcher, model: GatedModel):
    long = await _asked(batcher, *["x" * 3000] * 6)
    await model.in_round()
    single = await _asked(batcher, "a question")
    model.let(2)
    assert (await single)[0, 0] == 10
    assert not long.done()
    model.let(10)
    assert (await long)[:, 0].tolist() == [3000] * 6
    assert max(len(texts) for texts in model.rounds) <= 3


async def test_a_question_waits_for_one_slice_at_most_however_many_lists_there_are(
    batcher: Batcher, model: GatedModel
):
    lists = [await _asked(batcher, *["x" * 3000] * 4) for _ in range(8)]
    await model.in_round()
    questions = [await _asked(batcher, "a question") for _ in range(3)]
    model.let(2)
    await asyncio.gather(*questions)
    assert model.rounds[1] == ["a question"] * 3
    assert not any(task.done() for task in lists)
    model.let(100)
    await asyncio.gather(*lists)


async def test_a_list_goes_on_while_questions_keep_coming(batcher: Batcher, model: GatedModel):
    async def keep_asking() -> None:
        while True:
            await batcher.embed(["a question"])

    asking = [asyncio.create_task(keep_asking())]
    await model.in_round()
    asking.append(asyncio.create_task(keep_asking()))  # while one is computed, the other waits
    long = await _asked(batcher, *["x" * 3000] * 8)
    model.let(9)
    assert (await long).shape == (8, 2)
    for task in asking:
        task.cancel()
    kinds = "".join(texts[0][0] for texts in model.rounds)
    assert kinds.count("x") == 4
    assert "aa" not in kinds.removeprefix("a")


async def test_a_round_takes_a_bounded_number_of_texts(batcher: Batcher, model: GatedModel):
    first = await _asked(batcher, "a")
    await model.in_round()
    tasks = [await _asked(batcher, *["t"] * 16) for _ in range(10)]
    short = [await _asked(batcher, "t" * 500) for _ in range(10)]
    model.let(40)
    await asyncio.gather(first, *tasks, *short)
    assert max(len(texts) for texts in model.rounds) == 64
    assert 1_500 < max(sum(map(len, texts)) for texts in model.rounds) <= 2_048


async def test_a_text_is_cut_before_the_model_sees_it(batcher: Batcher, model: GatedModel):
    model.let(1)
    assert (await batcher.embed([" " * 10_000 + "x" * 1_000_000]))[0, 0] == MAX_CHARACTERS


async def test_closing_finishes_the_round_and_refuses_what_waits(batcher: Batcher, model: GatedModel):
    running = await _asked(batcher, "running")
    await model.in_round()
    waiting, cancelled = await _asked(batcher, "waiting"), await _asked(batcher, "cancelled")
    cancelled.cancel()
    await asyncio.wait([cancelled])
    closing = asyncio.create_task(batcher.close())
    with pytest.raises(EmbeddingUnavailable, match="gated is closed"):
        await waiting
    with pytest.raises(EmbeddingUnavailable, match="gated is closed"):
        await batcher.embed(["late"])
    model.let(1)
    await closing
    assert (await running)[0, 0] == 7
    assert model.rounds == [["running"]]


async def test_closing_twice_is_harmless(batcher: Batcher):
    await batcher.close()
    await batcher.close()
    with pytest.raises(EmbeddingUnavailable, match="closed"):
        await batcher.embed(["late"])
