"""Beginnings of prompts that nobody uses make way for those who write, and come back as they were."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from models.resident import AdapterUse, EngineSettings, GenerationRequest, ResidentEngine, Token
from models.resident.batch import Chunk
from models.resident.context import DecodeContext
from models.resident.library import library
from models.resident.loading import load_model
from models.resident.parking import ParkedPrefixes, Saved
from models.resident.prefixes import PrefixCache
from tests.models.resident.conftest import OpenEngine, write_adapter
from tests.models.resident.streams import GREEDY, complete
from tests.models.resident.test_prefix_reuse import PositionsOnly

# Fused attention sums in half precision, in the order in which tokens lie in the cache: where two layouts are compared
# it is off.
SYSTEM = "You answer questions about markets, briefly and with figures. " * 5


async def others_write(engine: ResidentEngine) -> None:
    """Something that has nothing in common with what is idle, as much as it takes to move that away."""
    await complete(engine, "#" * 9, max_tokens=120, ignore_end=True)


async def parked(engine: ResidentEngine, prompt: str, adapters: tuple[AdapterUse, ...] = ()) -> list[int]:
    """Have a prompt's keys and values parked; what was generated from it."""
    before = engine.statistics().parked_tokens
    written = await complete(engine, prompt, adapters=adapters, ignore_end=True)
    await others_write(engine)
    assert engine.statistics().parked_tokens - before >= len(engine.tokenize(prompt)) - 1
    return written.ids


async def test_parked_prompt_is_restored_and_gives_the_same_tokens(open_engine: OpenEngine):
    engine = await open_engine()
    first = await parked(engine, SYSTEM)
    prompt = len(engine.tokenize(SYSTEM))
    assert engine.statistics().cells_used < prompt
    again = await complete(engine, SYSTEM, ignore_end=True)
    assert again.ids == first
    assert again.finish.usage.reused_tokens == prompt - 1
    assert engine.statistics().restored_tokens == prompt - 1


async def test_prompt_is_parked_while_others_write(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=2048)
    request = GenerationRequest(prompt="#" * 9, max_tokens=1500, sampling=GREEDY, ignore_end=True)
    prompt = len(engine.tokenize(SYSTEM))
    async with aclosing(engine.generate(request)) as events:
        await anext(events)
        first = await complete(engine, SYSTEM, ignore_end=True)
        while engine.statistics().parked_tokens < prompt - 1:
            assert isinstance(await anext(events), Token)
        assert engine.statistics().parking_s > 0
        again = await complete(engine, SYSTEM, ignore_end=True)
        assert isinstance(await anext(events), Token)
    assert again.ids == first.ids
    assert again.finish.usage.reused_tokens == prompt - 1


async def test_what_is_restored_is_what_was_saved(random_model: Path):
    settings = EngineSettings(path=random_model, context_tokens=512, threads=1, flash_attention=False)
    assert await asyncio.to_thread(restored_logits, settings) == [True] * 5


def restored_logits(settings: EngineSettings) -> list[bool]:
    """Whether bytes and the logits behind them are the same, to the last bit, once a prompt was saved and restored."""
    loaded = library()
    model = load_model(loaded, settings)
    context = DecodeContext(loaded, model.pointer, settings, model.vocabulary.size)
    prompt = list(range(30, 130))

    def next_logits() -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        assert context.decode([Chunk(0, len(prompt), [40], output=True)]) == 0
        found = context.logits(1).copy()
        context.trim(0, len(prompt))
        return found

    context.decode([Chunk(0, 0, prompt, output=True)])
    before = next_logits()
    parts = [(0, 60), (60, 100)]
    whole = [context.save(0, *part) for part in parts]
    context.trim(0, 0)
    same = []
    for part, kept in zip(parts, whole, strict=True):
        assert kept is not None
        same.append(context.load(0, kept, *part))
    same.append(np.array_equal(next_logits(), before))
    for part, kept in zip(parts, whole, strict=True):
        again = context.save(0, *part)
        same.append(again is not None and kept is not None and np.array_equal(again, kept))
    context.close()
    model.close()
    return same


async def test_later_turn_continues_what_was_parked(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=1024, flash_attention=False)
    turn = engine.tokenize(SYSTEM)
    for _ in range(3):
        turn = [*turn, *(await complete(engine, turn, ignore_end=True)).ids, 40, 41, 42]
        await others_write(engine)
    last = await complete(engine, turn, ignore_end=True)
    assert last.finish.usage.reused_tokens == len(turn) - 4
    fresh = await open_engine(context_tokens=1024, parked_mb=0, flash_attention=False)
    assert (await complete(fresh, turn, ignore_end=True)).ids == last.ids


async def test_requests_that_share_a_parked_beginning_restore_it_once(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=1024, flash_attention=False)
    await parked(engine, SYSTEM)
    questions = [f"{SYSTEM}Question {number}?" for number in range(4)]
    answers = await asyncio.gather(*(complete(engine, one, ignore_end=True) for one in questions))
    shared = len(engine.tokenize(SYSTEM))
    assert min(answer.finish.usage.reused_tokens for answer in answers) >= shared
    assert engine.statistics().restored_tokens < 2 * shared
    fresh = await open_engine(context_tokens=1024, parked_mb=0, flash_attention=False)
    alone = [await complete(fresh, one, ignore_end=True) for one in questions]
    assert [answer.ids for answer in answers] == [answer.ids for answer in alone]


async def test_what_makes_way_for_others_is_parked(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch):
    # Saved ahead all three would be more than is kept outside of the cache, and the first would go.
    monkeypatch.setattr(PrefixCache, "save_ahead", lambda _: False)
    engine = await open_engine(context_tokens=128, cache_tokens=192, parallel=1)
    prompts = [letter * 70 for letter in "abc"]
    for prompt in prompts:
        await complete(engine, prompt, max_tokens=1, ignore_end=True)
    for prompt in prompts:
        again = await complete(engine, prompt, max_tokens=1, ignore_end=True)
        assert again.finish.usage.reused_tokens == 69


async def test_with_no_memory_for_them_prompts_are_given_up(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=128, cache_tokens=128, parallel=1, parked_mb=0)
    for prompt in ("a" * 70, "b" * 70, "a" * 70):
        last = await complete(engine, prompt, max_tokens=1, ignore_end=True)
    assert last.finish.usage.reused_tokens == 0
    assert engine.statistics().parked_bytes == 0


async def test_parked_prompts_of_adapters_do_not_mix(open_engine: OpenEngine, tmp_path: Path):
    engine = await open_engine(context_tokens=1024)
    uses: list[tuple[AdapterUse, ...]] = [(), (AdapterUse("one"),), (AdapterUse("one", 0.3),)]
    await engine.load_adapter("one", await write_adapter(tmp_path / "one.gguf", 1))
    first = [await parked(engine, SYSTEM, use) for use in uses]
    again = [await complete(engine, SYSTEM, adapters=use, ignore_end=True) for use in uses]
    assert [answer.ids for answer in again] == first
    assert len({tuple(ids) for ids in first}) == 3
    assert all(answer.finish.usage.reused_tokens == len(engine.tokenize(SYSTEM)) - 1 for answer in again)


async def test_what_an_adapter_computed_is_forgotten_with_it(open_engine: OpenEngine, tmp_path: Path):
    engine = await open_engine()
    use = (AdapterUse("one"),)
    await engine.load_adapter("one", await write_adapter(tmp_path / "one.gguf", 1))
    first = await parked(engine, SYSTEM, use)
    await engine.load_adapter("one", await write_adapter(tmp_path / "two.gguf", 2))
    # What others wrote may be parked by now, and is shorter.
    assert engine.statistics().parked_tokens < len(engine.tokenize(SYSTEM)) - 1
    other = await complete(engine, SYSTEM, adapters=use, ignore_end=True)
    assert other.finish.usage.reused_tokens == 0
    assert other.ids != first


async def test_damaged_copy_is_computed_again(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch):
    engine = await open_engine()
    save = DecodeContext.save

    def damaged(self: DecodeContext, sequence: int, start: int, end: int) -> Saved | None:
        saved = save(self, sequence, start, end)
        return None if saved is None else saved[:-8]

    monkeypatch.setattr(DecodeContext, "save", damaged)
    first = await parked(engine, SYSTEM)
    again = await complete(engine, SYSTEM, ignore_end=True)
    assert again.ids == first
    assert again.finish.usage.reused_tokens == 0
    assert engine.statistics().restored_tokens == 0


async def test_prompt_is_kept_in_its_cells_where_it_cannot_be_saved(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
):
    engine = await open_engine()
    monkeypatch.setattr(DecodeContext, "save", lambda *_: None)
    first = await complete(engine, SYSTEM, ignore_end=True)
    await others_write(engine)
    assert engine.statistics().parked_bytes == 0
    again = await complete(engine, SYSTEM, ignore_end=True)
    assert again.ids == first.ids


def test_sequences_of_recurrent_models_are_not_saved():
    store = ParkedPrefixes(most_bytes=1 << 20, most_tokens=64)
    cache = PrefixCache(PositionsOnly(), sequences=4, cells=64, partial=False, parked=store)
    sequence = cache.acquire(np.array([1, 2, 3], dtype=np.int32), ())
    assert sequence is not None
    cache.extend(sequence, [1, 2, 3])
    cache.release(sequence)
    assert cache.make_room(64)
    assert store.tokens == 0


def tokens(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.array(numbers, dtype=np.int32)


def saved(count: int) -> Saved:
    return np.zeros(10 * count, dtype=np.uint8)


def test_least_recently_used_end_is_given_up_within_the_budget():
    store = ParkedPrefixes(most_bytes=100, most_tokens=100)
    store.add(None, (), tokens(1, 2, 3, 4), saved(4))
    (root,) = store.match(tokens(1, 2, 3, 4), ())
    store.add(root.segment, (), tokens(5, 6, 7), saved(3))
    store.add(root.segment, (), tokens(8, 9, 10), saved(3))
    store.touch(store.match(tokens(1, 2, 3, 4, 5, 6, 7), ())[-1].segment)
    assert store.add(None, (), tokens(20), saved(1))
    assert (store.bytes, store.tokens) == (80, 8)
    assert store.match(tokens(1, 2, 3, 4, 5, 6, 7), ())[-1].end == 7
    assert store.match(tokens(1, 2, 3, 4, 8, 9, 10), ())[-1].end == 4


def test_segment_that_has_no_place_beside_its_own_beginning_is_not_kept():
    store = ParkedPrefixes(most_bytes=50, most_tokens=100)
    assert store.add(None, (), tokens(1, 2, 3, 4), saved(4))
    (root,) = store.match(tokens(1, 2, 3, 4), ())
    assert not store.add(root.segment, (), tokens(5, 6), saved(2))
    assert (store.bytes, store.tokens) == (40, 4)


def test_more_tokens_than_the_cache_holds_are_not_kept():
    store = ParkedPrefixes(most_bytes=1000, most_tokens=4)
    for first in (1, 2):
        store.add(None, (), tokens(first, 2, 3), saved(3))
    assert store.tokens == 3
    assert not store.match(tokens(1, 2, 3), ())


def test_adapters_have_trees_of_their_own():
    store = ParkedPrefixes(most_bytes=1000, most_tokens=100)
    for key in ((), ((1, 1.0),), ((1, 1.0), (2, 0.5)), ((3, 1.0),)):
        store.add(None, key, tokens(1, 2, 3), saved(3))
    store.forget(1)
    assert store.match(tokens(1, 2, 3), ())
    assert store.match(tokens(1, 2, 3), ((3, 1.0),))
    assert not store.match(tokens(1, 2, 3), ((1, 1.0),))
    assert not store.match(tokens(1, 2, 3), ((1, 1.0), (2, 0.5)))
    assert store.tokens == 6


def test_dropping_a_segment_drops_what_stands_on_it():
    store = ParkedPrefixes(most_bytes=1000, most_tokens=100)
    store.add(None, (), tokens(1, 2), saved(2))
    (root,) = store.match(tokens(1, 2), ())
    store.add(root.segment, (), tokens(3, 4), saved(2))
    for _ in range(2):
        store.drop(root.segment)
        assert (store.bytes, store.tokens) == (0, 0)
    assert store.match(tokens(1, 2, 3, 4), ()) == []
