"""Engines on models that load in milliseconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any  # fields of a settings model

import pytest

from models.resident import EngineSettings, ResidentEngine
from tests.small_llama import SHAPE
from training.llama import LlamaShape, write_random_adapter

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


async def write_adapter(path: Path, seed: int, *, shape: LlamaShape = SHAPE) -> Path:
    """A LoRA adapter of random numbers."""
    await asyncio.to_thread(write_random_adapter, path, shape, seed=seed)
    return path
