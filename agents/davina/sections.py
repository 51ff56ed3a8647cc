"""Lists under labels, as people write them in one message: "Strengths: price, team. Weaknesses: ..."."""

import re
from collections.abc import Mapping

from agents.tools import ToolRefused

LONGEST_TEXT = 50_000
_EDGE = " \t\r\n.,;:-–—*•"
_SENTENCE = re.compile(r"[.!?]\s+(?=[^\W\d_])")
_TASK = re.compile(
    r".*\b(?:swot|canvas|bmc)\b.*|(?:please )?(?:make|put|create|arrange|build|draw|fill)\b.*\b(?:table|matrix|grid)\b.*",
    re.IGNORECASE,
)
"""A sentence among the items that says what to do with them."""
_LIST_ITEM = re.compile(r"\n\s*(?:[-*•]|\d{1,2}[.)])?\s*")


def read_sections(text: str, labels: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The items under each label that the text names, in the order of the labels.

    A label is one of its spellings, in any case, followed by a colon, dash or "are"; it holds until the next label.
    Items are separated by line breaks or semicolons where there are any, else by commas. A label named twice
    collects both lists. Raises ToolRefused for more than 50,000 characters.
    """
    if len(text) > LONGEST_TEXT:
        raise ToolRefused(f"The text has {len(text):,} characters; give at most {LONGEST_TEXT:,}.")
    key_of = {spelling.lower(): key for key, spellings in labels.items() for spelling in spellings}
    longest_first = sorted(key_of, key=len, reverse=True)
    pattern = re.compile(
        rf"(?<!\w)(?:our |my |the )?[*_#]*({'|'.join(map(re.escape, longest_first))})[*_]*\s*(?::|=|\s[-–—]\s|\bare\b|\bis\b|\n)[*_]*",
        re.IGNORECASE,
    )
    found: dict[str, list[str]] = {}
    matches = list(pattern.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=False):
        items = found.setdefault(key_of[match[1].lower()], [])
        items += [item for item in read_items(text[match.end() : end]) if item not in items]
    return {key: found[key] for key in labels if found.get(key)}


def read_items(text: str) -> list[str]:
    """The items of a list: one a line or semicolon if there are any, else one a sentence or comma outside brackets.

    A sentence that only says what to do with the list ("Make the SWOT") is no item.
    """
    lines = [line for line in _LIST_ITEM.split(f"\n{text.strip(_EDGE)}") if line.strip(_EDGE)]
    parts = [part for line in lines for part in line.split(";")]
    if len(parts) == 1:
        parts = [
            item
            for sentence in _SENTENCE.split(parts[0])
            for item in re.split(r",(?!\d{3}\b)(?![^(]*\))(?:\s*and\s+)?", sentence)
        ]
    parts = [part for part in parts if not _TASK.fullmatch(part.strip(_EDGE))]
    return [item for part in parts if (item := " ".join(part.split()).strip(_EDGE))]
