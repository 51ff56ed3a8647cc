"""`python -m app`: the same as `freya`."""

from app.cli import main

main()
