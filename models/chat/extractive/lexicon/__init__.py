"""Words of requests that tools do not list themselves, read with the module as code is."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

from models.chat.extractive.words import content_stems

_DATA = tomllib.loads(resources.files(__name__).joinpath("english.toml").read_text("utf-8"))

SYNONYMS: Mapping[str, Sequence[str]] = {
    cue: tuple(word.strip() for word in said.split(",")) for cue, said in _DATA["cues"].items()
}
"""Other words for cues of arguments, by the cue."""
OPERATIONS: frozenset[str] = frozenset(content_stems(_DATA["operations"]))
"""Stems of words that name an operation, which a tool does or does not."""
