"""What was computed once is not computed again."""

import asyncio
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.resident import prefixes
from models.resident.parking import ParkedPrefixes, Saved, common_prefix
from models.resident.prefixes import CachedSequence, PrefixCache
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
    engine = await open_engine(context_tokens=128, cache_tokens=256, parallel=1, parked_mb=0)
    prompts = [letter * 70 for letter in "abc"]
    for prompt in (*prompts[:2], prompts[0], prompts[2]):
        await complete(engine, prompt, max_tokens=1, ignore_end=True)
    kept = await complete(engine, prompts[0], max_tokens=1, ignore_end=True)
    lost = await complete(engine, prompts[1], max_tokens=1, ignore_end=True)
    assert kept.finish.usage.reused_tokens == 69
    assert lost.finish.usage.reused_tokens == 0


class PositionsOnly:
    """A KV cache that holds tokens in place of keys, and refuses what llama.cpp would not survive."""

    def __init__(self) -> None:
        self.held: defaultdict[int, list[int]] = defaultdict(list)

    def copy(self, source: int, target: int, length: int) -> None:
        assert not self.held[target]
        assert length <= len(self.held[source])
        self.held[target] = self.held[source][:length]

    def trim(self, sequence: int, length: int) -> bool:
        del self.held[sequence][length:]
        return True

    def save(self, sequence: int, start: int, end: int) -> Saved:
        assert 0 <= start < end <= len(self.held[sequence])
        return np.array([start, *self.held[sequence][start:end]], dtype=np.uint8)

    def load(self, sequence: int, saved: Saved, start: int, end: int) -> bool:
        assert start == len(self.held[sequence])
        first, tokens = int(saved[0]), saved[1:].tolist()
        assert first <= start < end <= first + len(tokens)
        self.held[sequence] += tokens[start - first : end - first]
        return True


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.booleans(), st.booleans()),
        max_size=40,
    ),
    st.sampled_from([0, 30]),
)
def test_cells_are_counted_as_they_are_shared(steps: list[tuple[list[int], bool, bool]], most_bytes: int):
    memory = PositionsOnly()
    parked = ParkedPrefixes(most_bytes=most_bytes, most_tokens=24) if most_bytes else None
    cache = PrefixCache(memory, sequences=4, cells=24, parked=parked)
    running: list[CachedSequence] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_WORTH_RESTORING", "_WORTH_PARKING"):
            patch.setattr(prefixes, name, 1)
        patch.setattr(prefixes, "SEGMENT_TOKENS", 3)
        for tokens, end_one, keep in steps:
            prompt = np.array(tokens, dtype=np.int32)
            if end_one and running:
                cache.release(running.pop(0), keep=keep)
            sequence = cache.acquire(prompt, ())
            if sequence is None:
                assert len(running) == 4
                continue
            assert list(sequence.tokens) == memory.held[sequence.number] == tokens[: len(sequence)]
            assert len(sequence) < len(tokens)
            running.append(sequence)
            missing = tokens[len(sequence) :]
            assert cache.reclaimable() >= cache.cells - cache.used
            if cache.make_room(len(missing)):
                cache.extend(sequence, missing)
                memory.held[sequence.number] += missing
            cache.park(1, patience=2)
            if keep:
                while cache.save_ahead():
                    pass
            if end_one:
                cache.drop_saved()
            assert all(list(known.tokens) == memory.held[known.number] for known in cache._live)
            distinct = {cell for known in cache._live for cell in known.cells}
            assert cache.used == len(distinct) <= cache.cells
            assert parked is None or (parked.bytes <= 30 and parked.tokens <= 24)
        for sequence in running:
            cache.release(sequence, keep=False)
        assert cache.make_room(cache.cells)
        assert cache.used == 0


def test_sequence_that_cannot_be_cut_is_reused_only_whole():
    cache = PrefixCache(PositionsOnly(), sequences=4, cells=64, partial=False)
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
