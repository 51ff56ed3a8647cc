"""A BERT of sentence-transformers as a GGUF file, as llama.cpp's own converter lays it out."""

import json
from pathlib import Path

import numpy as np

from models.gguf import Value, write_gguf

_NORMAL, _CONTROL = 1, 3
_OUTER = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm": "token_embd_norm",
}
_INNER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def write_bert(path: Path, weights: Path, tokenizer: Path, *, heads: int, pooling: int | None = 1) -> Path:
    """Convert `weights` (safetensors) and `tokenizer` (tokenizer.json, WordPiece); without pooling it is no embedding model."""
    from safetensors.numpy import load_file

    numbers = load_file(weights)
    tensors = {_name(name): tensor.astype(np.float32) for name, tensor in numbers.items() if _name(name)}
    vocabulary = json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    places, width = tensors["position_embd.weight"].shape
    metadata: dict[str, Value] = {
        "general.architecture": "bert",
        "general.name": path.stem,
        "bert.context_length": places,
        "bert.embedding_length": width,
        "bert.feed_forward_length": len(tensors["blk.0.ffn_up.weight"]),
        "bert.block_count": sum(name.endswith("ffn_up.weight") for name in tensors),
        "bert.attention.head_count": heads,
        "bert.attention.layer_norm_epsilon": 1e-12,
        "bert.attention.causal": False,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.token_type_count": len(tensors["token_types.weight"]),
        "tokenizer.ggml.tokens": [_spelled(token) for token in tokens],
        "tokenizer.ggml.token_type": [_CONTROL if _special(token) else _NORMAL for token in tokens],
    }
    for key, token in (("bos", "[CLS]"), ("seperator", "[SEP]"), ("unknown", "[UNK]"), ("padding", "[PAD]")):
        metadata[f"tokenizer.ggml.{key}_token_id"] = vocabulary[token]
    if pooling is not None:
        metadata["bert.pooling_type"] = pooling
    write_gguf(path, metadata, tensors)
    return path


def _spelled(token: str) -> str:
    """Beginnings of words have a mark in GGUF, where BERT marks the later parts of one."""
    if _special(token):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def _special(token: str) -> bool:
    return len(token) > len("[]") and token.startswith("[") and token.endswith("]")


def _name(name: str) -> str:
    """A tensor's name in GGUF; empty for one that llama.cpp does not use."""
    name = name.removeprefix("bert.")
    for ours, theirs in _OUTER.items():
        if name.startswith(ours):
            return name.replace(ours, theirs)
    if not name.startswith("encoder.layer."):
        return ""
    layer, inner = name.removeprefix("encoder.layer.").split(".", 1)
    part, _, kind = inner.rpartition(".")
    return f"blk.{layer}.{_INNER[part]}.{kind}"
