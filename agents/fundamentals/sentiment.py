"""The tone of texts by a lexicon: each word's weight, turned by negation and scaled by its degree, is shown."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

NEGATIONS = frozenset(
    """not no never none nobody nothing neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't won't
    wouldn't shouldn't couldn't hasn't haven't hadn't ain't lacks denies denied rejects refuted""".split()
)
TURNED = -0.74
"""A negated word weighs this much of itself (Hutto and Gilbert, 2014, "VADER")."""
REACH = 3
"""How many words before a word a negation may stand."""
BUT = (0.5, 1.5)
"""How the words before and after a "but" weigh (the same source)."""
_NORM = 15.0
_NEUTRAL = 0.05
_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)?(?:-[a-z]+)*|[.!?;:]", re.IGNORECASE)
_TURNS = frozenset({"but", "however", "yet", "although"})


@dataclass(frozen=True, kw_only=True)
class Felt:
    """A word that counted."""

    word: str
    weight: float
    """As it counted, after negation and degree."""
    negated: bool


@dataclass(frozen=True, kw_only=True)
class Tone:
    """The tone of one text."""

    score: float
    """-1 to 1: the sum s of the weights as s / sqrt(s^2 + 15)."""
    words: int
    felt: tuple[Felt, ...]

    @property
    def label(self) -> str:
        """Positive, negative or neutral (within 0.05 of 0)."""
        if not self.felt or abs(self.score) < _NEUTRAL:
            return "neutral"
        return "positive" if self.score > 0 else "negative"


def tone_of(text: str) -> Tone:
    """The tone of an English text by the lexicon; neutral where no word of it is in the lexicon."""
    lexicon = _lexicon()
    tokens = [token.casefold().replace("’", "'") for token in _TOKEN.findall(_joined(text))]
    turn = max((at for at, token in enumerate(tokens) if token in _TURNS), default=None)
    felt = []
    for at, token in enumerate(tokens):
        base = lexicon.words.get(token)
        if base is None:
            continue
        before = _clause_before(tokens, at)
        negated = any(word in NEGATIONS for word in before)
        weight = base * (TURNED if negated else 1.0)
        weight *= math.prod(lexicon.factors.get(word, 1.0) for word in before[-2:])
        if turn is not None and token not in _TURNS:
            weight *= BUT[at > turn]
        felt.append(Felt(word=token.replace("_", " "), weight=round(weight, 4), negated=negated))
    total = math.fsum(each.weight for each in felt)
    words = sum(token.isalpha() or len(token) > 1 for token in tokens)
    return Tone(score=total / math.sqrt(total**2 + _NORM), words=words, felt=tuple(felt))


@dataclass(frozen=True)
class _Lexicon:
    words: Mapping[str, float]
    factors: Mapping[str, float]
    phrases: re.Pattern[str]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    read = tomllib.loads(files("agents.fundamentals").joinpath("lexicon.toml").read_text(encoding="utf-8"))
    phrases = {key.casefold(): float(weight) for key, weight in read["phrases"].items()}
    words = {key: float(weight) for key, weight in read["words"].items()}
    listed = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return _Lexicon(
        words={**words, **{_word(phrase): weight for phrase, weight in phrases.items()}},
        factors={key: float(factor) for key, factor in read["factors"].items()},
        phrases=re.compile(rf"\b(?:{listed})\b", re.IGNORECASE),
    )


def _word(phrase: str) -> str:
    """A phrase as one token."""
    return "-".join(re.findall(r"[a-z]+", phrase.casefold()))


def _joined(text: str) -> str:
    return _lexicon().phrases.sub(lambda match: _word(match[0]), text)


def _clause_before(tokens: list[str], at: int) -> list[str]:
    """Up to three words before a place, not across the end of a clause or a "but"."""
    found: list[str] = []
    for token in reversed(tokens[max(0, at - REACH) : at]):
        if not token[0].isalpha() or token in _TURNS:
            break
        found.insert(0, token)
    return found
