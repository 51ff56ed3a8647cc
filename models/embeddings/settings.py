"""What may be set about embeddings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_MODEL = "all-MiniLM-L6-v2"


class EmbeddingSettings(BaseModel):
    """Which model turns texts into vectors, what it may use, and how long its vectors are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    """`all-MiniLM-L6-v2` runs in ONNX Runtime; anything else is a sentence-transformers name or folder."""

    threads: Annotated[int, Field(ge=1, le=64)] | None = None
    """Threads that compute one batch; by default two, or one on a machine with a single core."""

    spin: bool = False
    """Whether those threads busy-wait for work: some latency won on an idle machine, much lost on a busy one."""

    device: str = "cpu"
    """Where a sentence-transformers model computes: `cpu`, `cuda`, `cuda:1`, `mps`."""

    cache_ttl_seconds: Annotated[int, Field(ge=0)] = 7 * 24 * 3600
    """How long Redis keeps a vector; 0 turns the Redis cache off."""

    cache_timeout_seconds: Annotated[float, Field(gt=0)] = 1.0
    """How long one exchange with Redis may take before its vectors are computed instead."""

    cache_cooldown_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How long Redis is left alone after it failed."""

    hot_vectors: Annotated[int, Field(ge=0)] = 4096
    """How many vectors of recent texts stay in the process (1.5 KB each at 384 dimensions); 0 keeps none."""
