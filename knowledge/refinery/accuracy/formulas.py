"""Formulas that a text writes down, compared with the authors' by computing both; what is not surely understood is none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from knowledge.refinery.accuracy.claims import Claim, Kind
from knowledge.refinery.accuracy.formula_table import FORMULAS
from knowledge.refinery.accuracy.formula_terms import Formula
from knowledge.worked import ExpressionInvalid, evaluate

_SAMPLES: Final = (
    (7.0, 11.0, 9.5, 10.4, 10.1, 1.7, 2.9, 0.6),
    (20.0, 6.3, 5.8, 5.9, 6.6, 0.4, 3.1, 1.2),
    (12.0, 13.0, 8.0, 12.5, 1.3, 3.3, 0.7, 2.2),
    (1.0, 13.2, 10.7, 12.1, 2.4, 4.1, 5.3, 0.9),
)
_TOKEN: Final = re.compile(
    r"[ \t]*(?:(?P<number>\d+(?:\.\d+)?)(?!-[a-z]|(?:st|nd|rd|th|day|x)\b|[\d.]*\d)%?|(?P<sign>\*\*|[-+*/(),|^])|(?P<call>maximum|max|minimum|min|abs|sqrt)(?: of)?(?=\s*\())"
)
_CALLS: Final = {"maximum": "max", "minimum": "min", "^": "**"}
_END: Final = re.compile(
    r"\s*(?:$|[.;:,=≈→\n)]|(?:where|with|which|and|or|so|for|if|when|then|as|in|using|to|giving|but)\b)"
)
_GOES_ON: Final = re.compile(r"[ \t]*\n\s*[+*/]|,? (?:divided|multiplied|times|plus|minus)\b")
_EQUALS: Final = re.compile(r"=|\b(?:is|equals)\b")
_COMPUTES: Final = re.compile(r"[^\n=]{0,60}?(?:[*/]|\s[-+]\s|[\d)][-+])")
_OPERATORS: Final = frozenset({"+", "-", "*", "/", "**"})
_LONGEST_NAME: Final = 60
_SIGNS: Final = str.maketrans(
    {"×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "\u2212": "-", "\u2013": "-", "[": "(", "]": ")",
     "{": "(", "}": ")", "`": " ", "’": "'", "∑": "σ", "$": " "}
)  # fmt: skip
_BEGINS: Final = re.compile(
    r"(?:^|[\n.:;,(>]|\b(?:formula|the|is|as|and|where|then|use|by|or|each|calculate|compute|an?|its|of|with|so|thus|hence|therefore|then|gives|new|[a-z]+'s))[\s_-]*\Z"
)
_ABSOLUTE: Final = re.compile(r"\babs(?:olute)?(?: value)?(?: of)? ?\(")


def formula_claims(text: str, formulas: Sequence[Formula] = FORMULAS) -> list[Claim]:
    """The formulas in a text of which every term is known, each computed beside the right one."""
    plain = plainly(text)
    signs = [sign for sign in _EQUALS.finditer(plain) if _COMPUTES.match(plain, sign.end())]
    return [
        claim
        for sign in signs
        for formula, match in named_before(plain, sign.start(), formulas)
        for claim in _claims(text if len(text) == len(plain) else plain, plain, formula, match, sign)
    ]


def plainly(text: str) -> str:
    """A text in small letters, with the signs that expressions have."""
    plain = text.casefold().replace("**", "").translate(_SIGNS).replace("√", "sqrt")
    plain = re.sub(r"(?<=[\s)\d])x(?=[\s(\d])", "*", plain)
    return _ABSOLUTE.sub("abs(", plain)


def named_before(
    plain: str, at: int, formulas: Sequence[Formula] = FORMULAS
) -> Iterator[tuple[Formula, re.Match[str]]]:
    """The formulas whose name ends there, in a text that is about them."""
    begin = max(0, at - _LONGEST_NAME)
    if _any_name(tuple(each.name for each in formulas)).search(plain, begin, at) is None:
        return
    for formula in formulas:
        match = _name(formula.name).search(plain, begin, at)
        if match is None or not _begins(plain, match):
            continue
        if formula.about and re.search(formula.about, plain) is None:
            continue
        if formula.unless and re.search(formula.unless, plain) is not None:
            continue
        yield formula, match


def _begins(plain: str, match: re.Match[str]) -> bool:
    """Whether the name is a whole one, and not the end of a longer one."""
    before = _BEGINS.search(plain, max(0, match.start() - 30), match.start())
    return before is not None or match[0].startswith("the ")


def value_of(expression: str, values: Mapping[str, float]) -> float:
    """An expression over variables, computed. Raises ExpressionInvalid."""
    return evaluate(re.sub(r"\b[a-z]+\b(?!\s*\()", lambda word: f"({values[word[0]]!r})", expression))


@cache
def variables_of(expression: str) -> frozenset[str]:
    """The variables of an expression."""
    return frozenset(re.findall(r"\b[a-z]+\b(?!\s*\()", expression))


@cache
def _name(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w%/+-])(?:{name})[ \t]*(?:\([a-z\d ]{{1,12}}\)[ \t]*)?(?:formula )?\Z")


@cache
def _any_name(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(names)})[ \t]*(?:\([a-z\d ]{{1,12}}\)[ \t]*)?(?:formula )?\Z")


def _claims(
    text: str, plain: str, formula: Formula, match: re.Match[str], sign: re.Match[str]
) -> Iterator[Claim]:
    found = _right_side(plain, sign.end(), formula.terms)
    if found is None or not any(needed <= found[1].keys() for needed in formula.needs):
        return
    holds = _same(found[0], formula)
    if holds is not None:
        said = " ".join(text[match.start() : found[2]].split())
        yield Claim(kind=Kind.FORMULA, statement=said, computed=_told(formula, found[1]), holds=holds)


def _told(formula: Formula, used: Mapping[str, str]) -> str:
    """The right side in the words of the text where it has the variables, else as the formula's own words."""
    right = next((each for each in formula.right if variables_of(each) <= used.keys()), None)
    if right is None and formula.told:
        return formula.told
    right = right or formula.right[0]
    spaced = re.sub(
        r"\*\*|[-+/](?!\()|(?<=\))[-+]|[-+/](?=\()|\*", lambda sign: f" {sign[0]} ", right
    ).replace("*", "×")
    return re.sub(r"\b[a-z]+\b(?!\s*\()", lambda word: used.get(word[0], word[0]), spaced)


@cache
def _term(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"[ \t]*(?:{pattern})")


def _right_side(text: str, start: int, terms: Mapping[str, str]) -> tuple[str, dict[str, str], int] | None:
    """The expression that begins there, its variables as they are called there, and its end; None where a term is unknown."""
    parts: list[str] = []
    used: dict[str, str] = {}
    at = start
    while True:
        token = _TOKEN.match(text, at)
        if token is None or (token["sign"] == ")" and parts.count("(") <= parts.count(")")):
            hits = ((name, _term(pattern).match(text, at)) for name, pattern in terms.items())
            name, hit = next(((name, hit) for name, hit in hits if hit is not None), ("", None))
            if hit is None:
                break
            used.setdefault(name, " ".join(hit[0].split()))
            parts += ["*", name] if _multiplies(parts) else [name]
            at = hit.end()
            continue
        if token["sign"] == "," and parts.count("(") <= parts.count(")"):
            break
        if (token["sign"] == "(" or token["call"]) and _multiplies(parts):
            parts.append("*")
        part = token["number"] or token["sign"] or token["call"]
        parts.append(_CALLS.get(part, part))
        at = token.end()
    whole = parts.count("(") == parts.count(")") and not parts.count("|") % 2
    ends = _END.match(text, at) is not None and _GOES_ON.match(text, at) is None
    if not used or not whole or not ends or parts[-1] in _OPERATORS:
        return None
    return _without_bars(parts), used, at


def _multiplies(parts: Sequence[str]) -> bool:
    """Whether what follows is multiplied though nothing says so: `2P`, `100(a - b)`."""
    return bool(parts) and (parts[-1] == ")" or parts[-1][0].isdigit())


def _without_bars(parts: Sequence[str]) -> str:
    found, inside = [], False
    for part in parts:
        if part == "|":
            found.append(")" if inside else "abs(")
            inside = not inside
        else:
            found.append(part)
    return " ".join(found)


def _same(expression: str, formula: Formula) -> bool | None:
    """Whether it is one of the right sides; None where that cannot be said."""
    try:
        holds = any(_alike(expression, right, formula) for right in formula.right)
        partly = not holds and any(_alike(expression, right, formula) for right in formula.partly)
    except ExpressionInvalid:
        return None
    return None if partly else holds


def _alike(one: str, other: str, formula: Formula) -> bool:
    ratio: float | None = None
    for sample in _SAMPLES:
        values = dict(zip(formula.terms, sample, strict=False))
        if {"h", "l"} <= values.keys() and values["h"] < values["l"]:
            values["h"], values["l"] = values["l"], values["h"]
        first, second = value_of(one, values), value_of(other, values)
        if formula.scaled and ratio is None and second:
            ratio = first / second
        second *= ratio if ratio is not None else 1.0
        if abs(first - second) > 1e-9 * max(1.0, abs(first), abs(second)):
            return False
    return True
