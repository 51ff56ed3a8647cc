"""The command line: `freya`."""

import sys


def main() -> None:
    """Run the command of the process's arguments, and end the process."""
    try:
        from app.cli.commands import run  # here, so that Ctrl-C while it loads is caught as well

        run()
    except KeyboardInterrupt:
        sys.exit(130)
