"""A Llama in PyTorch (Touvron et al., 2023, "LLaMA: Open and Efficient Foundation Language Models").

RMS norms, rotary positions over neighbouring pairs as llama.cpp turns them, grouped keys and values, gated
feed-forward parts, and an output that shares the embedding's weights. Parameters go by their names in GGUF.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.llama.shape import LlamaShape


class Llama(nn.Module):  # type: ignore[misc]  # PyTorch's types are not read here
    """Tokens, shape (batch, length), to logits, shape (batch, length, vocabulary)."""

    def __init__(self, shape: LlamaShape, vocabulary: int) -> None:
        super().__init__()
        self._shape = shape
        self.weights = nn.ParameterDict()
        for name, size in shape.tensors(vocabulary).items():
            numbers = torch.ones(size) if len(size) == 1 else torch.randn(size) * 0.02
            if name.endswith(("attn_output.weight", "ffn_down.weight")):
                numbers /= math.sqrt(2 * shape.layers)
            self.weights[_key(name)] = nn.Parameter(numbers)

    def forward(self, tokens: Tensor) -> Tensor:
        """The logits of what follows each token."""
        shape = self._shape
        states = functional.embedding(tokens, self._of("token_embd.weight"))
        turns = _turns(shape, tokens.shape[1])
        for layer in range(shape.layers):
            block = f"blk.{layer}"
            states = states + self._attend(block, self._norm(f"{block}.attn_norm", states), turns)
            states = states + self._feed_forward(block, self._norm(f"{block}.ffn_norm", states))
        return functional.linear(self._norm("output_norm", states), self._of("token_embd.weight"))

    def tensors(self) -> dict[str, Tensor]:
        """The parameters by their names in GGUF."""
        names = self._shape.tensors(len(self._of("token_embd.weight")))
        return {name: self._of(name).detach() for name in names}

    def _of(self, name: str) -> Tensor:
        parameter: Tensor = self.weights[_key(name)]
        return parameter

    def _norm(self, name: str, states: Tensor) -> Tensor:
        size = (self._shape.width,)
        return functional.rms_norm(states, size, self._of(f"{name}.weight"), self._shape.norm_epsilon)

    def _attend(self, block: str, states: Tensor, turns: Tensor) -> Tensor:
        shape = self._shape
        batch, length, _ = states.shape

        def heads(name: str, count: int) -> Tensor:
            projected = functional.linear(states, self._of(f"{block}.{name}.weight"))
            return projected.view(batch, length, count, shape.head_width).transpose(1, 2)

        queries = _turned(heads("attn_q", shape.heads), turns)
        keys = _turned(heads("attn_k", shape.kv_heads), turns)
        values = heads("attn_v", shape.kv_heads)
        repeats = shape.heads // shape.kv_heads
        mixed = functional.scaled_dot_product_attention(
            queries,
            keys.repeat_interleave(repeats, dim=1),
            values.repeat_interleave(repeats, dim=1),
            is_causal=True,
        )
        joined = mixed.transpose(1, 2).reshape(batch, length, shape.width)
        return functional.linear(joined, self._of(f"{block}.attn_output.weight"))

    def _feed_forward(self, block: str, states: Tensor) -> Tensor:
        gate = functional.silu(functional.linear(states, self._of(f"{block}.ffn_gate.weight")))
        up = functional.linear(states, self._of(f"{block}.ffn_up.weight"))
        return functional.linear(gate * up, self._of(f"{block}.ffn_down.weight"))


def _key(name: str) -> str:
    return name.replace(".", "_")  # PyTorch allows no dots in a parameter's name


def _turns(shape: LlamaShape, length: int) -> Tensor:
    """Cosines and sines of the rotary angles, shape (2, length, head_width / 2)."""
    powers = torch.arange(0, shape.head_width, 2) / shape.head_width
    angles = torch.outer(torch.arange(length), shape.rope_base**-powers)
    return torch.stack([angles.cos(), angles.sin()])


def _turned(vectors: Tensor, turns: Tensor) -> Tensor:
    cosines, sines = turns.to(vectors.dtype)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    return torch.stack([even * cosines - odd * sines, even * sines + odd * cosines], dim=-1).flatten(-2)
