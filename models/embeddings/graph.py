"""The network of all-MiniLM-L6-v2 written as an ONNX graph of ONNX Runtime's fused operators.

The architecture is BERT's (Devlin et al. 2019) with 6 layers, 12 heads and GELU by the error function; the
operators are those of docs/ContribOperators.md in ONNX Runtime. Written out, the graph needs neither torch nor
a pass that looks for patterns to fuse. The sum over tokens stands for their mean: normalising undoes the divisor.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
MAX_TOKENS = 256

_EPSILON = 1e-12
_FUSED = "com.microsoft"
_OPSET, _FUSED_OPSET, _IR_VERSION = 17, 1, 9

Weights = dict[str, NDArray[np.float32]]


def write_graph(safetensors: Path, destination: Path, *, weights_name: str) -> None:
    """Write the graph to `destination` and its weights beside it, where ONNX Runtime maps them into memory.

    Inputs `ids` and `mask`, both int32 of shape (texts, tokens); output `vectors`, float32 of shape
    (texts, 384), each row of unit length.
    """
    graph = _Graph(load_file(safetensors))
    hidden = graph.embeddings()
    for layer in range(LAYERS):
        hidden = graph.layer(layer, hidden)
    graph.pooling(hidden)
    model = helper.make_model(
        graph.proto(),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, _FUSED_OPSET)],
        ir_version=_IR_VERSION,
    )
    onnx.save(model, destination, save_as_external_data=True, location=weights_name)


class _Graph:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def embeddings(self) -> str:
        """Every token is of type 0, so that type's vector is added to the positions' once and for all."""
        prefix = "embeddings"
        words = self._weights[f"{prefix}.word_embeddings.weight"]
        positions = self._weights[f"{prefix}.position_embeddings.weight"][:MAX_TOKENS]
        kind = self._weights[f"{prefix}.token_type_embeddings.weight"][0]
        inputs = [
            "ids",
            "",
            self._constant("words", words),
            self._constant("positions", positions + kind),
            "",
            *self._norm(f"{prefix}.LayerNorm"),
        ]
        self._add("EmbedLayerNormalization", inputs, "embedded", "unused", domain=_FUSED, epsilon=_EPSILON)
        return "embedded"

    def layer(self, number: int, hidden: str) -> str:
        """One transformer block: attention, then the two dense layers, each with its residual and norm."""
        prefix = f"encoder.layer.{number}"
        names = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weights[f"{name}.weight"].T for name in names], axis=1)
        bias = np.concatenate([self._weights[f"{name}.bias"] for name in names])
        qkv = [self._constant(f"{prefix}.qkv", matrix), self._constant(f"{prefix}.qkv.bias", bias)]
        attended = f"{prefix}.attended"
        self._add("Attention", [hidden, *qkv, "mask"], attended, domain=_FUSED, num_heads=HEADS)
        hidden = self._residual(f"{prefix}.attention.output", attended, hidden)
        wide, bias_name = self._dense(f"{prefix}.intermediate.dense", hidden)
        activated = f"{prefix}.activated"
        self._add("BiasGelu", [wide, bias_name], activated, domain=_FUSED)
        return self._residual(f"{prefix}.output", activated, hidden)

    def pooling(self, hidden: str) -> None:
        """The unit vector along the sum of a text's token vectors, padding left out."""
        axis = self._constant("axis", np.array([1], dtype=np.int64))
        self._add("Cast", ["mask"], "weights", to=TensorProto.FLOAT)
        self._add("Unsqueeze", ["weights", axis], "row")
        self._add("MatMul", ["row", hidden], "sums")
        self._add("Squeeze", ["sums", axis], "sum")
        self._add("LpNormalization", ["sum"], "vectors", axis=-1, p=2)

    def proto(self) -> onnx.GraphProto:
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"])
            for name in ("ids", "mask")
        ]
        output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", DIMENSIONS])
        return helper.make_graph(self._nodes, "all-MiniLM-L6-v2", inputs, [output], self._constants)

    def _residual(self, prefix: str, inner: str, skip: str) -> str:
        product, bias = self._dense(f"{prefix}.dense", inner)
        inputs = [product, skip, *self._norm(f"{prefix}.LayerNorm"), bias]
        self._add("SkipLayerNormalization", inputs, f"{prefix}.normalised", domain=_FUSED, epsilon=_EPSILON)
        return f"{prefix}.normalised"

    def _dense(self, name: str, inner: str) -> tuple[str, str]:
        """The product with a dense layer's matrix, and the name of the bias, which the next operator adds."""
        matrix = self._constant(f"{name}.matrix", self._weights[f"{name}.weight"].T)
        self._add("MatMul", [inner, matrix], f"{name}.product")
        return f"{name}.product", self._constant(f"{name}.bias", self._weights[f"{name}.bias"])

    def _norm(self, name: str) -> list[str]:
        return [
            self._constant(f"{name}.{part}", self._weights[f"{name}.{part}"]) for part in ("weight", "bias")
        ]

    def _constant(self, name: str, array: NDArray[np.float32] | NDArray[np.int64]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _add(
        self, operator: str, inputs: list[str], *outputs: str, domain: str = "", **attributes: float
    ) -> None:
        self._nodes.append(helper.make_node(operator, inputs, list(outputs), domain=domain, **attributes))
