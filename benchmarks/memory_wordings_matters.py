"""Wordings of a planted history on 62 matters of everyday life, trade and trading, by one more author, for tuning.

They were written to fit what tells statements on the same matter, with sight of how recall works and of `memory_wordings_fresh`,
and are hard on purpose: what changes is said in quite other words than before, and the small talk sounds like it.
"""

import tomllib
from pathlib import Path

from benchmarks.memory_history import USUAL, Wordings

_FILE = Path(__file__).with_name("memory_matters.toml")
_READ = tomllib.loads(_FILE.read_text(encoding="utf-8"))["matter"]


def _statements(*, changing: bool) -> tuple[tuple[tuple[str, ...], tuple[str, ...], list[str]], ...]:
    return tuple(
        ((*each["said"], *each.get("changed", ())), tuple(each["questions"]), each["values"])
        for each in _READ
        if ("changed" in each) is changing
    )


MATTERS = Wordings(
    facts=_statements(changing=False),
    preferences=_statements(changing=True),
    contradictions=(),
    events=(),
    chatter=(*USUAL.chatter, *(line for each in _READ for line in each["beside"])),
    replies=USUAL.replies,
)
