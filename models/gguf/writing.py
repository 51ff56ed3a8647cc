"""Writing GGUF files: models and adapters made here."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.gguf.format import DEFAULT_ALIGNMENT, FORMATS, MAGIC, Kind, Quantisation, Value, aligned

_VERSION = 3
Numbers = NDArray[np.float32] | NDArray[np.float16]


def write_gguf(path: Path, metadata: Mapping[str, Value], tensors: Mapping[str, Numbers]) -> None:
    """Write a file whole or not at all.

    Integers are written as uint32 (in lists int32), floats as float32; a tensor is float32 or float16 in
    NumPy's order, so that the last axis is the one ggml names first. Raises TypeError for other values.
    """
    header = bytearray(MAGIC + struct.pack("<IQQ", _VERSION, len(tensors), len(metadata)))
    for key, value in metadata.items():
        header += _string(key) + _value(value)
    offset = 0
    for name, tensor in tensors.items():
        quantisation = Quantisation.F16 if tensor.dtype == np.float16 else Quantisation.F32
        header += _string(name) + struct.pack("<I", tensor.ndim)
        header += struct.pack(f"<{tensor.ndim}Q", *reversed(tensor.shape))
        header += struct.pack("<IQ", quantisation, offset)
        offset = aligned(offset + tensor.nbytes, DEFAULT_ALIGNMENT)
    header += bytes(aligned(len(header), DEFAULT_ALIGNMENT) - len(header))
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(header)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).data)
            file.write(bytes(aligned(tensor.nbytes, DEFAULT_ALIGNMENT) - tensor.nbytes))
    partial.replace(path)


def _string(text: str) -> bytes:
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Value) -> bytes:
    if isinstance(value, list):
        kind = Kind.INT32 if value and isinstance(value[0], int) else _kind(value[0] if value else "")
        body = b"".join(_scalar(kind, one) for one in value)
        return struct.pack("<IIQ", Kind.ARRAY, kind, len(value)) + body
    kind = _kind(value)
    return struct.pack("<I", kind) + _scalar(kind, value)


def _kind(value: str | float) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOL
    if isinstance(value, int):
        return Kind.UINT32
    if isinstance(value, float):
        return Kind.FLOAT32
    if isinstance(value, str):
        return Kind.STRING
    raise TypeError(f"a GGUF file holds no {type(value).__name__}: {value!r}")


def _scalar(kind: Kind, value: str | float) -> bytes:
    if isinstance(value, str):
        return _string(value)
    return struct.pack(f"<{FORMATS[kind]}", value)
