"""Running code that was generated: a subprocess with nothing but a folder of its own, and limits on all it can use."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agents import CodeRun

_MEGABYTE = 1024 * 1024
_CHUNK = 4096

# Runs in the new process, before the code: limits that cannot be raised again, and no network where the system lets us.
_LAUNCHER = """
import ctypes, os, resource, sys
seconds, memory, size, processes = map(int, sys.argv[1:5])
try:
    libc = ctypes.CDLL(None, use_errno=True)
    alone = libc.unshare(0x40000000) == 0 or libc.unshare(0x10000000 | 0x40000000) == 0
except (OSError, AttributeError):
    alone = False
for what, most in (
    (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, size),
    (resource.RLIMIT_NPROC, processes), (resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_CORE, 0),
):
    resource.setrlimit(what, (most, most))
os.write(1, b"1" if alone else b"0")
os.execv(sys.executable, [sys.executable, "-I", "-B", "-c",
    "import runpy, sys; sys.path.insert(0, '.'); sys.argv[:] = sys.argv[1:]; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)", *sys.argv[5:]])
"""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a run may use: wall and processor time in seconds, sizes in bytes."""

    seconds: float = 20.0
    processor_seconds: int = 10
    memory: int = 512 * _MEGABYTE
    file_size: int = 4 * _MEGABYTE
    processes: int = 16
    """Of the user as a whole; the system does not hold its superuser to it."""
    output: int = 64 * 1024


class SubprocessSandbox:
    """Carries out Python modules; the folder, and every process of the group, are gone afterwards."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    async def run(self, files: Mapping[str, str], module: str, *arguments: str) -> CodeRun:
        """Run a module of these files (name -> text) or of the standard library, with `python -I` and no environment.

        It sees the system's files as far as their rights let it, but none of ours are named to it; it has no
        network where namespaces are allowed (`CodeRun.isolated`). Raises ValueError for a file name with a folder in it.
        """
        began = time.monotonic()
        folder = await asyncio.to_thread(_folder, files)
        try:
            async with _pipe() as (reading, writing):
                process = await self._start(folder, module, arguments, output=writing.fileno())
                writing.close()
                try:
                    output, ended = await self._watch(process, reading)
                finally:
                    _kill(process)
                    code = await process.wait()
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        isolated, text = output[:1] == b"1", output[1:].decode("utf-8", "replace")
        return CodeRun(
            code=code, output=text, timed_out=not ended, isolated=isolated, seconds=time.monotonic() - began
        )

    async def _start(
        self, folder: Path, module: str, arguments: tuple[str, ...], *, output: int
    ) -> asyncio.subprocess.Process:
        limits = self._limits
        given = (limits.processor_seconds, limits.memory, limits.file_size, limits.processes)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            _LAUNCHER,
            *map(str, given),
            module,
            *arguments,
            cwd=folder,
            env={},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def _watch(
        self, process: asyncio.subprocess.Process, reading: asyncio.StreamReader
    ) -> tuple[bytes, bool]:
        """The output as far as it may go, and whether the process ended of itself in time."""
        output = bytearray()
        try:
            async with asyncio.timeout(self._limits.seconds):
                while chunk := await reading.read(_CHUNK):
                    output += chunk
                    if len(output) > self._limits.output:
                        return bytes(output[: self._limits.output]), False
                await process.wait()
        except TimeoutError:
            return bytes(output), False
        return bytes(output), True


@contextlib.asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, BinaryIO]]:
    """A pipe of our own; its writing end is to be closed once the process has it.

    One of asyncio's belongs to the process: where more lies in it than is read, waiting for the process never ends.
    """
    ends = os.pipe()
    reader = asyncio.StreamReader()
    with os.fdopen(ends[0], "rb", 0) as reading, os.fdopen(ends[1], "wb", 0) as writing:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), reading
        )
        try:
            yield reader, writing
        finally:
            transport.close()


def _folder(files: Mapping[str, str]) -> Path:
    for name in files:
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no plain file name; the sandbox has one folder.")
    folder = Path(tempfile.mkdtemp(prefix="freya-sandbox-"))
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
