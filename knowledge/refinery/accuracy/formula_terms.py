"""What a formula that is known for certain is, and what texts call the variables that several have."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

THE: Final = r"(?:current |today'?s |latest |the |a |an )*"
OLD: Final = r"(?:previous |prior |yesterday'?s |prev\.? )"
PERIODS: Final = r"(?:number of )?(?:time )?(?:periods?|days?|bars?|length|n|observations)\b"
CLOSE: Final = rf"{THE}{OLD}?clos(?:e|ing)(?: price)?\b(?! ?[(\[]|_)|c\b(?![\[(])"
HIGH: Final = rf"{THE}{OLD}?high(?: price)?\b|h\b"
LOW: Final = rf"{THE}{OLD}?low(?: price)?\b|l\b"
SPAN: Final = r"(?:from )?'?(?:n|x|\d{1,3})'? (?:periods?|days?|bars?) (?:ago|earlier|before)"
AGO: Final = (
    rf"(?:clos(?:e|ing price)|price) (?:\({SPAN}\)|{SPAN})|(?:close|price|c)[_\[(]+(?:t ?- ?)?n[\])]+|c_?n\b"
)
NOW: Final = r"(?:(?:current|today'?s|latest) (?:close|closing price|price)|(?:close|price|c)(?:[_\[(]+t[\])]+|_t)?)(?![\w_\[(])(?! [(]?[\dnx']+ periods)"
BEFORE: Final = rf"{OLD}clos(?:e|ing price)\b|(?:close|c)_?prev(?:ious)?\b|close\((?:previous|prev|t ?- ?1)\)|prev(?:ious)?[_ ]?close\b|pc\b|cp\b"
NOW_CLOSE: Final = rf"{THE}clos(?:e|ing price)\b(?! ?[(\[]|_)|close\(t\)|c\b(?![\[(])"
NOW_HIGH: Final = rf"{THE}high\b|h\b"
NOW_LOW: Final = rf"{THE}low\b|l\b"
HIGHEST: Final = (
    r"(?:highest[ _]high|hh|h_?(?:14|n)|highest high of the last (?:n|\d+) (?:periods?|days?))(?:\(?n\)?)?\b"
)
LOWEST: Final = (
    r"(?:lowest[ _]low|ll|l_?(?:14|n)|lowest low of the last (?:n|\d+) (?:periods?|days?))(?:\(?n\)?)?\b"
)
VOLUME: Final = rf"{THE}(?:trading |period )?volume\b|v\b"
VOLUME_BEFORE: Final = (
    rf"{OLD}(?:trading )?volume\b|volume (?:n|\d+) (?:periods?|days?) ago\b|volume\((?:previous|prev|t-1|n)\)"
)
PIVOT: Final = r"(?:pivot(?: point)?|pp|p)\b"
OTHER_PIVOTS: Final = r"woodie|demark|camarilla|fibonacci"
CAP: Final = r"(?:current |network |total |the )*(?:market[ -]cap(?:itali[sz]ation)?|market value|network value)(?: \((?:market cap(?:itali[sz]ation)?|mc|usd)\))?\b|mc\b"
REALISED: Final = r"(?:the )?reali[sz]ed[ -](?:cap(?:itali[sz]ation)?|value)\b|rc\b"
RETURN: Final = r"(?:average |mean |expected |portfolio |annual(?:i[sz]ed)? |asset )*returns?(?: of (?:the )?portfolio)?\b|r_?p\b"
FREE: Final = r"(?:the )?risk[ -]free(?: rate)?(?: of return)?\b|r_?f\b"
DEVIATION: Final = r"(?:the )?(?:portfolio )?standard deviation(?: of (?:the )?(?:portfolio |excess |asset )?returns?)?\b|σ_?p?(?![\w])|volatility\b|(?:sd|std(?:dev)?)\b"
GAIN: Final = r"(?:the )?(?:average|avg\.?|mean) (?:gain|win|winning trade|profit)s?\b"
LOSS: Final = r"(?:the )?(?:average|avg\.?|mean) (?:loss|losing trade)(?:es)?\b"
WINS: Final = r"(?:the )?(?:win(?:ning)?[ -](?:rate|probability|percentage)|probability of (?:a )?win(?:ning)?|w(?:in)?%)|w\b|p\b"
EMA: Final = (
    r"(?:{0})[- ]?(?:period|day|bar|month)? (?:ema|exponential moving average)\b|ema ?\(?_?{0}\)?(?![\w])"
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
    partly: tuple[str, ...] = ()
    """Right sides that are a part of it or so on one of its scales: no mistake, and not the formula."""
    scaled: bool = False
    """Whether a constant factor is free."""
    told: str = ""
    """How it is told where a text lacks its variables."""
    worked: bool = True
    """Whether numbers may be put in by the names of its variables."""


def formula(
    name: str,
    terms: Mapping[str, str],
    *right: str,
    about: str = "",
    unless: str = "",
    needs: str = "",
    partly: tuple[str, ...] = (),
    scaled: bool = False,
    told: str = "",
    worked: bool = True,
) -> Formula:
    """A formula; `needs` are sets of variables, parted by blanks, such as `g+s rs`: all of them where it is empty."""
    sets = tuple(frozenset(each.split("+")) for each in needs.split()) or (frozenset(terms),)
    return Formula(
        name=name,
        terms=MappingProxyType(dict(terms)),
        right=right,
        needs=sets,
        about=about,
        unless=unless,
        partly=partly,
        scaled=scaled,
        told=told,
        worked=worked,
    )


BAR: Final = {"h": HIGH, "l": LOW, "c": CLOSE}
LEVEL: Final = {"p": PIVOT, **BAR}
NOW_BAR: Final = {"h": NOW_HIGH, "l": NOW_LOW, "c": NOW_CLOSE, "v": VOLUME}
MULTIPLIER: Final = "((c-l)-(h-c))/(h-l)"
