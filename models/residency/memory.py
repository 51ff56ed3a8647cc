"""What a model takes, measured before it is loaded, and what there is."""

import ctypes
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any  # the functions of a shared library have no types of their own

from models.errors import EngineUnavailable, ModelInvalid
from models.gguf import Header, verify_model
from models.resident.context import context_parameters
from models.resident.library import Library, library
from models.resident.settings import EngineSettings

_MIB = 1 << 20
_CACHE = re.compile(r"^llama_(?:kv_cache|memory)\w*: size =\s*([\d.]+) MiB")
_COMPUTE = re.compile(r"(?:compute|output) buffer size =\s*([\d.]+) MiB")
_LAYER = re.compile(r"^blk\.(\d+)\.")
_MEMORY_INFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
_NO_LOADING = 0
_GPU_KINDS = (1, 2)
"""ggml's numbers of a GPU and of one that shares the host's memory."""


@dataclass(frozen=True)
class Memory:
    """Bytes of the host's memory and of all GPUs'."""

    host: int
    gpu: int = 0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.host + other.host, self.gpu + other.gpu)

    def __sub__(self, other: "Memory") -> "Memory":
        return Memory(self.host - other.host, self.gpu - other.gpu)

    def holds(self, other: "Memory") -> bool:
        """Whether there is room for so much."""
        return other.host <= self.host and other.gpu <= self.gpu

    def __str__(self) -> str:
        parts = [f"{_gigabytes(self.host)} of memory"] if self.host or not self.gpu else []
        return " and ".join([*parts, *([f"{_gigabytes(self.gpu)} of GPU memory"] if self.gpu else [])])


@dataclass(frozen=True)
class Footprint:
    """Bytes that a loaded model takes, by what for."""

    weights: int
    cache: int
    """Keys and values of its context."""
    compute: int
    layers: int
    """Layers it has, the output counted as one."""
    gpu_layers: int
    """Of these, how many a GPU computes."""
    parked: int = 0
    """Most that beginnings of prompts take outside of the context, in the host's memory."""

    @property
    def total(self) -> int:
        """All of it, wherever it lies."""
        return self.weights + self.cache + self.compute + self.parked

    @property
    def memory(self) -> Memory:
        """Where it lies: layers with their part of the cache by number, what computing takes where it computes."""
        share = self.gpu_layers / self.layers
        there = int((self.weights + self.cache) * share) + (self.compute if self.gpu_layers else 0)
        return Memory(self.total - there, there)

    def __str__(self) -> str:
        return (
            f"{_gigabytes(self.total)} ({_gigabytes(self.weights)} weights, {_gigabytes(self.cache)} context, "
            f"{_gigabytes(self.compute)} for computing, {_gigabytes(self.parked)} for parked prompts)"
        )


def measure(settings: EngineSettings, room: Memory | None = None) -> Footprint:
    """What a model would take, by llama.cpp's own plan of it: nothing is loaded and no memory taken for it.

    Of `gpu_layers` -1 it counts as many as fit into `room`. Raises ModelInvalid for a file that cannot be run.
    """
    header = verify_model(settings.path)
    loaded = library()
    layers, cache, compute = _planned(loaded, settings)
    weights = _weights(header)
    parked = min(cache, settings.parked_mb * _MIB)
    footprint = Footprint(weights, cache, compute, layers, 0, parked)
    if not loaded.api.llama_supports_gpu_offload():
        return footprint
    wanted = layers if settings.gpu_layers < 0 else min(layers, settings.gpu_layers)
    while wanted and settings.gpu_layers < 0 and room is not None:
        if replace(footprint, gpu_layers=wanted).memory.gpu <= room.gpu:
            break
        wanted -= 1
    return replace(footprint, gpu_layers=wanted)


def free_memory() -> Memory:
    """What this process could still take: of the machine, within the limit of its container, and of its GPUs."""
    try:
        free = sum(free for _, free, _ in gpus())
    except EngineUnavailable:  # without the library nothing computes on a GPU
        free = 0
    return Memory(min(_free_on_host(), _free_in_group()), free)


def gpus() -> list[tuple[str, int, int]]:
    """Each GPU that the library can compute on: its description, bytes free and bytes in all."""
    if not library().api.llama_supports_gpu_offload():
        return []
    ggml = _ggml()
    found = []
    for number in range(ggml.ggml_backend_dev_count()):
        device = ctypes.c_void_p(ggml.ggml_backend_dev_get(number))
        if ggml.ggml_backend_dev_type(device) not in _GPU_KINDS:
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        name = (ggml.ggml_backend_dev_description(device) or b"GPU").decode("utf-8", "replace")
        found.append((name, free.value, total.value))
    return found


def _planned(loaded: Library, settings: EngineSettings) -> tuple[int, int, int]:
    """Layers, bytes of the cache and bytes for computing, from a model that is laid out but not loaded."""
    api = loaded.api
    parameters = api.llama_model_default_params()
    parameters.no_alloc, parameters.load_mode, parameters.n_gpu_layers = True, _NO_LOADING, 0
    with loaded.heard() as lines:
        model = api.llama_model_load_from_file(str(settings.path).encode(), parameters)
        if not model:
            raise ModelInvalid(f"{settings.path} could not be loaded: {loaded.complaint()}")
        layers = int(api.llama_model_n_layer(model)) + 1
        context = api.llama_init_from_model(model, context_parameters(api, settings))
        if context:
            api.llama_free(context)
        api.llama_model_free(model)
    if not context:
        raise ModelInvalid(f"no context could be laid out for {settings.path}: {loaded.complaint()}")
    cache = sum(float(match[1]) for line in lines if (match := _CACHE.search(line)))
    compute = sum(float(match[1]) for line in lines if (match := _COMPUTE.search(line)))
    return layers, int(cache * _MIB), int(compute * _MIB)


def _weights(header: Header) -> int:
    return header.file_size - header.data_offset


def _free_on_host() -> int:
    try:
        lines = _MEMORY_INFO.read_text("ascii").splitlines()
    except OSError:
        return _physical()
    values = {line.partition(":")[0]: line.split()[1] for line in lines if ":" in line}
    return int(values["MemAvailable"]) * 1024 if "MemAvailable" in values else _physical()


def _physical() -> int:
    """All memory of the machine, where nothing says what of it is free; half of that is a fair start."""
    import os

    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError, AttributeError):
        return 4 << 30


def _free_in_group() -> int:
    """What a container's limit leaves; files that are only cached do not count as used."""
    try:
        limit = (_GROUP / "memory.max").read_text("ascii").strip()
        used = int((_GROUP / "memory.current").read_text("ascii"))
        cached = dict(line.split() for line in (_GROUP / "memory.stat").read_text("ascii").splitlines())
    except (OSError, ValueError):
        return 1 << 62
    return 1 << 62 if limit == "max" else max(0, int(limit) - used + int(cached.get("inactive_file", 0)))


def _ggml() -> Any:
    """Ggml's functions that say which devices there are, with their types."""
    from llama_cpp import _ggml

    ggml = _ggml.libggml
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_description.restype = ctypes.c_char_p
    return ggml


def _gigabytes(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / _MIB:.1f} MB"
