"""Texts that are searched for in the raw content of stores."""

import json
from collections.abc import Sequence


def forms(planted: Sequence[str]) -> list[str]:
    """The texts as they are and as JSON writes them, with and without its escapes; empty ones are left out."""
    found = set(planted)
    for text in planted:
        found |= {json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    return sorted(form for form in found if form)
