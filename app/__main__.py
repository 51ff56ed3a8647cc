"""`python -m app` is `freya`."""

from app.cli import main

main()
