"""LoRA adapters by request."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from models import AdapterInvalid, AdapterUnknown
from models.resident import AdapterUse
from tests.models.resident.conftest import OpenEngine, write_adapter
from tests.models.resident.streams import complete
from tests.small_llama import SHAPE

PROMPT = "a prompt that is long enough to be worth keeping for the next one"


async def test_adapters_of_simultaneous_requests_do_not_mix(open_engine: OpenEngine, tmp_path: Path):
    engine = await open_engine()
    for name, seed in (("one", 1), ("two", 2)):
        await engine.load_adapter(name, await write_adapter(tmp_path / f"{name}.gguf", seed))
    uses: list[tuple[AdapterUse, ...]] = [
        (),
        (AdapterUse("one"),),
        (AdapterUse("two"),),
        (AdapterUse("one", 0.3),),
    ]
    alone = [await complete(engine, PROMPT, adapters=use, ignore_end=True) for use in uses]
    together = await asyncio.gather(
        *(complete(engine, PROMPT, adapters=use, ignore_end=True) for use in uses * 2)
    )
    assert len({tuple(answer.ids) for answer in alone}) == 4
    assert [answer.ids for answer in together] == [answer.ids for answer in alone] * 2


async def test_prefix_is_reused_only_with_the_same_adapter(open_engine: OpenEngine, tmp_path: Path):
    engine = await open_engine()
    await engine.load_adapter("one", await write_adapter(tmp_path / "one.gguf", 1))
    await complete(engine, PROMPT)
    adapted = [await complete(engine, PROMPT, adapters=(AdapterUse("one"),)) for _ in range(2)]
    assert adapted[0].finish.usage.reused_tokens == 0
    assert adapted[1].finish.usage.reused_tokens == adapted[1].finish.usage.prompt_tokens - 1


async def test_replaced_adapter_serves_later_requests(open_engine: OpenEngine, tmp_path: Path):
    engine = await open_engine()
    use = (AdapterUse("one"),)
    await engine.load_adapter("one", await write_adapter(tmp_path / "first.gguf", 1))
    before = await complete(engine, PROMPT, adapters=use, ignore_end=True)
    running = asyncio.create_task(complete(engine, PROMPT, adapters=use, ignore_end=True, max_tokens=200))
    while not engine.statistics().running:
        await asyncio.sleep(0)
    await engine.load_adapter("one", await write_adapter(tmp_path / "second.gguf", 2))
    after = await complete(engine, PROMPT, adapters=use, ignore_end=True)
    assert after.ids != before.ids
    assert (await running).ids[:16] == before.ids


async def test_removed_adapter_is_unknown(open_engine: OpenEngine, tmp_path: Path):
    engine = await open_engine()
    await engine.load_adapter("one", await write_adapter(tmp_path / "one.gguf", 1))
    await complete(engine, PROMPT, adapters=(AdapterUse("one"),))
    await engine.remove_adapter("one")
    with pytest.raises(AdapterUnknown):
        await complete(engine, PROMPT, adapters=(AdapterUse("one"),))
    with pytest.raises(AdapterUnknown):
        await engine.remove_adapter("one")
    assert (await complete(engine, PROMPT, ignore_end=True)).ids


async def test_file_that_is_no_adapter_of_this_model_is_refused(
    open_engine: OpenEngine, tmp_path: Path, random_model: Path
):
    engine = await open_engine()
    with pytest.raises(AdapterInvalid, match="no adapter"):
        await engine.load_adapter("one", random_model)
    with pytest.raises(AdapterInvalid, match="could not be loaded"):
        await engine.load_adapter(
            "one", await write_adapter(tmp_path / "wide.gguf", 1, shape=replace(SHAPE, width=96))
        )
    await asyncio.to_thread((tmp_path / "empty.gguf").touch)
    with pytest.raises(AdapterInvalid):
        await engine.load_adapter("one", tmp_path / "empty.gguf")
    assert (await complete(engine, PROMPT, ignore_end=True)).ids
