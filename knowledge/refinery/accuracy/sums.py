"""Arithmetic that a text writes out (`600 / 12 = 50`), computed again."""

import re
from collections.abc import Iterator
from typing import Final

from knowledge.refinery.accuracy.claims import Claim, Kind
from knowledge.refinery.accuracy.numbers import NUMBER, PLAIN, SCALE, Written, agrees_with, read, told
from knowledge.worked import ExpressionInvalid, evaluate

_EQUALS: Final = re.compile(r"(?<![<>!=:])(?:=|≈)(?!=)")
_RIGHT: Final = re.compile(
    rf"\s*(?P<about>approximately |about |around |roughly |~|≈ ?)?(?P<right>{NUMBER})"
    rf"(?!\s?(?:[+*/×÷^]|[-\u2212\u2013] ?[\d$])|\s(?:x|to|times) ?[\d($]|[-/\w]|[.,]\d)"
)
_PART: Final = re.compile(
    r"[\n;:≈]|(?<![<>!])=|[.,](?=\s)|\b(?:is|be|are|was|gives|makes|equals|would|so|then|thus|hence)\b"
)
_BULLET: Final = re.compile(r"^\s*(?:[-*•\u2013]|\d{1,2}[.)])\s+")
_UNIT: Final = (
    r"(?:BTC|ETH|USDT|USDC|USD|dollars?|euros?|coins?|tokens?|units?|shares?|blocks?|days?|hours?|minutes?|weeks?|months?|"
    r"years?|periods?|bars?|candles?|trades?|each|per (?:day|hour|week|month|year|block|trade|coin|token))\b"
)
_TOKEN: Final = re.compile(
    rf"\s*(?:(?P<remark>\([A-Za-z][A-Za-z ]*\))|(?P<number>[$€£]?(?:{PLAIN})(?!\d)(?:{SCALE})?(?:\s?%)?)(?![\w.]*\w)"
    rf"|(?P<unit>{_UNIT})|(?P<root>sqrt|√)|(?P<sign>\*\*|[-+*/()^\[\]×÷·\u2212\u2013]|x(?=[\s\d($])))"
)
_OPERATION: Final = re.compile(r"[+*/×÷^]|\s[-\u2212\u2013x]\s")
_FUNCTION: Final = re.compile(
    r"(?:[\w%)\]|.]|\b(?:(?:average|mean|root|logarithm|half|third|quarter|part) of|times|plus|minus|by|twice|half|double|log|ln)\s+|[%\d]\s+of\s+)\Z"
)
_SIGNS: Final = {
    "×": "*",
    "x": "*",
    "÷": "/",
    "·": "*",
    "\u2212": "-",
    "\u2013": "-",
    "^": "**",
    "[": "(",
    "]": ")",
}
_OPERATORS: Final = frozenset("+-*/^×÷·x\u2212\u2013") | {"**"}
_NO_SUM: Final = re.compile(r"\(*[\d.,$%]+[-\u2212\u2013][\d.,$%]+\)*|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|(\d)/\1")
_LOOK_BACK: Final = 300
_EXACT, _ABOUT = 0.01, 0.05  # of the value: texts round on the way


def sum_claims(text: str) -> list[Claim]:
    """The sums of a text; one that may be read in several ways is wrong when none of them gives its result."""
    return [claim for sign in _EQUALS.finditer(text) if (claim := _claim(text, sign)) is not None]


def _claim(text: str, sign: re.Match[str]) -> Claim | None:
    right = _RIGHT.match(text, sign.end())
    if right is None:
        return None
    tokens, start = _left_side(text, sign.start())
    if not tokens:
        return None
    result = read(right["right"])
    values = list(_values(tokens, result))
    if not values:
        return None
    about = bool(right["about"]) or sign[0] == "≈"
    holds = any(agrees_with(result, value, _EXACT) for value in values)
    near = any(agrees_with(result, value, _ABOUT) for value in values) and about
    if not holds and (near or _may_mean_otherwise(tokens, result)):
        return None
    statement = " ".join(f"{text[start : sign.start()].strip()} {sign[0]} {right[0].strip()}".split())
    return Claim(kind=Kind.SUM, statement=statement, computed=told(values[0]), holds=holds)


def _left_side(text: str, end: int) -> tuple[list[str], int]:
    """The tokens of the expression that ends there, and where it begins; none where it is part of a longer one."""
    begin = max(0, end - _LOOK_BACK)
    for cut in _PART.finditer(text, begin, end):
        begin = cut.end()
    bullet = _BULLET.match(text[begin:end]) if begin == 0 or text[begin - 1] == "\n" else None
    begin += bullet.end() if bullet else 0
    tokens: list[str] = []
    at = start = begin
    while at < end and text[at:end].strip():
        token = _TOKEN.match(text, at, end)
        if token is None or ((token["unit"] or token["remark"]) and not _after_number(tokens)):
            at += len(word[0]) if (word := re.compile(r"\s*\w+").match(text, at, end)) else 1
            tokens, start = [], at
            continue
        if not tokens:
            start = token.start() + len(token[0]) - len(token[0].lstrip())
        tokens += (
            [] if token["unit"] or token["remark"] else [token["number"] or token["root"] or token["sign"]]
        )
        at = token.end()
    before = text[begin:start]
    if _OPERATION.search(before) or _FUNCTION.search(before) or not _is_sum(tokens, text[start:end].strip()):
        return [], start
    return tokens, start


def _after_number(tokens: list[str]) -> bool:
    return bool(tokens) and (tokens[-1][-1].isalnum() or tokens[-1][-1] in ")]%")


def _is_sum(tokens: list[str], written: str) -> bool:
    """Whether it has an operation, begins with a term, and is no range, score or date (`70-80`, `4/4`, `2024-01-05`)."""
    if re.match(r"[(\[\d$€£√s]|[-\u2212](?=[\d$(])", "".join(tokens)) is None:
        return False
    if not any(any(sign.isdigit() for sign in each) for each in tokens):
        return False
    operates = _OPERATORS & set(tokens[1:]) or {"sqrt", "√"} & set(tokens)
    return bool(operates) and _NO_SUM.fullmatch(written) is None


def _values(tokens: list[str], result: Written) -> Iterator[float]:
    """What the sum gives, with percentages as they stand and as fractions; in percent too where the result may be."""
    fractions = any(token.endswith("%") for token in tokens)
    ratio = fractions or result.percent or "/" in tokens or "÷" in tokens
    for as_fraction in (True, False) if fractions else (False,):
        try:
            value = evaluate(_expression(tokens, as_fraction=as_fraction))
        except ExpressionInvalid:
            continue
        yield value
        if ratio:
            yield value * 100


def _expression(tokens: list[str], *, as_fraction: bool) -> str:
    parts: list[str] = []
    for place, part in enumerate(tokens):
        if part in {"sqrt", "√"}:
            parts.append("sqrt" if tokens[place + 1 : place + 2] == ["("] else "sqrt ")
        elif part != "x" and (part[-1].isalnum() or part.endswith("%")):
            number = read(part)
            written = repr(number.value / 100 if number.percent and as_fraction else number.value)
            parts.append(f"({written})" if parts and parts[-1] == "sqrt " else written)
        else:
            parts.append(_SIGNS.get(part, part))
    return "".join(part.strip() for part in parts)


def _may_mean_otherwise(tokens: list[str], result: Written) -> bool:
    """Whether a missing bracket explains the result: `10 + 20 + 30 / 3 = 20`, `√121 / 10 = 3.48`."""
    if "/" not in tokens:
        return False
    last = len(tokens) - 1 - tokens[::-1].index("/")
    inner = tokens[1:] if tokens[0] in {"sqrt", "√"} else tokens
    readings = [["(", *tokens[:last], ")", *tokens[last:]]]
    if inner is not tokens:
        readings.append(["sqrt", "(", *inner, ")"])
    return any(
        agrees_with(result, value, _EXACT) for reading in readings for value in _values(reading, result)
    )
