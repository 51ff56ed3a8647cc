"""GGUF, the file format of llama.cpp (ggml-org, "GGUF" specification, version 3): read, verified and written."""

from models.gguf.format import Quantisation, TensorInfo, Value
from models.gguf.reading import Header, read_header, verify_model, verify_sha256
from models.gguf.writing import write_gguf

__all__ = [
    "Header",
    "Quantisation",
    "TensorInfo",
    "Value",
    "read_header",
    "verify_model",
    "verify_sha256",
    "write_gguf",
]
