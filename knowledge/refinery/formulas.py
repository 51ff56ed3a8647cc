"""Formulas that a text writes down, compared with the authors' by computing both; what is not surely understood is none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from knowledge.refinery.claims import Claim
from knowledge.worked import ExpressionInvalid, evaluate

_PERIODS: Final = r"(?:number of )?(?:periods?|days?|bars?|length|n)\b"
_CLOSE: Final = (
    r"(?:current |today'?s |latest |previous |prior |yesterday'?s |the )*clos(?:e|ing)(?: price)?\b|c\b"
)
_HIGH: Final = r"(?:current |today'?s |previous |prior |yesterday'?s |the )*high(?: price)?\b|h\b"
_LOW: Final = r"(?:current |today'?s |previous |prior |yesterday'?s |the )*low(?: price)?\b|l\b"
_SPAN: Final = r"(?:from )?(?:n|\d{1,3}) (?:periods?|days?|bars?) (?:ago|earlier|before)"
_AGO: Final = rf"(?:clos(?:e|ing price)|price) (?:\({_SPAN}\)|{_SPAN})|(?:close|price|c)[_\[(]+(?:t ?- ?)?n[\])]+|c_?n\b"
_NOW: Final = r"(?:(?:current|today'?s|latest) (?:close|closing price|price)|(?:close|price|c)(?:[_\[(]+t[\])]+|_t)?)(?![\w_\[])"
_BEFORE: Final = r"(?:previous|prior|yesterday'?s) clos(?:e|ing price)\b|(?:close|c)_?prev(?:ious)?\b|prev(?:ious)?[_ ]?close\b|pc\b|cp\b"
_HIGHEST: Final = r"(?:highest[ _]high|hh)(?:\(?n\)?)?\b"
_LOWEST: Final = r"(?:lowest[ _]low|ll)(?:\(?n\)?)?\b"
_PIVOT: Final = r"(?:pivot(?: point)?|pp|p)\b"
_OTHER_PIVOTS: Final = r"woodie|demark|camarilla|fibonacci"

_SAMPLES: Final = (
    (7.0, 110.0, 95.0, 104.0, 101.0, 1.7),
    (20.0, 63.5, 58.0, 59.25, 66.0, 0.4),
    (14.0, 1.32, 1.07, 1.21, 1.0, 3.3),
)
_TOKEN: Final = re.compile(
    r"[ \t]*(?:(?P<number>\d+(?:\.\d+)?)%?|(?P<sign>[-+*/(),|])|(?P<call>max|abs)(?=\s*\())"
)
_END: Final = re.compile(
    r"\s*(?:$|[.;:,=≈→\n)]|(?:where|with|which|and|or|so|for|if|when|then|as|in|using|to|giving)\b)"
)
_GOES_ON: Final = re.compile(r"[ \t]*\n\s*[+*/]")
_EQUALS: Final = re.compile(r"=|\b(?:is|equals)\b")
_COMPUTES: Final = re.compile(r"[^\n=]{0,60}?[-+*/]")  # a right side is nothing without an operation
_OPERATORS: Final = frozenset("+-*/")
_LONGEST_NAME: Final = 48
_SIGNS: Final = str.maketrans("×·⋅∗÷\u2212\u2013[]{}`’", "****/--()() '")
_BEGINS: Final = re.compile(
    r"(?:^|[\n.:;,(>]|\b(?:formula|the|is|as|and|where|then|use|by|or|each|calculate|compute|an?|its|[a-z]+'s))[\s_-]*\Z"
)


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One that is known for certain."""

    name: str
    """The left side, as a pattern."""
    terms: Mapping[str, str]
    """What its variables are called, as patterns; those that come first are tried first."""
    right: tuple[str, ...]
    """The right sides that are so, over the variables; the first is told."""
    needs: tuple[frozenset[str], ...]
    """A right side with none of these sets of variables says something else."""
    about: str = ""
    """What the text must speak of besides."""
    unless: str = ""
    """A text that speaks of this may mean another formula."""


def _formula(
    name: str, terms: Mapping[str, str], *right: str, about: str = "", unless: str = "", needs: str = ""
) -> Formula:
    sets = tuple(frozenset(each.split("+")) for each in needs.split()) or (frozenset(terms),)
    return Formula(
        name=name, terms=MappingProxyType(dict(terms)), right=right, needs=sets, about=about, unless=unless
    )


_BAR: Final = {"h": _HIGH, "l": _LOW, "c": _CLOSE}
_LEVEL: Final = {"p": _PIVOT, "h": _HIGH, "l": _LOW}
FORMULAS: Final = (
    _formula(  # Appel and Hitschler, 1980
        r"(?:(?:smoothing|weighting) )?(?:multiplier|factor|constant)|alpha|α|k",
        {"n": _PERIODS},
        "2/(n+1)",
        about=r"\bema\b|exponential moving average",
        unless=r"wilder|smma|\brma\b|kama|vidya|\btema\b|\bdema\b|efficiency ratio|double|triple|\batr\b|true range|\brsi\b|\badx\b",
    ),
    _formula(  # Wilder, 1978
        "rsi",
        {
            "rs": r"rs\b|relative strength\b(?! index)",
            "g": r"(?:average|avg\.?) gains?\b",
            "s": r"(?:average|avg\.?) loss(?:es)?\b",
        },
        "100-100/(1+rs)",
        "100*rs/(1+rs)",
        "100*g/(g+s)",
        "100-100/(1+g/s)",
        needs="rs g+s",
        unless=r"stoch(?:astic)? ?rsi|connors",
    ),
    _formula(  # Murphy, 1999
        r"roc|(?:price )?rate of change",
        {"b": _AGO, "a": _NOW},
        "(a-b)/b*100",
        "(a-b)/b",
        "a/b*100",
        "a/b",
        unless=r"log|difference|absolute",
    ),
    _formula(  # Wilder, 1978
        r"tr|true range",
        {"b": _BEFORE, "h": _HIGH, "l": _LOW},
        "max(h-l,abs(h-b),abs(l-b))",
        "max(h,b)-min(l,b)",
    ),
    _formula("typical price", _BAR, "(h+l+c)/3"),
    _formula(  # Person, 2004
        r"pivot(?: point)?(?: \(pp?\))?|pp|p",
        _BAR,
        "(h+l+c)/3",
        about=r"\bpivot",
        unless=_OTHER_PIVOTS,
    ),
    _formula(r"r1", _LEVEL, "2*p-l", about=r"\bpivot", unless=_OTHER_PIVOTS, needs="p+l p+h"),
    _formula(r"s1", _LEVEL, "2*p-h", about=r"\bpivot", unless=_OTHER_PIVOTS, needs="p+l p+h"),
    _formula(r"r2", _LEVEL, "p+h-l", about=r"\bpivot", unless=_OTHER_PIVOTS),
    _formula(r"s2", _LEVEL, "p-h+l", about=r"\bpivot", unless=_OTHER_PIVOTS),
    _formula(  # Lane, 1984
        r"%k|fast %k",
        {"t": _HIGHEST, "b": _LOWEST, "c": _CLOSE},
        "(c-b)/(t-b)*100",
        "(c-b)/(t-b)",
        unless=r"slow|stoch(?:astic)? ?rsi",
    ),
    _formula(  # Williams, 1973
        r"%r|williams %r",
        {"t": _HIGHEST, "b": _LOWEST, "c": _CLOSE},
        "(t-c)/(t-b)*(-100)",
    ),
)


def formula_claims(text: str, formulas: Sequence[Formula] = FORMULAS) -> list[Claim]:
    """The formulas in a text of which every term is known, each computed beside the right one."""
    plain = text.casefold().replace("**", "").translate(_SIGNS)
    plain = re.sub(r"(?<=[\s)\d])x(?=[\s(\d])", "*", plain)
    signs = [sign for sign in _EQUALS.finditer(plain) if _COMPUTES.match(plain, sign.end())]
    return [claim for formula in formulas for claim in _claims(plain, formula, signs)] if signs else []


def _claims(plain: str, formula: Formula, signs: Sequence[re.Match[str]]) -> Iterator[Claim]:
    if formula.about and re.search(formula.about, plain) is None:
        return
    if formula.unless and re.search(formula.unless, plain) is not None:
        return
    for sign in signs:
        match = re.search(
            rf"(?<![\w%])(?:{formula.name})[ \t]*(?:\([a-z\d ]{{1,12}}\)[ \t]*)?\Z",
            plain[max(0, sign.start() - _LONGEST_NAME) : sign.start()],
        )
        if match is None or _BEGINS.search(plain[: sign.start() - len(match[0])]) is None:
            continue
        found = _right_side(plain[sign.end() :], formula.terms)
        if found is None or not any(needed <= found[1] for needed in formula.needs):
            continue
        holds = _same(found[0], formula)
        if holds is not None:
            said = f"{match[0].strip()} {sign[0]} {plain[sign.end() : sign.end() + found[2]].strip()}"
            yield Claim(said, holds, "" if holds else formula.right[0])


def _right_side(text: str, terms: Mapping[str, str]) -> tuple[str, frozenset[str], int] | None:
    """An expression at the beginning of a text, its variables, and how long it is; None where a term is unknown."""
    parts: list[str] = []
    used: set[str] = set()
    at = 0
    while True:
        token = _TOKEN.match(text, at)
        if token is None or (token["sign"] == ")" and parts.count("(") <= parts.count(")")):
            term = next(
                (
                    (name, hit)
                    for name, pattern in terms.items()
                    if (hit := re.compile(rf"[ \t]*(?:{pattern})").match(text, at))
                ),
                None,
            )
            if term is None:
                break
            used.add(term[0])
            parts += ["*", term[0]] if _multiplies(parts) else [term[0]]
            at = term[1].end()
            continue
        if token["sign"] == "," and parts.count("(") <= parts.count(")"):
            break
        if token["sign"] == "(" and _multiplies(parts):
            parts.append("*")
        parts.append(token["number"] or token["sign"] or token["call"])
        at = token.end()
    whole = parts.count("(") == parts.count(")") and not parts.count("|") % 2
    ends = _END.match(text, at) is not None and _GOES_ON.match(text, at) is None
    if not used or not whole or not ends or parts[-1] in _OPERATORS:
        return None
    return _without_bars(parts), frozenset(used), at


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
    """Whether it is one of the right sides; None where it cannot be computed."""
    try:
        return any(
            all(
                _close(_value(expression, formula, sample), _value(right, formula, sample))
                for sample in _SAMPLES
            )
            for right in formula.right
        )
    except ExpressionInvalid:
        return None


def _value(expression: str, formula: Formula, sample: Sequence[float]) -> float:
    values = (
        dict(zip(formula.terms, sample[1:], strict=False)) if "n" not in formula.terms else {"n": sample[0]}
    )
    return evaluate(re.sub(r"\b[a-z]+\b(?!\s*\()", lambda word: repr(values[word[0]]), expression))


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
