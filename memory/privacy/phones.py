"""Telephone numbers."""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers

from memory.privacy.kinds import DataKind, Finding, before

_CANDIDATE: Final = re.compile(
    r"(?<![\w./$€£%+-])(?<!\d[,:])(?:\+|\()?\d(?:(?:[ .\-/\u00a0]|\) ?|\) ?-| ?\()?\d){5,15}+"
    r"(?P<extension>(?: ?x| ?ext\.? ?)\d{1,6})?(?![\w%]|[.,:]\d)",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?:phone|\btel|\bmobile|\bcell|\bfax|whats ?app|landline|hotline|\bdesk|\bdial)(?: ?(?:number|no\.?|nr\.?))?"
    r"\.?(?: is)?[^\w+(]{0,6}(?:\(?(?:home|work|office|mobile|cell)\)?[^\w+(]{1,4})?$",
    re.IGNORECASE,
)
_SPOKEN: Final = re.compile(
    r"(?:\b(?:call|ring|text|reach|contact|phone|messag|sms|answer)\w*\s+(?:[a-z']+\s+){0,4}(?:at|on|to|via)"
    r"|\b(?:my|his|her|our|their|your|contact)(?: new)? number(?: is)?)\s*:?\s*$",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    r"^\s?[-(:]?\s?(?:office|fax|mobile|cell|desk|home|work|phone|tel)\b", re.IGNORECASE
)
_AMERICAN: Final = re.compile(r"(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}([ .-]))\d{3}[.-]\d{4}$")
# A trunk zero and groups of digits, as most of the world writes its numbers, or an area in parentheses.
_TRUNK: Final = re.compile(
    r"(?:\(0[1-9]\d{0,3}\)|0[1-9]\d{0,3})(?:[ -]\d{2,4}){2,4}$|0[1-9]\d{1,3}[ /-]\d{6,8}$"
)
_AREA: Final = re.compile(r"(?:\d ?)?\(\d{2,4}\) ?(?:\d{4,5}-\d{4}|\d{3}[ -]\d\d[ -]\d\d)$")
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_DATE: Final = re.compile(
    rf"(?:19|20)\d\d([-./ ]){_MONTH}\1{_DAY}(?!\d)|(?:{_DAY}([-./ ]){_MONTH}|{_MONTH}([-./ ]){_DAY})[-./ ](?:(?:19|20)\d\d(?!\d)|\d\d$)"
)
_DECIMAL: Final = re.compile(r"\+?\d+\.\d+")
_SHORTEST, _LONGEST = 7, 15
_GROUPS: Final = re.compile(r"\d+")
_UNGROUPED_NATIONAL = 9
_SHORTEST_LAST, _LONGEST_GROUP = 3, 5


def phones(text: str) -> Iterator[Finding]:
    """Telephone numbers: international ones, those of North America, national ones with a trunk zero.

    Numbers of any other form count beside a word that says so (Phone:, call me at ..., ... fax). Valid ranges are
    those of the library phonenumbers (Google's libphonenumber).
    """
    for match in _CANDIDATE.finditer(text):
        found = match[0]
        number = found.removesuffix(match["extension"] or "")
        count = sum(character.isdigit() for character in number)
        if not _SHORTEST <= count <= _LONGEST or _DATE.match(number) or _DECIMAL.fullmatch(number):
            continue
        if _by_form(number, count) or _by_words(text, match.start(), match.end(), number, count):
            yield Finding(match.start(), match.end(), DataKind.PHONE)


def _by_form(number: str, count: int) -> bool:
    if number.startswith(("+", "00")):
        return _is_international("+" + number.lstrip("+0"), grouped=not number.lstrip("+").isdigit())
    if _AMERICAN.match(number):
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "US"))
    return count in {10, 11} and bool(_TRUNK.match(number) or _AREA.match(number))


def _is_international(number: str, *, grouped: bool) -> bool:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed) if grouped else phonenumbers.is_valid_number(parsed)


def _by_words(text: str, start: int, end: int, number: str, count: int) -> bool:
    told = before(text, start, 60)
    if _NAMED.search(told):
        return True
    groups = _GROUPS.findall(number)
    grouped = len(groups) > 1 and max(map(len, groups)) <= _LONGEST_GROUP
    if len(groups) == 2 and len(groups[1]) < _SHORTEST_LAST:  # noqa: PLR2004  # two numbers side by side
        return False
    if not grouped and count < _UNGROUPED_NATIONAL:
        return False
    if _SPOKEN.search(told):
        return True
    return grouped and _LABELLED.match(text[end : end + 12]) is not None
