"""The command line: `freya`."""

from app.cli.main import main

__all__ = ["main"]
