"""What may be set about embeddings."""

from pydantic import BaseModel, Field

DEFAULT_MODEL = "all-MiniLM-L6-v2"

_WEEK_S = 7 * 24 * 3600


class EmbeddingSettings(BaseModel):
    """Which model turns texts into vectors, what it may use, and how long its vectors are kept."""

    model: str = Field(
        default=DEFAULT_MODEL,
        min_length=1,
        description="`all-MiniLM-L6-v2`, the path of a GGUF file of an embedding model, or the name or folder of any other sentence-transformers model. Of knowledge it embeds the first version of the index, and new ones that name no other.",
    )
    threads: int | None = Field(
        default=None, ge=1, le=64, description="Threads that compute one batch; unset: two, or the only core."
    )
    device: str = Field(
        default="cpu", description="Where a sentence-transformers model computes: cpu, cuda, cuda:1, mps."
    )
    gpu_layers: int = Field(
        default=-1,
        ge=-1,
        description="Layers of a GGUF model offloaded to a GPU where the build supports it; -1: all, 0: none.",
    )
    max_tokens: int = Field(
        default=512,
        ge=16,
        le=8192,
        description="Tokens that a GGUF model reads of a text, as far as it was trained for them.",
    )
    cache_ttl_s: int = Field(
        default=_WEEK_S, ge=0, description="Seconds for which Redis keeps a vector; 0: it keeps none."
    )
    cache_timeout_s: float = Field(
        default=1.0, gt=0, description="Seconds an exchange with Redis may take before vectors are computed."
    )
    cache_cooldown_s: float = Field(
        default=30.0, ge=0, description="Seconds for which Redis is left alone after it failed."
    )
    hot_vectors: int = Field(
        default=4096, ge=0, description="Vectors of recent texts kept in the process, 1.5 KB each; 0: none."
    )
