"""Make the small Llama, or say where it lies: `python -m training.llama [folder]`."""

import logging
import sys
from pathlib import Path

from training.llama.made import made_model

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = made_model(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    sys.stdout.write(f"{model.f16.parent}\n{model.report.read_text('utf-8')}\n")
