"""The command line: `freya`."""

import gc
import sys

_COLLECT_AT = (20_000, 50, 100)
"""Objects made beyond those gone, then collections of each younger generation; Python's own: 700, 10, 10.

What a command loads stays, and a turn makes tens of thousands of objects of which hardly any are in cycles: looking through all of
them again and again takes a tenth of a start.
"""


def main() -> None:
    """Run the command of the process's arguments, and end the process."""
    gc.set_threshold(*_COLLECT_AT)
    try:
        from app.cli.commands import run  # here, so that Ctrl-C while it loads is caught as well

        run()
    except KeyboardInterrupt:
        sys.exit(130)
