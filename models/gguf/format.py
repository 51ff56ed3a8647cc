"""What a GGUF file is made of: kinds of values, and how many bytes a tensor takes."""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32

Value: TypeAlias = str | bool | int | float | list[str] | list[int] | list[float]


class Kind(IntEnum):
    """The kinds of metadata values, by their numbers in the file."""

    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    UINT32 = 4
    INT32 = 5
    FLOAT32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    UINT64 = 10
    INT64 = 11
    FLOAT64 = 12


FORMATS: dict[Kind, str] = {
    Kind.UINT8: "B",
    Kind.INT8: "b",
    Kind.UINT16: "H",
    Kind.INT16: "h",
    Kind.UINT32: "I",
    Kind.INT32: "i",
    Kind.FLOAT32: "f",
    Kind.BOOL: "?",
    Kind.UINT64: "Q",
    Kind.INT64: "q",
    Kind.FLOAT64: "d",
}
"""The `struct` letter of each scalar kind."""


class Quantisation(IntEnum):
    """How the numbers of a tensor are stored, by ggml's numbers."""

    F32 = 0
    F16 = 1
    Q4_0 = 2
    Q4_1 = 3
    Q5_0 = 6
    Q5_1 = 7
    Q8_0 = 8
    Q8_1 = 9
    Q2_K = 10
    Q3_K = 11
    Q4_K = 12
    Q5_K = 13
    Q6_K = 14
    Q8_K = 15
    IQ2_XXS = 16
    IQ2_XS = 17
    IQ3_XXS = 18
    IQ1_S = 19
    IQ4_NL = 20
    IQ3_S = 21
    IQ2_S = 22
    IQ4_XS = 23
    I8 = 24
    I16 = 25
    I32 = 26
    I64 = 27
    F64 = 28
    IQ1_M = 29
    BF16 = 30
    TQ1_0 = 34
    TQ2_0 = 35
    MXFP4 = 39


_BLOCKS: dict[int, tuple[int, int]] = {
    Quantisation.F32: (1, 4),
    Quantisation.F16: (1, 2),
    Quantisation.Q4_0: (32, 18),
    Quantisation.Q4_1: (32, 20),
    Quantisation.Q5_0: (32, 22),
    Quantisation.Q5_1: (32, 24),
    Quantisation.Q8_0: (32, 34),
    Quantisation.Q8_1: (32, 36),
    Quantisation.Q2_K: (256, 84),
    Quantisation.Q3_K: (256, 110),
    Quantisation.Q4_K: (256, 144),
    Quantisation.Q5_K: (256, 176),
    Quantisation.Q6_K: (256, 210),
    Quantisation.Q8_K: (256, 292),
    Quantisation.IQ2_XXS: (256, 66),
    Quantisation.IQ2_XS: (256, 74),
    Quantisation.IQ3_XXS: (256, 98),
    Quantisation.IQ1_S: (256, 50),
    Quantisation.IQ4_NL: (32, 18),
    Quantisation.IQ3_S: (256, 110),
    Quantisation.IQ2_S: (256, 82),
    Quantisation.IQ4_XS: (256, 136),
    Quantisation.I8: (1, 1),
    Quantisation.I16: (1, 2),
    Quantisation.I32: (1, 4),
    Quantisation.I64: (1, 8),
    Quantisation.F64: (1, 8),
    Quantisation.IQ1_M: (256, 56),
    Quantisation.BF16: (1, 2),
    Quantisation.TQ1_0: (256, 54),
    Quantisation.TQ2_0: (256, 66),
    Quantisation.MXFP4: (32, 17),
}
"""Numbers in a block, and the bytes a block takes."""


@dataclass(frozen=True)
class TensorInfo:
    """Where a tensor lies in its file, and what shape it has (innermost dimension first, as ggml writes it)."""

    name: str
    shape: tuple[int, ...]
    quantisation: int
    """A `Quantisation`, or a number newer than this table."""
    offset: int
    """Bytes from the start of the data section."""

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def size(self) -> int | None:
        """Bytes it takes; None where its quantisation is not known here."""
        block = _BLOCKS.get(self.quantisation)
        return None if block is None else self.parameters // block[0] * block[1]


def aligned(position: int, alignment: int) -> int:
    """The next multiple of `alignment` that is not below `position`."""
    return -(-position // alignment) * alignment
