"""How fast a model is on this machine."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from models.residency.memory import Footprint, free_memory, measure
from models.resident import EngineSettings, Finish, GenerationRequest, ResidentEngine, Sampling

_STREAMS: Final = (1, 2, 4, 8)
_GENERATED: Final = 64
_PROMPT: Final = 512
_SHORT: Final = 16


@dataclass(frozen=True)
class Speed:
    """What was measured, in tokens a second."""

    footprint: Footprint
    load_s: float
    prompt: float
    """Of a prompt that nothing is known of."""
    generated: dict[int, float]
    """In all, by the number of answers written at once."""


async def bench(settings: EngineSettings) -> Speed:
    """Load a model and measure it; takes a minute or so. Raises ModelInvalid and EngineUnavailable."""
    footprint = await asyncio.to_thread(measure, settings, await asyncio.to_thread(free_memory))
    began = time.perf_counter()
    engine = await ResidentEngine.load(settings)
    load_s = time.perf_counter() - began
    try:
        ordinary = list(range(engine.card.vocabulary // 2, engine.card.vocabulary))
        await _run(engine, [ordinary[0]] * _SHORT, 4)
        size = min(_PROMPT, engine.card.context // 2)
        began = time.perf_counter()
        await _run(engine, _tokens(ordinary, 0, size), 1)
        prompt = size / (time.perf_counter() - began)
        count = min(_GENERATED, engine.card.context // 2 - _SHORT)
        generated = {}
        for streams in _STREAMS:
            prompts = [_tokens(ordinary, 7 * streams + number, _SHORT) for number in range(streams)]
            began = time.perf_counter()
            await asyncio.gather(*(_run(engine, one, count) for one in prompts))
            generated[streams] = streams * count / (time.perf_counter() - began)
    finally:
        await engine.close()
    return Speed(footprint, load_s, prompt, generated)


def _tokens(ordinary: list[int], seed: int, count: int) -> list[int]:
    """So many tokens that have no beginning in common with those of another seed."""
    return [ordinary[(seed * 131 + place * 17) % len(ordinary)] for place in range(count)]


async def _run(engine: ResidentEngine, prompt: list[int], count: int) -> None:
    request = GenerationRequest(
        prompt=prompt, max_tokens=count, sampling=Sampling(temperature=0), ignore_end=True
    )
    async for event in engine.generate(request):
        if isinstance(event, Finish):
            return
