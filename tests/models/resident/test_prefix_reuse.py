"""What was computed once is not computed again."""

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.resident.prefixes import CachedSequence, PrefixCache, common_prefix
from tests.models.resident.conftest import OpenEngine
from tests.models.resident.streams import complete

SYSTEM = "You answer questions about markets, briefly and with figures. " * 4


async def test_same_prompt_again_computes_one_token(open_engine: OpenEngine):
    engine = await open_engine()
    first = await complete(engine, SYSTEM, ignore_end=True)
    again = await complete(engine, SYSTEM, ignore_end=True)
    assert again.ids == first.ids
    assert again.finish.usage.reused_tokens == again.finish.usage.prompt_tokens - 1


async def test_later_turn_reuses_the_conversation_so_far(open_engine: OpenEngine):
    engine = await open_engine()
    prompt = engine.tokenize(SYSTEM)
    first = await complete(engine, prompt, ignore_end=True)
    later = await complete(engine, [*prompt, *first.ids, 40, 41, 42], ignore_end=True)
    assert later.finish.usage.reused_tokens == len(prompt) + len(first.ids) - 1


async def test_simultaneous_requests_compute_a_shared_prompt_once(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=1024)
    questions = [f"{SYSTEM}Question {number}?" for number in range(6)]
    answers = await asyncio.gather(*(complete(engine, question, ignore_end=True) for question in questions))
    reused = [answer.finish.usage.reused_tokens for answer in answers]
    assert reused[0] == 0
    assert min(reused[1:]) >= len(engine.tokenize(SYSTEM))
    fresh = await open_engine(context_tokens=1024)
    assert (await complete(fresh, questions[3], ignore_end=True)).ids == answers[3].ids


async def test_sharing_does_not_wait_for_a_request_that_was_cancelled(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=2048, batch_tokens=16)
    leader = asyncio.create_task(complete(engine, SYSTEM * 6))
    while not engine.statistics().running:
        await asyncio.sleep(0)
    follower = asyncio.create_task(complete(engine, SYSTEM * 6 + "?", ignore_end=True))
    await asyncio.sleep(0)
    leader.cancel()
    assert len((await follower).ids) == 16


async def test_least_recently_used_prompt_is_given_up_first(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=128, cache_tokens=256, parallel=1)
    prompts = [letter * 70 for letter in "abc"]
    for prompt in (*prompts[:2], prompts[0], prompts[2]):
        await complete(engine, prompt, max_tokens=1, ignore_end=True)
    kept = await complete(engine, prompts[0], max_tokens=1, ignore_end=True)
    lost = await complete(engine, prompts[1], max_tokens=1, ignore_end=True)
    assert kept.finish.usage.reused_tokens == 69
    assert lost.finish.usage.reused_tokens == 0


class _Memory:
    """A KV cache that holds positions as counts, and refuses what llama.cpp would not survive."""

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}

    def copy(self, source: int, target: int, length: int) -> None:
        assert self.lengths.get(target, 0) == 0
        assert length <= self.lengths[source]
        self.lengths[target] = length

    def trim(self, sequence: int, length: int) -> bool:
        self.lengths[sequence] = min(self.lengths.get(sequence, 0), length)
        return True


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.booleans(), st.booleans()),
        max_size=40,
    )
)
def test_cells_are_counted_as_they_are_shared(steps: list[tuple[list[int], bool, bool]]):
    memory = _Memory()
    cache = PrefixCache(memory, sequences=4, cells=24)
    running: list[CachedSequence] = []
    for tokens, end_one, keep in steps:
        prompt = np.array(tokens, dtype=np.int32)
        if end_one and running:
            cache.release(running.pop(0), keep=keep)
        sequence = cache.acquire(prompt, ())
        if sequence is None:
            assert len(running) == 4
            continue
        assert list(sequence.tokens) == tokens[: len(sequence)]
        assert len(sequence) < len(tokens)
        running.append(sequence)
        missing = tokens[len(sequence) :]
        assert cache.reclaimable() >= cache.cells - cache.used
        if cache.make_room(len(missing)):
            cache.extend(sequence, missing)
            memory.lengths[sequence.number] = len(sequence)
        distinct = {cell for known in cache._live for cell in known.cells}
        assert cache.used == len(distinct) <= cache.cells
    for sequence in running:
        cache.release(sequence, keep=False)
    assert cache.make_room(cache.cells)
    assert cache.used == 0


def test_sequence_that_cannot_be_cut_is_reused_only_whole():
    cache = PrefixCache(_Memory(), sequences=4, cells=64, partial=False)
    sequence = cache.acquire(np.array([1, 2, 3]), ())
    assert sequence is not None
    cache.extend(sequence, [1, 2, 3])
    cache.release(sequence)
    assert cache.match(np.array([1, 2, 9, 9]), ())[1] == 0
    assert cache.match(np.array([1, 2, 3, 9]), ())[1] == 3


def test_common_prefix_is_as_long_as_tokens_agree():
    one = np.array([1, 2, 3, 4])
    assert common_prefix(one, np.array([1, 2, 9, 4])) == 2
    assert common_prefix(one, one[:3]) == 3
    assert common_prefix(one, np.array([5])) == 0
    assert common_prefix(one, np.array([], dtype=np.int64)) == 0
