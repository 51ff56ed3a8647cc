"""Models come and go within their budget, and what cannot be loaded is told with numbers."""

import asyncio
import hashlib
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any  # fields of a settings model

import pytest

from models import EngineClosed, EngineUnavailable, ModelInvalid, QueueFull
from models.gguf import verify_model
from models.residency import Memory, Residents, ResidentSettings, free_memory, measure
from models.residency import memory as measuring
from models.residency import residents as residing
from models.resident.library import library
from tests.models.resident.conftest import write_adapter
from tests.models.resident.streams import complete


@pytest.fixture(autouse=True)
def _quick_to_unload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residing, "_DRAIN_S", 0.0)


def declared(path: Path, names: str = "abc", **settings: Any) -> dict[str, ResidentSettings]:
    chosen = {"context_tokens": 256, "threads": 1, "batch_tokens": 64, "parallel": 2, **settings}
    return {name: ResidentSettings(path=path, **chosen) for name in names}


def loaded(residents: Residents) -> str:
    return "".join(state.name for state in residents.states() if state.loaded)


async def use(residents: Residents, name: str) -> None:
    async with residents.lease(name) as engine:
        assert (await complete(engine, "abc", max_tokens=2, ignore_end=True)).ids


def room_for(path: Path, count: float) -> float:
    return measure(declared(path)["a"]).total * count / (1 << 30)


async def test_model_is_loaded_when_it_is_first_wanted(random_model: Path):
    async with Residents(declared(random_model)) as residents:
        assert loaded(residents) == ""
        assert residents.source("a").loaded is None
        await use(residents, "a")
        assert loaded(residents) == "a"
        assert residents.source("a").loaded is not None
        (state, *_) = residents.states()
        assert state.footprint is not None
        assert state.load_s is not None
        assert (state.in_use, state.problem) == (0, None)
    assert loaded(residents) == ""


async def test_simultaneous_requests_load_it_once(random_model: Path):
    async with Residents(declared(random_model)) as residents, AsyncExitStack() as stack:
        engines = await asyncio.gather(*(stack.enter_async_context(residents.lease("a")) for _ in range(5)))
        assert len({id(engine) for engine in engines}) == 1
        assert residents.states()[0].in_use == 5


async def test_least_recently_used_idle_model_makes_way(random_model: Path):
    async with Residents(declared(random_model), memory_gb=room_for(random_model, 2.5)) as residents:
        for name in "aba":
            await use(residents, name)
        assert loaded(residents) == "ab"
        await use(residents, "c")
        assert loaded(residents) == "ac"


async def test_model_in_use_stays_and_the_other_is_refused_with_numbers(random_model: Path):
    async with Residents(declared(random_model), memory_gb=room_for(random_model, 1.5)) as residents:
        async with residents.lease("a"):
            with pytest.raises(
                EngineUnavailable, match=r"model b needs \d+\.\d MB .* taken by a, which are pinned or in use"
            ):
                await use(residents, "b")
        await use(residents, "b")
        assert loaded(residents) == "b"


async def test_pinned_model_is_loaded_at_the_start_and_stays(random_model: Path):
    chosen = declared(random_model, "ab") | declared(random_model, "p", pin=True)
    async with Residents(chosen, memory_gb=room_for(random_model, 2.5)) as residents:
        assert loaded(residents) == "p"
        await use(residents, "a")
        await use(residents, "b")
        assert loaded(residents) == "bp"


async def test_model_that_can_never_fit_is_refused_with_numbers(random_model: Path):
    async with Residents(declared(random_model), memory_gb=room_for(random_model, 0.5)) as residents:
        with pytest.raises(
            EngineUnavailable, match=r"model a needs .* weights, .* context, .* models may take \d+\.\d MB"
        ):
            await use(residents, "a")
        assert "lower its context_tokens" in str(residents.states()[0].problem)


async def test_start_goes_on_without_a_model_that_cannot_be_loaded(tmp_path: Path, random_model: Path):
    missing = declared(tmp_path / "missing.gguf", "m", preload=True)
    async with Residents(missing | declared(random_model, "a", preload=True)) as residents:
        assert loaded(residents) == "a"
        assert "cannot be read as a model" in str(residents.states()[0].problem)


async def test_file_with_another_checksum_is_not_loaded(random_model: Path):
    content = await asyncio.to_thread(random_model.read_bytes)
    right, wrong = hashlib.sha256(content).hexdigest(), "0" * 64
    async with Residents(
        declared(random_model, "r", sha256=right) | declared(random_model, "w", sha256=wrong)
    ) as residents:
        await use(residents, "r")
        with pytest.raises(ModelInvalid, match="SHA-256"):
            await use(residents, "w")


async def test_request_that_gives_up_does_not_stop_the_loading(random_model: Path):
    async with Residents(declared(random_model)) as residents:
        waiting = asyncio.create_task(use(residents, "a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await use(residents, "a")
        assert loaded(residents) == "a"


async def test_engine_that_stopped_is_loaded_anew(random_model: Path):
    async with Residents(declared(random_model)) as residents:
        await use(residents, "a")
        engine = residents.engine("a")
        assert engine is not None
        await engine.close()
        await use(residents, "a")


async def test_nothing_is_loaded_any_more_after_the_end(random_model: Path):
    async with Residents(declared(random_model)) as residents:
        pass
    with pytest.raises(EngineClosed):
        await use(residents, "a")


async def test_busy_model_sheds_what_would_wait_too_long(random_model: Path):
    async with (
        Residents(declared(random_model, parallel=1, shed_after=0, context_tokens=2048)) as residents,
        residents.lease("a") as engine,
    ):
        streams = [
            asyncio.create_task(complete(engine, "abc", max_tokens=1500, ignore_end=True)) for _ in range(3)
        ]
        while engine.statistics().waiting < 2:
            await asyncio.sleep(0)
        with pytest.raises(QueueFull, match="next model"):
            await use(residents, "a")
        for stream in streams:
            stream.cancel()


async def test_adapters_are_loaded_with_their_model(random_model: Path, tmp_path: Path):
    path = await write_adapter(tmp_path / "one.gguf", 1)
    async with Residents(declared(random_model, "a", adapters={"one": path})) as residents:
        await use(residents, "a")
        engine = residents.engine("a")
        assert engine is not None
        await engine.remove_adapter("one")


def test_footprint_is_what_llama_cpp_plans(random_model: Path):
    small, large = (measure(declared(random_model, context_tokens=tokens)["a"]) for tokens in (256, 1024))
    header = verify_model(random_model)
    assert small.weights == header.file_size - header.data_offset
    layers, kv_heads, head = 2, 2, 16
    cells, rounding = 2048 - 512, 2 * 0.005 * (1 << 20)
    assert large.cache - small.cache == pytest.approx(cells * layers * kv_heads * head * 2 * 2, abs=rounding)
    assert small.compute > 0
    assert small.layers == layers + 1
    assert small.memory == Memory(small.total)
    assert measure(declared(random_model)["a"], Memory(1 << 40)) == small


def test_damaged_file_is_told_by_measuring(tmp_path: Path, random_model: Path):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(random_model.read_bytes()[:-1000])
    with pytest.raises(ModelInvalid, match="truncated"):
        measure(declared(cut)["a"])


def test_as_many_layers_as_fit_are_for_the_gpu(random_model: Path, monkeypatch: pytest.MonkeyPatch):
    settings = declared(random_model)["a"]
    whole = measure(settings)
    loaded_library = library()
    monkeypatch.setattr(loaded_library.api, "llama_supports_gpu_offload", lambda: True)
    assert measure(settings, Memory(0, 1 << 40)).memory == Memory(whole.parked, whole.total - whole.parked)
    part = measure(settings, Memory(1 << 40, whole.compute + (whole.weights + whole.cache) * 2 // 3))
    assert part.gpu_layers == 2
    assert part.memory.gpu + part.memory.host == whole.total
    assert measure(settings, Memory(1 << 40, 0)).gpu_layers == 0
    assert measure(settings.model_copy(update={"gpu_layers": 1}), Memory(0, 0)).gpu_layers == 1
    assert measuring.gpus() == []


def test_free_memory_is_within_the_machine_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_memory().host <= total
    for name, value in {
        "max": "3000000",
        "current": "1000000",
        "stat": "anon 5\ninactive_file 500000\n",
    }.items():
        (tmp_path / f"memory.{name}").write_text(value)
    monkeypatch.setattr(measuring, "_GROUP", tmp_path)
    assert free_memory().host == 2_500_000
    (tmp_path / "memory.max").write_text("max\n")
    monkeypatch.setattr(measuring, "_MEMORY_INFO", tmp_path / "missing")
    assert free_memory().host == total // 2


def test_memory_is_written_for_people():
    assert str(Memory(3 << 30)) == "3.0 GB of memory"
    assert str(Memory(5 << 20, 12 << 30)) == "5.0 MB of memory and 12.0 GB of GPU memory"
    assert str(Memory(0, 1 << 30)) == "1.0 GB of GPU memory"
