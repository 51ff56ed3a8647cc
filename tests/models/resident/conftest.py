"""Engines on models that load in milliseconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any  # fields of a settings model

import numpy as np
import pytest

from models.gguf import Value, write_gguf
from models.resident import EngineSettings, ResidentEngine
from tests.small_llama import SHAPE

OpenEngine = Callable[..., Awaitable[ResidentEngine]]


@pytest.fixture
async def open_engine(random_model: Path) -> AsyncIterator[OpenEngine]:
    """Opens engines, on the random model unless told otherwise, and closes them at the end."""
    opened: list[ResidentEngine] = []

    async def open_one(path: Path = random_model, **settings: Any) -> ResidentEngine:
        chosen = {"context_tokens": 512, "threads": 1, "batch_tokens": 128, **settings}
        opened.append(await ResidentEngine.load(EngineSettings(path=path, **chosen)))
        return opened[-1]

    yield open_one
    for engine in opened:
        await engine.close()


async def write_adapter(path: Path, seed: int, *, width: int = SHAPE.width, strength: float = 4.0) -> Path:
    """A LoRA adapter of rank 4 with random numbers on every query and feed-forward projection."""
    random = np.random.default_rng(seed)
    sizes = {"attn_q": (width, width), "ffn_up": (SHAPE.hidden, width)}
    tensors = {}
    for layer in range(SHAPE.layers):
        for name, (rows, columns) in sizes.items():
            low = random.standard_normal((4, columns), dtype=np.float32) * columns**-0.5
            high = random.standard_normal((rows, 4), dtype=np.float32)
            tensors[f"blk.{layer}.{name}.weight.lora_a"] = low
            tensors[f"blk.{layer}.{name}.weight.lora_b"] = high
    metadata: dict[str, Value] = {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": strength,
    }
    await asyncio.to_thread(write_gguf, path, metadata, tensors)
    return path
