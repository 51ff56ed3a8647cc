"""What a failing step of the library does, and to whom."""

import asyncio
from collections.abc import Sequence

import pytest

from models import GenerationFailed
from models.resident.batch import Chunk
from models.resident.context import DecodeContext
from tests.models.resident.conftest import OpenEngine
from tests.models.resident.streams import complete

_POISON = 77


async def test_request_that_cannot_be_computed_takes_no_other_down(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
):
    engine = await open_engine()
    prompts = [[number, number + 1, number + 2] for number in (10, 20, 30)]
    expected = [(await complete(engine, prompt, ignore_end=True)).ids for prompt in prompts]
    decode = DecodeContext.decode

    def failing(self: DecodeContext, chunks: Sequence[Chunk]) -> int:
        return -3 if any(_POISON in chunk.tokens for chunk in chunks) else decode(self, chunks)

    monkeypatch.setattr(DecodeContext, "decode", failing)
    bad, *good = await asyncio.gather(
        complete(engine, [_POISON, 5, 6]),
        *(complete(engine, prompt, ignore_end=True) for prompt in prompts),
        return_exceptions=True,
    )
    assert isinstance(bad, GenerationFailed)
    assert [answer.ids for answer in good if not isinstance(answer, BaseException)] == expected


async def test_passing_failure_is_not_noticed(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch):
    engine = await open_engine()
    expected = await asyncio.gather(*(complete(engine, text, ignore_end=True) for text in ("abc", "xyz")))
    decode = DecodeContext.decode
    steps = iter(range(1000))

    def sometimes(self: DecodeContext, chunks: Sequence[Chunk]) -> int:
        step = next(steps)
        if step == 3 or (step == 5 and len(chunks) > 1):
            decode(
                self, chunks
            )  # computed, but reported as aborted or failed: its positions must be taken back
            return 2 if step == 3 else -3
        return decode(self, chunks)

    monkeypatch.setattr(DecodeContext, "decode", sometimes)
    again = await asyncio.gather(*(complete(engine, text, ignore_end=True) for text in ("abc", "xyz")))
    assert [one.ids for one in again] == [one.ids for one in expected]
