"""The real command on a data folder, for the benchmarks that speak to it over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

_PATIENCE_S = 900.0
_COMMAND = "from app.cli import main; main()"


@dataclass(frozen=True)
class Service:
    """A running service: where it answers, and how long it took from the command to a 200 of /readyz."""

    url: str
    process: psutil.Process
    seconds_to_ready: float

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of the service and every process it started, in MB; `pss` counts shared pages once."""
        found = {"rss": 0.0, "pss": 0.0, "service_rss": self.process.memory_info().rss / 1e6}
        for one in [self.process, *self.process.children(recursive=True), *_servers(self.process)]:
            with suppress(psutil.NoSuchProcess):  # PostgreSQL ends workers at any time
                memory = one.memory_full_info()
                found["rss"] += memory.rss / 1e6
                found["pss"] += memory.pss / 1e6
        return {name: round(value, 1) for name, value in found.items()}


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data: Path, port: int) -> Iterator[Service]:
    """`freya serve` on the data folder, stopped by SIGTERM at the end."""
    environment = {**os.environ, "FREYA_DATA": str(data), "FREYA_HTTP__PORT": str(port)}
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", _COMMAND, "serve"], env=environment) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _until_ready(url, process)
            yield Service(url, psutil.Process(process.pid), round(time.perf_counter() - began, 2))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < until:
        if process.poll() is not None:
            sys.exit(f"the service ended with {process.returncode}; its lines above say why")
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    sys.exit(f"the service was not ready within {_PATIENCE_S:.0f} s")


def _servers(service: psutil.Process) -> list[psutil.Process]:
    """The embedded servers of the data folder, which are sessions of their own and no children any more."""
    data = str(Path(service.environ()["FREYA_DATA"]).resolve())
    known = {child.pid for child in service.children(recursive=True)}
    return [
        process
        for process in psutil.process_iter(["cmdline", "pid"])
        if process.pid not in known
        and process.pid != service.pid
        and any(name in " ".join(process.info["cmdline"] or ()) for name in ("postgres", "redis"))
        and _belongs(process, data)
    ]


def _belongs(process: psutil.Process, data: str) -> bool:
    """Whether the process, or its parent, was started on the data folder."""
    try:
        lines = [" ".join(one.cmdline()) for one in (process, *process.parents())]
    except psutil.Error:
        return False
    return any(data in line for line in lines) or process.cwd().startswith(data)
