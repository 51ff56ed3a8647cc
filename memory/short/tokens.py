"""How many tokens turns come to, and the newest of them within a budget."""

import re
from collections.abc import Callable, Sequence

import orjson

from memory.interfaces import Turn

Counter = Callable[[str], int]
"""Says how many tokens a model makes of a text; may compute, so it is called in a thread."""

_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")
"""About one sub-word token of English; used for budgets only."""


def count_tokens(text: str) -> int:
    """About how many tokens a model makes of the text: one for every six characters of a word, one a mark."""
    return sum(1 for _ in _TOKEN.finditer(text))


def turn_tokens(turn: Turn, count: Counter = count_tokens) -> int:
    """The tokens of all that a prompt shows of the turn: request, answer, and each tool call with its result."""
    tokens = count(turn.request) + count(turn.answer)
    for use in turn.tool_uses:
        tokens += count(use.name) + count(orjson.dumps(use.arguments).decode()) + count(use.result)
    return tokens


def within_budget(turns: Sequence[Turn], tokens: int, count: Counter = count_tokens) -> list[Turn]:
    """The newest turns that together stay under the number of tokens, oldest first; the newest always."""
    kept: list[Turn] = []
    left = tokens
    for turn in reversed(turns):
        left -= turn_tokens(turn, count)
        if left < 0 and kept:
            break
        kept.append(turn)
    return kept[::-1]
