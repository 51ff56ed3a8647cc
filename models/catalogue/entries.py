"""Open models that are worth their memory, as GGUF on the hub of Hugging Face."""

from dataclasses import dataclass
from typing import Final

_HUB: Final = "https://huggingface.co"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recommended file. Sizes are those of the quantisation named in it, rounded; the hub tells the exact ones."""

    name: str
    repository: str
    file: str
    licence: str
    parameters: float
    """In billions; of a mixture of experts all of them."""
    active: float | None = None
    """In billions: of a mixture, those that compute a token, which is what its speed depends on."""
    gigabytes: float
    context: int
    """Tokens it was trained for."""
    cache_bytes: int
    """Keys and values of one token: 2 x layers x key-value heads x head width x 2 bytes."""
    good_for: str

    @property
    def url(self) -> str:
        """Where the file is fetched from."""
        return f"{_HUB}/{self.repository}/resolve/main/{self.file}"


def _cache(layers: int, heads: int, width: int) -> int:
    return 2 * layers * heads * width * 2


ENTRIES: Final = (
    Entry(
        name="qwen3-1.7b",
        repository="Qwen/Qwen3-1.7B-GGUF",
        file="Qwen3-1.7B-Q8_0.gguf",
        licence="Apache-2.0",
        parameters=1.7,
        gigabytes=1.8,
        context=32_768,
        cache_bytes=_cache(28, 8, 128),
        good_for="routing, short answers, machines without a GPU",
    ),
    Entry(
        name="qwen3-4b",
        repository="Qwen/Qwen3-4B-GGUF",
        file="Qwen3-4B-Q4_K_M.gguf",
        licence="Apache-2.0",
        parameters=4.0,
        gigabytes=2.5,
        context=32_768,
        cache_bytes=_cache(36, 8, 128),
        good_for="tool calls and answers on 6 to 8 GB",
    ),
    Entry(
        name="phi-4-mini",
        repository="unsloth/Phi-4-mini-instruct-GGUF",
        file="Phi-4-mini-instruct-Q4_K_M.gguf",
        licence="MIT",
        parameters=3.8,
        gigabytes=2.5,
        context=131_072,
        cache_bytes=_cache(32, 8, 128),
        good_for="calculation and code on 6 to 8 GB",
    ),
    Entry(
        name="mistral-7b",
        repository="bartowski/Mistral-7B-Instruct-v0.3-GGUF",
        file="Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
        licence="Apache-2.0",
        parameters=7.2,
        gigabytes=4.4,
        context=32_768,
        cache_bytes=_cache(32, 8, 128),
        good_for="prose on 8 GB",
    ),
    Entry(
        name="qwen3-8b",
        repository="Qwen/Qwen3-8B-GGUF",
        file="Qwen3-8B-Q4_K_M.gguf",
        licence="Apache-2.0",
        parameters=8.2,
        gigabytes=5.0,
        context=32_768,
        cache_bytes=_cache(36, 8, 128),
        good_for="all roles on 8 to 12 GB",
    ),
    Entry(
        name="qwen3-14b",
        repository="Qwen/Qwen3-14B-GGUF",
        file="Qwen3-14B-Q4_K_M.gguf",
        licence="Apache-2.0",
        parameters=14.8,
        gigabytes=9.0,
        context=32_768,
        cache_bytes=_cache(40, 8, 128),
        good_for="all roles on 16 GB",
    ),
    Entry(
        name="qwen3-30b-a3b",
        repository="Qwen/Qwen3-30B-A3B-GGUF",
        file="Qwen3-30B-A3B-Q4_K_M.gguf",
        licence="Apache-2.0",
        parameters=30.5,
        active=3.3,
        gigabytes=18.6,
        context=32_768,
        cache_bytes=_cache(48, 4, 128),
        good_for="all roles on 24 GB, at the speed of a small model",
    ),
)
"""Smallest first."""
