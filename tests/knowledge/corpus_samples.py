"""Packaged knowledge written by tests."""

from collections.abc import Sequence
from pathlib import Path

_PADDING = (
    "A sentence of padding keeps the answer as long as packaged answers are, for they are read by people who want to "
    "understand and not only to be told. Another sentence says that this text was made by a test and means nothing more."
)


def write_corpus(
    folder: Path, collection: str, pairs: Sequence[tuple[str, str]], *, topic: str = "Momentum"
) -> Path:
    """One topic with these pairs, in a file of the collection; answers are lengthened to what the schema asks for."""
    lines = [
        "[[topics]]",
        f'slug = "{collection}-{topic.lower()}"',
        f'name = "{topic}"',
        'category = "Price-based"',
    ]
    for question, answer in pairs:
        lines += [
            "[[topics.pairs]]",
            f'question = "{question}"',
            f'answer = "{answer} {_PADDING}"',
            'difficulty = "beginner"',
            'tags = ["sample"]',
            'sources = ["A test, 2026"]',
        ]
    path = folder / collection / "part.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
