"""The engine beside llama.cpp's own class, alone and among others."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any  # fields of a request

import numpy as np
import pytest

from models import ContextExceeded, DeadlineExceeded, EngineClosed, ModelsError, QueueFull, RequestInvalid
from models.resident import GenerationRequest, Priority, ResidentEngine, Sampling, StopReason
from tests.models.resident.conftest import OpenEngine
from tests.models.resident.streams import GREEDY, complete
from tests.small_llama import SHAPE, VOCABULARY
from training.llama import MadeModel, RandomWeights, byte_vocabulary, write_llama

PROMPTS = [
    f"<|im_start|>user\nWhat is {subject}?<|im_end|>\n<|im_start|>assistant\n"
    for subject in (
        "a moving average",
        "the spread",
        "churn",
        "a stop order",
        "a margin call",
        "the MVRV ratio",
    )
]


def reference_tokens(path: Path, prompts: list[str], count: int) -> list[list[int]]:
    """What `llama_cpp.Llama` generates, greedily."""
    from llama_cpp import Llama

    model = Llama(str(path), n_ctx=512, n_threads=1, verbose=False)
    completions = []
    for prompt in prompts:
        model.reset()
        tokens = model.tokenize(prompt.encode(), special=True)
        produced: list[int] = []
        for token in model.generate(tokens, temp=0.0, reset=False):
            if token == model.token_eos() or len(produced) == count:
                break
            produced.append(token)
        completions.append(produced)
    model.close()
    return completions


async def test_greedy_tokens_equal_those_of_llama(open_engine: OpenEngine, trained_model: MadeModel):
    engine = await open_engine(trained_model.q8_0)
    expected = await asyncio.to_thread(reference_tokens, trained_model.q8_0, PROMPTS, 24)
    alone = [await complete(engine, prompt, max_tokens=24) for prompt in PROMPTS]
    assert [one.ids for one in alone] == expected


async def test_same_seed_gives_same_tokens_alone_and_among_others(
    open_engine: OpenEngine, trained_model: MadeModel
):
    # Fused attention sums in half precision, in the order in which tokens lie in the cache.
    engine = await open_engine(trained_model.f16, flash_attention=False)
    fields = {"max_tokens": 24, "sampling": Sampling(seed=7)}
    alone = [await complete(engine, prompt, **fields) for prompt in PROMPTS]
    together = await asyncio.gather(*(complete(engine, prompt, **fields) for prompt in PROMPTS))
    assert [one.ids for one in together] == [one.ids for one in alone]
    assert engine.statistics().steps < 2 * sum(len(one.ids) for one in alone)


async def test_another_seed_gives_other_tokens(open_engine: OpenEngine):
    engine = await open_engine()
    one, other = [await complete(engine, "abc", sampling=Sampling(seed=seed)) for seed in (1, 2)]
    assert one.ids != other.ids


async def test_more_requests_than_sequences_are_all_served(open_engine: OpenEngine):
    engine = await open_engine(parallel=2, queue=64)
    prompts = [f"request {number}" for number in range(20)]
    answers = await asyncio.gather(*(complete(engine, prompt, ignore_end=True) for prompt in prompts))
    assert [len(answer.ids) for answer in answers] == [16] * 20
    assert [answer.ids for answer in answers[:3]] == [
        (await complete(engine, prompt, ignore_end=True)).ids for prompt in prompts[:3]
    ]


async def test_usage_and_timings_are_told(open_engine: OpenEngine):
    engine = await open_engine()
    answer = await complete(engine, "abcde", max_tokens=4, ignore_end=True)
    assert answer.finish.reason is StopReason.LENGTH
    assert answer.finish.usage.prompt_tokens == 5
    assert answer.finish.usage.completion_tokens == 4
    assert 0 <= answer.finish.timings.queued_s <= answer.finish.timings.first_token_s
    assert answer.finish.timings.first_token_s <= answer.finish.timings.total_s


async def test_completion_ends_where_the_context_does(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=64)
    answer = await complete(engine, "x" * 50, max_tokens=1000, ignore_end=True)
    assert answer.finish.reason is StopReason.LENGTH
    assert len(answer.ids) == 14


async def test_prompt_longer_than_the_context_is_refused(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=64)
    with pytest.raises(ContextExceeded, match="context 64"):
        await complete(engine, "x" * 64)
    with pytest.raises(ContextExceeded):
        await complete(engine, "x" * 100_000)


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ""},
        {"prompt": [99_999]},
        {"max_tokens": 0},
        {"deadline_s": 0.0},
        {"sampling": Sampling(temperature=float("nan"))},
        {"sampling": Sampling(repeat_penalty=0)},
        {"sampling": Sampling(logit_bias={-1: 1.0})},
    ],
)
async def test_request_that_cannot_be_served_is_refused(open_engine: OpenEngine, fields: dict[str, Any]):
    engine = await open_engine()
    with pytest.raises(RequestInvalid):
        await complete(engine, **{"prompt": "abc", **fields})
    assert (await complete(engine, "abc", ignore_end=True)).ids


async def test_closing_the_stream_stops_generating(open_engine: OpenEngine):
    engine = await open_engine()
    request = GenerationRequest(prompt="abc", max_tokens=500, sampling=GREEDY, ignore_end=True)
    async with aclosing(engine.generate(request)) as events:
        async for _ in events:
            break
    while engine.statistics().running:
        await complete(engine, "d", max_tokens=1, ignore_end=True)
    assert engine.statistics().cancelled == 1
    assert engine.statistics().generated_tokens < 400


async def test_cancelled_task_gives_its_sequence_back(open_engine: OpenEngine):
    engine = await open_engine(parallel=1)
    endless = asyncio.create_task(complete(engine, "abc", max_tokens=500, ignore_end=True))
    while not engine.statistics().running:
        await asyncio.sleep(0)
    endless.cancel()
    answer = await complete(engine, "xyz", ignore_end=True)
    assert len(answer.ids) == 16
    assert engine.statistics().cancelled == 1


async def test_deadline_ends_a_request_that_waits_and_one_that_runs(open_engine: OpenEngine):
    engine = await open_engine(parallel=1, context_tokens=2048)
    fields = {"max_tokens": 2000, "ignore_end": True, "deadline_s": 0.05}
    both = await asyncio.gather(
        *(complete(engine, prompt, **fields) for prompt in ("abc", "xyz")), return_exceptions=True
    )
    assert [type(one) for one in both] == [DeadlineExceeded, DeadlineExceeded]
    assert engine.statistics().expired == 2
    assert engine.statistics().running == 0


async def test_full_queue_refuses_with_a_time_to_come_back(open_engine: OpenEngine):
    engine = await open_engine(parallel=1, queue=2)
    answers = await asyncio.gather(
        *(complete(engine, f"request {number}", ignore_end=True) for number in range(12)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, QueueFull)]
    assert refused
    assert all(error.retry_after_s > 0 for error in refused)
    assert engine.statistics().refused == len(refused)
    assert engine.statistics().completed == len(answers) - len(refused)


async def test_urgent_request_takes_the_place_of_one_in_the_background(open_engine: OpenEngine):
    engine = await open_engine(parallel=1)
    expected = await complete(engine, "background work", max_tokens=400, ignore_end=True)
    slow = asyncio.create_task(
        complete(engine, "background work", max_tokens=400, ignore_end=True, priority=Priority.BACKGROUND)
    )
    while not engine.statistics().running:
        await asyncio.sleep(0)
    urgent = await complete(engine, "route this", max_tokens=4, ignore_end=True, priority=Priority.ROUTING)
    assert not slow.done()
    assert len(urgent.ids) == 4
    assert (await slow).ids == expected.ids
    assert engine.statistics().preempted == 1


async def test_requests_that_outgrow_the_cache_make_way_and_still_finish(open_engine: OpenEngine):
    engine = await open_engine(context_tokens=200, cache_tokens=256, parallel=4)
    prompts = [
        letter * 40 for letter in "w913"
    ]  # whose first answers the random numbers do not leave near a tie
    alone = [await complete(engine, prompt, max_tokens=150, ignore_end=True) for prompt in prompts]
    together = await asyncio.gather(
        *(complete(engine, prompt, max_tokens=150, ignore_end=True) for prompt in prompts)
    )
    assert [len(one.ids) for one in together] == [150] * 4
    first = 32  # later, a cache computed anew in other batches may decide a near tie the other way
    assert [one.ids[:first] for one in together] == [one.ids[:first] for one in alone]
    assert engine.statistics().preempted > 0
    assert engine.statistics().cells_used <= 256


async def test_closing_ends_open_streams_and_refuses_new_ones(open_engine: OpenEngine):
    engine = await open_engine(parallel=1)
    streams = [
        asyncio.create_task(complete(engine, prompt, max_tokens=500, ignore_end=True))
        for prompt in ("abc", "xyz")
    ]
    while not engine.statistics().running:
        await asyncio.sleep(0)
    await engine.close()
    ended = await asyncio.gather(*streams, return_exceptions=True)
    assert [type(one) for one in ended] == [EngineClosed, EngineClosed]
    with pytest.raises(EngineClosed):
        await complete(engine, "abc")
    with pytest.raises(EngineClosed):
        await engine.remove_adapter("any")
    await engine.close()


async def test_closing_with_time_lets_streams_finish(open_engine: OpenEngine):
    engine = await open_engine()
    stream = asyncio.create_task(complete(engine, "abc", max_tokens=100, ignore_end=True))
    while not engine.statistics().running:
        await asyncio.sleep(0)
    await engine.close(drain_s=30)
    assert len((await stream).ids) == 100


async def test_streams_of_several_event_loops_are_served_together(open_engine: OpenEngine):
    engine = await open_engine()

    def elsewhere() -> list[int]:
        return asyncio.run(complete(engine, "abc", ignore_end=True)).ids

    here, there = await asyncio.gather(complete(engine, "abc", ignore_end=True), asyncio.to_thread(elsewhere))
    assert here.ids == there


async def test_loop_that_ended_with_its_stream_open_harms_nobody(open_engine: OpenEngine):
    engine = await open_engine()

    async def leave() -> None:
        events = engine.generate(GenerationRequest(prompt="abc", max_tokens=500, ignore_end=True))
        await anext(events)
        task = asyncio.create_task(complete(engine, "abd", max_tokens=500, ignore_end=True))
        while engine.statistics().running < 2:
            await asyncio.sleep(0)
        task.cancel()

    await asyncio.to_thread(asyncio.run, leave())
    assert len((await complete(engine, "xyz", ignore_end=True)).ids) == 16


async def test_damaged_weights_fail_the_request_and_not_the_engine(open_engine: OpenEngine, tmp_path: Path):
    weights = dict(RandomWeights(SHAPE, VOCABULARY))
    weights["output_norm.weight"] = np.full(SHAPE.width, np.nan, dtype=np.float32)
    path = tmp_path / "nan.gguf"
    await asyncio.to_thread(write_llama, path, SHAPE, byte_vocabulary(VOCABULARY), weights)
    engine = await open_engine(path)
    for _ in range(2):
        with pytest.raises(ModelsError, match="not finite"):
            await complete(engine, "abc")
    assert engine.statistics().failed == 2


async def test_engine_is_an_engine(open_engine: OpenEngine):
    from models.resident import Engine

    engine = await open_engine()
    assert isinstance(engine, Engine)
    assert isinstance(engine, ResidentEngine)
    assert engine.detokenize(engine.tokenize("grüße 👋 <|im_end|>")) == "grüße 👋 <|im_end|>"
    assert engine.card.vocabulary == 512
    assert engine.card.end == "<|im_end|>"
