"""The dimensions of a Llama."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LlamaShape:
    """How large each part is. Widths that are multiples of 256 can be quantised to 4 bits block by block."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int
    """Width of the feed-forward part."""
    context: int
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Numbers a head works on."""
        return self.width // self.heads

    @property
    def kv_width(self) -> int:
        """Numbers of all keys, or values, of a token in one layer."""
        return self.kv_heads * self.head_width

    def tensors(self, vocabulary: int) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor by its name in GGUF; the output shares the embedding's."""
        shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (vocabulary, self.width)}
        for layer in range(self.layers):
            block = f"blk.{layer}"
            shapes |= {
                f"{block}.attn_norm.weight": (self.width,),
                f"{block}.attn_q.weight": (self.width, self.width),
                f"{block}.attn_k.weight": (self.kv_width, self.width),
                f"{block}.attn_v.weight": (self.kv_width, self.width),
                f"{block}.attn_output.weight": (self.width, self.width),
                f"{block}.ffn_norm.weight": (self.width,),
                f"{block}.ffn_gate.weight": (self.hidden, self.width),
                f"{block}.ffn_up.weight": (self.hidden, self.width),
                f"{block}.ffn_down.weight": (self.width, self.hidden),
            }
        return shapes | {"output_norm.weight": (self.width,)}
