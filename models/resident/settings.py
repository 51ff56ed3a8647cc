"""What may be set about a resident model."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

_MOST_THREADS = 16
_IDLE_SEQUENCES = 3
"""Sequences kept for reuse, for each that may run."""
_MOST_SEQUENCES = 128
_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class EngineSettings(BaseModel):
    """A model file, the memory for its context, and how many requests share it."""

    path: Path = Field(description="The GGUF file.")
    context_tokens: int = Field(
        default=8192, ge=64, description="The longest prompt and completion of one request, in tokens."
    )
    cache_tokens: int | None = Field(
        default=None,
        ge=64,
        description="Tokens of all requests, and of prompts kept for reuse, that the KV cache holds; "
        "unset: twice `context_tokens`.",
    )
    parked_mb: int = Field(
        default=512,
        ge=0,
        description="Megabytes of the host's memory, and no more than the KV cache takes, for beginnings of prompts "
        "that are kept outside of it and brought back when they are asked for; 0: none.",
    )
    parallel: int = Field(default=8, ge=1, le=64, description="Requests decoded together.")
    queue: int = Field(default=64, ge=1, description="Requests that may wait before more are refused.")
    batch_tokens: int = Field(default=512, ge=16, le=4096, description="Most tokens computed in one step.")
    prefill_slowdown: float = Field(
        default=1.7,
        gt=1,
        description="How much longer a step may take for the prompt of another request, while answers are being written.",
    )
    patience_s: float = Field(
        default=10.0,
        gt=0,
        description="Seconds of waiting after which a request counts as one priority higher.",
    )
    threads: int | None = Field(
        default=None, ge=1, le=128, description="Threads that compute; unset: all cores but one, 16 at most."
    )
    gpu_layers: int = Field(
        default=-1,
        ge=-1,
        description="Layers offloaded to a GPU where the build supports it; -1: all, 0: none.",
    )
    flash_attention: bool | None = Field(
        default=None,
        description="Whether attention is computed in one fused step; unset: where the model allows it.",
    )

    @model_validator(mode="after")
    def _steps_hold_all(self) -> Self:
        if self.batch_tokens < self.parallel:
            raise ValueError(
                f"batch_tokens is {self.batch_tokens}, but {self.parallel} requests are decoded together: "
                "a step must hold a token of each"
            )
        return self

    def cells(self) -> int:
        """Tokens the KV cache holds."""
        return max(self.context_tokens, self.cache_tokens or 2 * self.context_tokens)

    def sequences(self) -> int:
        """Sequences there are cells for: those that run, and beginnings kept for reuse."""
        return min(_MOST_SEQUENCES, self.parallel * (1 + _IDLE_SEQUENCES))


def default_threads() -> int:
    """All cores this process may use but one, at least one and 16 at most: computing threads wait by spinning."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(_MOST_THREADS, min(allowed, _quota() or allowed) - 1))


def _quota() -> int | None:
    """Cores a container may use, where it is limited."""
    try:
        quota, period = _CPU_QUOTA.read_text("ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1, int(quota) // int(period))
