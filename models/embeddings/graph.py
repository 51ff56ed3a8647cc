"""The network of all-MiniLM-L6-v2, written in OpenVINO's operators from the published weights.

The architecture is BERT's (Devlin et al. 2019) with 6 layers, 12 heads and GELU by the error function. Written
out, it needs neither torch nor a converter. The sum over tokens stands for their mean: normalising undoes the
divisor.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.embeddings.runtime import openvino
from models.embeddings.runtime import operators as ops

if TYPE_CHECKING:
    from openvino import Node

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
MAX_TOKENS = 256

_EPSILON = 1e-12
_HIDDEN_TOKEN = (
    -30_000.0
)  # added to its score, which leaves it nothing of the softmax, and fits half precision

Weights = dict[str, NDArray[np.float32]]


def write_graph(safetensors: Path, destination: Path) -> None:
    """Write the graph to `destination`, an .xml, and beside it, as .bin, its weights in half precision.

    Inputs `ids` and `mask`, both int32 of shape (texts, tokens); output `vectors`, float32 of shape (texts, 384),
    each row of unit length. OpenVINO maps the weights into memory and computes with them in the precision that
    suits the processor. Half precision alone leaves each vector at a cosine of 0.999999 to what it was.
    """
    graph = _Graph(load_file(safetensors))
    hidden = graph.embeddings()
    for layer in range(LAYERS):
        hidden = graph.layer(f"encoder.layer.{layer}", hidden)
    vectors = graph.pooled(hidden)
    vectors.output(0).set_names({"vectors"})
    model = openvino.Model([vectors], [graph.ids, graph.mask], "all-MiniLM-L6-v2")
    for number, node in enumerate(model.get_ordered_ops()):
        if node not in (graph.ids, graph.mask):  # names by default count all nodes of the process
            node.set_friendly_name(f"{node.get_type_name()}_{number}")
    openvino.save_model(model, destination, compress_to_fp16=True)


class _Graph:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.ids = ops.parameter([-1, -1], np.int32, name="ids")
        self.mask = ops.parameter([-1, -1], np.int32, name="mask")
        self._seen = ops.convert(self.mask, np.float32)
        unseen = ops.subtract(ops.constant(np.float32(1)), ops.unsqueeze(self._seen, _axes(1, 2)))
        self._bias = ops.multiply(unseen, ops.constant(np.float32(_HIDDEN_TOKEN)))

    def embeddings(self) -> "Node":
        """Every token is of type 0, so that type's vector is added to the positions' once and for all."""
        words = self._constant("embeddings.word_embeddings.weight")
        positions = self._weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        tokens = ops.gather(ops.shape_of(self.ids), _axes(1), _axes(0))
        used = ops.slice(ops.constant(positions + kind), _axes(0), tokens, _axes(1), _axes(0))
        return self._normed("embeddings", ops.add(ops.gather(words, self.ids, _axes(0)), used))

    def layer(self, prefix: str, hidden: "Node") -> "Node":
        """One transformer block: attention, then the two dense layers, each with its residual and norm."""
        parts = [self._heads(f"{prefix}.attention.self.{part}", hidden) for part in ("query", "key", "value")]
        attended = ops.transpose(ops.scaled_dot_product_attention(*parts, self._bias), _axes(0, 2, 1, 3))
        joined = ops.reshape(attended, _axes(0, 0, DIMENSIONS), special_zero=True)
        hidden = self._residual(f"{prefix}.attention.output", joined, hidden)
        wide = ops.gelu(self._dense(f"{prefix}.intermediate.dense", hidden), "erf")
        return self._residual(f"{prefix}.output", wide, hidden)

    def pooled(self, hidden: "Node") -> "Node":
        """The unit vector along the sum of a text's token vectors, padding left out."""
        row = ops.unsqueeze(self._seen, _axes(1))
        total = ops.squeeze(ops.matmul(row, hidden, transpose_a=False, transpose_b=False), _axes(1))
        return ops.normalize_l2(total, _axes(1), _EPSILON, "max")

    def _heads(self, prefix: str, hidden: "Node") -> "Node":
        shape = _axes(0, 0, HEADS, DIMENSIONS // HEADS)
        split = ops.reshape(self._dense(prefix, hidden), shape, special_zero=True)
        return ops.transpose(split, _axes(0, 2, 1, 3))

    def _residual(self, prefix: str, inner: "Node", skip: "Node") -> "Node":
        return self._normed(prefix, ops.add(self._dense(f"{prefix}.dense", inner), skip))

    def _dense(self, prefix: str, inner: "Node") -> "Node":
        matrix = self._constant(f"{prefix}.weight")
        product = ops.matmul(inner, matrix, transpose_a=False, transpose_b=True)
        return ops.add(product, self._constant(f"{prefix}.bias"))

    def _normed(self, prefix: str, hidden: "Node") -> "Node":
        scaled = ops.multiply(
            ops.mvn(hidden, _axes(-1), normalize_variance=True, eps=_EPSILON, eps_mode="inside_sqrt"),
            self._constant(f"{prefix}.LayerNorm.weight"),
        )
        return ops.add(scaled, self._constant(f"{prefix}.LayerNorm.bias"))

    def _constant(self, name: str) -> "Node":
        return ops.constant(self._weights[name])


def _axes(*numbers: int) -> "Node":
    return ops.constant(np.array(numbers, dtype=np.int64))
