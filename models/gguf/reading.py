"""The header of a GGUF file, and whether the file is whole, before a library maps it into the process."""

import hashlib
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelInvalid
from models.gguf.format import DEFAULT_ALIGNMENT, FORMATS, MAGIC, VERSIONS, Kind, TensorInfo, Value, aligned

_MOST_TENSORS = 1_000_000
_MOST_VALUES = 1_000_000
_MOST_DIMENSIONS = 4
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself: metadata (arrays only by their length) and its tensors."""

    metadata: Mapping[str, Value]
    tensors: tuple[TensorInfo, ...]
    data_offset: int
    """Bytes from the start of the file to the tensors' data."""
    file_size: int

    @property
    def architecture(self) -> str:
        """The model family in llama.cpp's words; empty where the file does not say."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(tensor.parameters for tensor in self.tensors)

    @property
    def needed_size(self) -> int:
        """Bytes the file must have for its tensors, as far as their quantisation is known."""
        ends = [tensor.offset + (tensor.size or 0) for tensor in self.tensors]
        return self.data_offset + max(ends, default=0)


def read_header(path: Path) -> Header:
    """Read the header; raises ModelInvalid where the file is missing, of another format, or ends too early."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _Reader(path, content).header()
    except (OSError, ValueError) as error:  # mmap raises ValueError for an empty file
        raise ModelInvalid(f"{path} cannot be read as a model: {error}") from error


def verify_model(path: Path) -> Header:
    """The header of a model that is whole: every tensor lies within the file, and the architecture is named.

    Raises ModelInvalid with what is wrong: not GGUF, an unknown version, a header that breaks off, a file
    shorter than its tensors.
    """
    header = read_header(path)
    if not header.architecture:
        raise ModelInvalid(f"{path} names no general.architecture: it is no model")
    if not header.tensors:
        raise ModelInvalid(f"{path} holds no tensors: a vocabulary alone cannot generate")
    if header.file_size < header.needed_size:
        raise ModelInvalid(
            f"{path} is truncated: its tensors need {header.needed_size} bytes, it has {header.file_size}; "
            "fetch it again"
        )
    return header


def verify_sha256(path: Path, expected: str) -> None:
    """Raise ModelInvalid when the file's SHA-256 is another one. Reads it all: some seconds for gigabytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != expected.lower():
        raise ModelInvalid(f"{path} has SHA-256 {digest.hexdigest()}, expected {expected}; fetch it again")


class _Reader:
    def __init__(self, path: Path, content: mmap.mmap) -> None:
        self._path = path
        self._content = content
        self._position = 0

    def header(self) -> Header:
        magic = self._content[:4]
        if magic != MAGIC:
            raise ModelInvalid(f"{self._path} is no GGUF file: it starts with {magic!r}")
        self._position = 4
        version = self._scalar("I")
        if version not in VERSIONS:
            raise ModelInvalid(f"{self._path} is GGUF version {version}; versions {VERSIONS} can be read")
        tensor_count = self._count("Q", _MOST_TENSORS, "tensors")
        value_count = self._count("Q", _MOST_VALUES, "metadata values")
        metadata = {self._string(): self._value() for _ in range(value_count)}
        tensors = tuple(self._tensor() for _ in range(tensor_count))
        alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment <= 0:
            raise ModelInvalid(f"{self._path} has the alignment {alignment!r}")
        return Header(metadata, tensors, aligned(self._position, alignment), len(self._content))

    def _scalar(self, letter: str) -> int | float | bool:
        size = struct.calcsize(f"<{letter}")
        raw = self._take(size)
        value: int | float | bool = struct.unpack(f"<{letter}", raw)[0]
        return value

    def _count(self, letter: str, most: int, what: str) -> int:
        count = int(self._scalar(letter))
        if count > most:
            raise ModelInvalid(f"{self._path} claims {count} {what}: its header is damaged")
        return count

    def _string(self) -> str:
        return self._take(int(self._scalar("Q"))).decode("utf-8", "replace")

    def _kind(self) -> Kind:
        number = int(self._scalar("I"))
        try:
            return Kind(number)
        except ValueError:
            raise ModelInvalid(
                f"{self._path} has a metadata value of kind {number}: its header is damaged"
            ) from None

    def _value(self) -> Value:
        kind = self._kind()
        if kind is Kind.STRING:
            return self._string()
        if kind is not Kind.ARRAY:
            return self._scalar(FORMATS[kind])
        return self._skip_array()

    def _skip_array(self) -> int:
        kind = self._kind()
        count = int(self._scalar("Q"))
        if kind is Kind.ARRAY:
            raise ModelInvalid(f"{self._path} has an array of arrays in its metadata: its header is damaged")
        if kind is not Kind.STRING:
            self._skip(count * struct.calcsize(f"<{FORMATS[kind]}"))
            return count
        for _ in range(count):
            self._skip(int(self._scalar("Q")))
        return count

    def _tensor(self) -> TensorInfo:
        name = self._string()
        dimensions = self._count("I", _MOST_DIMENSIONS, "dimensions of a tensor")
        shape = tuple(int(self._scalar("Q")) for _ in range(dimensions))
        return TensorInfo(name, shape, int(self._scalar("I")), int(self._scalar("Q")))

    def _take(self, size: int) -> bytes:
        start = self._position
        self._skip(size)
        return self._content[start : self._position]

    def _skip(self, size: int) -> None:
        if size < 0 or self._position + size > len(self._content):
            raise ModelInvalid(
                f"{self._path} breaks off in its header, at byte {len(self._content)}; fetch it again"
            )
        self._position += size
