"""A Llama's numbers as GGUF files."""

import ctypes
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import WeightsInvalid
from models.gguf import Value, write_gguf
from training.llama.shape import LlamaShape
from training.llama.vocabulary import Vocabulary

_FILE_TYPES = {"Q8_0": 7, "Q4_K_M": 15}
"""llama.cpp's numbers of what a whole file is quantised to."""
_F16_FILE = 1
_ADAPTER_RANK = 4


class RandomWeights(Mapping[str, NDArray[np.float32]]):
    """Normally distributed numbers for every tensor of a shape, made when asked for; a seed gives the same ones."""

    def __init__(self, shape: LlamaShape, vocabulary: int, seed: int = 0) -> None:
        self._shapes = shape.tensors(vocabulary)
        self._seed = seed

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        size = self._shapes[name]
        if len(size) == 1:
            return np.ones(size, dtype=np.float32)
        generator = np.random.default_rng([self._seed, list(self._shapes).index(name)])
        scale = np.float32(size[-1] ** -0.5)
        return generator.standard_normal(size, dtype=np.float32) * scale

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)


def write_llama(
    path: Path,
    shape: LlamaShape,
    vocabulary: Vocabulary,
    weights: Mapping[str, NDArray[np.float32]],
    *,
    name: str = "small-llama",
) -> None:
    """Write a Llama with 16-bit matrices and 32-bit norms. Weights go by their names in GGUF."""
    tensors = {
        tensor: numbers if numbers.ndim == 1 else numbers.astype(np.float16)
        for tensor, numbers in weights.items()
    }
    write_gguf(path, _metadata(shape, vocabulary, name), tensors)


def write_random_adapter(path: Path, shape: LlamaShape, *, seed: int, strength: float = 4.0) -> None:
    """Write a LoRA adapter of rank 4 with random numbers on every query and feed-forward projection."""
    random = np.random.default_rng(seed)
    sizes = {"attn_q": (shape.width, shape.width), "ffn_up": (shape.hidden, shape.width)}
    tensors = {}
    for layer in range(shape.layers):
        for name, (rows, columns) in sizes.items():
            low = random.standard_normal((_ADAPTER_RANK, columns), dtype=np.float32) * columns**-0.5
            high = random.standard_normal((rows, _ADAPTER_RANK), dtype=np.float32)
            tensors[f"blk.{layer}.{name}.weight.lora_a"] = low
            tensors[f"blk.{layer}.{name}.weight.lora_b"] = high
    metadata: dict[str, Value] = {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": strength,
    }
    write_gguf(path, metadata, tensors)


def quantise(source: Path, target: Path, kind: str) -> None:
    """Quantise a GGUF file to `Q8_0` or `Q4_K_M` by llama.cpp, with one thread."""
    from llama_cpp import llama_cpp as library

    parameters = library.llama_model_quantize_default_params()
    parameters.ftype = _FILE_TYPES[kind]
    parameters.nthread = 1
    partial = target.with_name(target.name + ".part")
    failed = library.llama_model_quantize(
        str(source).encode(), str(partial).encode(), ctypes.byref(parameters)
    )
    if failed:
        raise WeightsInvalid(f"{source} could not be quantised to {kind}: llama.cpp gave {failed}")
    partial.replace(target)


def _metadata(shape: LlamaShape, vocabulary: Vocabulary, name: str) -> dict[str, Value]:
    return {
        "general.architecture": "llama",
        "general.name": name,
        "general.file_type": _F16_FILE,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.width,
        "llama.block_count": shape.layers,
        "llama.feed_forward_length": shape.hidden,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.kv_heads,
        "llama.attention.layer_norm_rms_epsilon": shape.norm_epsilon,
        "llama.rope.dimension_count": shape.head_width,
        "llama.rope.freq_base": shape.rope_base,
        "llama.vocab_size": len(vocabulary.tokens),
        **vocabulary.metadata(),
    }
