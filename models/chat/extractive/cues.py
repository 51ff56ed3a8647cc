"""Which value of a request a cue word speaks of."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from models.chat.extractive.schema import Signature

_REACH = 60
"""Characters between a cue and a value beyond which the cue does not speak of it."""
_SENTENCE_BREAK = re.compile(r"[.;!?](?:\s|$)|\n\s*\n")
_JOINT = re.compile(r",|\s(?:and|with|versus|vs|against|then|plus|or)\b|\)|\n")
_FILLER = frozenset(
    "a an the of is are was be at about around some roughly to in by for on say like up down it its my our your their or "
    "currently now only just costs cost price value equal equals there than".split()
)
_WORD = re.compile(r"[a-z0-9%']+")
_BEFORE_ONLY = frozenset(
    "of from at to for in with on by between and over out versus vs against every per under within after into".split()
)
"""Prepositions announce the value that follows them and never speak of the one before."""
_LOSES = 0.35
_INSIDE = 1.5
_OPERATOR = re.compile(r"[=:(]\s*$")

Span = tuple[int, int]


def cue_strengths(signature: Signature, text: str, spans: Sequence[Span]) -> Mapping[tuple[str, int], float]:
    """How strongly cues speak of each span: 0 to 2 by (argument name, index of the span).

    `text` is folded in place; `spans` are sorted and do not overlap. A cue may speak of the value before it or the
    one after it; where both are possible the nearer has it, and words, commas and sentence ends keep it away.
    """
    found: dict[tuple[str, int], float] = {}
    if signature.cue_pattern is None or not spans:
        return found
    ranks = _ranks(signature)
    starts = [start for start, _ in spans]
    ends = [end for _, end in spans]
    for match in signature.cue_pattern.finditer(text):
        after = bisect_left(starts, match.end())
        before = bisect_right(ends, match.start()) - 1
        if after > before + 1:
            # The cue is part of the value, as "day" is in "14 days".
            for name, _ in ranks[match[1]]:
                found[name, before + 1] = max(found.get((name, before + 1), 0.0), _INSIDE)
            continue
        right = (
            _reach(text[match.end() : starts[after]][: _REACH + 1], left=False) if after < len(spans) else 0.0
        )
        left = (
            _reach(text[ends[before] : match.start()][-_REACH - 1 :], left=True)
            if before >= 0 and match[1] not in _BEFORE_ONLY
            else 0.0
        )
        if left and right:
            left, right = (left, right * _LOSES) if left > right else (left * _LOSES, right)
        for name, rank in ranks[match[1]]:
            weight = 1.0 - 0.03 * rank
            for index, strength in ((before, left), (after, right)):
                if strength:
                    key = (name, index)
                    found[key] = max(found.get(key, 0.0), strength * weight)
    return found


def _ranks(signature: Signature) -> dict[str, list[tuple[str, int]]]:
    ranks: dict[str, list[tuple[str, int]]] = {}
    for argument in signature.arguments:
        for rank, cue in enumerate(argument.cues):
            ranks.setdefault(cue, []).append((argument.name, rank))
    return ranks


def _reach(gap: str, *, left: bool) -> float:
    """How well a cue reaches over the text between it and a value; `left` where the value stands before the cue."""
    if len(gap) > _REACH or _SENTENCE_BREAK.search(gap):
        return 0.0
    joints = len(_JOINT.findall(gap))
    between = _WORD.findall(gap)
    far = sum(0.08 if word in _FILLER else 0.3 for word in between)
    strength = 2.0 - len(gap) / 100 - far - (0.05 if left else 0.0)
    strength -= joints * (1.1 if left else 0.6)
    if not left and _OPERATOR.search(gap):
        strength += 0.1
    return max(0.0, min(2.0, strength))
