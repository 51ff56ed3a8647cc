"""The tool that checks how a portfolio is spread."""

import re
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.measures import in_percent, priced
from agents.refusals import refusing
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import Allocation, check_allocation, figure, percent

_LIMIT = 0.4
_REST = "not named"
_WHOLE = 100.0
_ROUNDING = 0.5
_TICKERS = frozenset(
    "btc eth sol ada bnb xrp doge dot avax link ltc matic trx uni aave usdt usdc dai".split()
)
_WORDS = frozenset(
    """bitcoin ethereum ether solana cardano ripple dogecoin polkadot avalanche chainlink litecoin polygon tron uniswap
    tether stablecoin stablecoins cash altcoin altcoins memecoin memecoins stocks shares bonds gold other others
    rest""".split()
)
_NO_NAMES = frozenset(
    {"USD", "EUR", "GBP", "MAX", "MIN", "OK", "LIMIT", "CAP", "MY", "IS", "IN", "DCA", "ETF"}
)
_TOKEN = re.compile(
    r"(?P<number>[$€]?\d[\d,]*(?:\.\d+)?)\s*(?P<unit>%|percent|k\b|m\b)?|(?P<word>[A-Za-z][A-Za-z0-9]*)",
    re.IGNORECASE,
)
_LIMIT_WORDS = re.compile(
    r"(?:limit|max(?:imum)?|cap|at most|no more than)\s*(?:of|is|:)?\s*(\d+(?:\.\d+)?)\s*(?:%|percent)",
    re.IGNORECASE,
)
_FACTORS = {"k": 1e3, "m": 1e6}


@dataclass(frozen=True)
class Holdings:
    """Holdings as they were read: weights in percent, or amounts."""

    weights: dict[str, float]
    in_percent: bool


class AllocationArguments(BaseModel):
    """The portfolio in words."""

    holdings: str = argument(
        "Each holding with its weight or amount: `60 % BTC, 30 % ETH, 10 % SOL`; a limit for one holding may follow: "
        "`limit 30 %` (40 % otherwise)",
        unit=Unit.REQUEST,
    )


def portfolio_allocation_check(arguments: AllocationArguments) -> ToolOutput:
    """Weights, concentration and holdings above the limit."""
    match = _LIMIT_WORDS.search(arguments.holdings)
    limit = float(match.group(1)) / 100 if match else _LIMIT
    holdings = read_holdings(_LIMIT_WORDS.sub(" ", arguments.holdings))
    weights, remark = _completed(holdings)
    with refusing():
        result = check_allocation(weights, limit)
    over = [f"{name} ({percent(result.weights[name])})" for name in result.over_limit if name != _REST]
    verdict = (
        f"{', '.join(over)} {'is' if len(over) == 1 else 'are'} above" if over else "No holding is above"
    )
    listed = ", ".join(f"{name} {percent(share)}" for name, share in result.weights.items())
    headline = (
        f"{verdict} the limit of {percent(limit)} for one holding; the portfolio is as concentrated as "
        f"{figure(result.effective_holdings)} equal holdings. Weights: {listed}."
    )
    notes = (
        f"{remark}Concentration is the Herfindahl index, the sum of squared weights: {result.herfindahl:.3f} (1 for a single "
        "holding), and its inverse is the number of equal holdings. The limit of "
        f"{percent(limit)} is {'yours' if match else 'a rule of thumb; name another as `limit 30 %`'}. Coins mostly fall "
        "together, so the risk is more concentrated than the weights; the check knows no correlations, no horizon and "
        "nothing of what you own beside."
    )
    return ToolOutput(
        text=f"{headline}\n\n{notes}",
        data=_data(result, limit),
        figures=(
            priced("equal holdings that would be as concentrated", result.effective_holdings),
            *(in_percent(f"weight of {name}", share) for name, share in result.weights.items()),
        ),
        assumptions=() if match else (f"A limit of {percent(limit)} for one holding.",),
        would_change=("Holdings that move together are more concentrated than their weights say.",),
        chart=_chart(result),
    )


def _chart(result: Allocation) -> dict[str, JsonValue]:
    values: list[JsonValue] = [
        {"holding": name, "weight": share * 100} for name, share in result.weights.items()
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": "Weights",
        "data": {"values": values},
        "mark": "bar",
        "encoding": {
            "y": {"field": "holding", "type": "nominal", "sort": "-x", "title": None},
            "x": {"field": "weight", "type": "quantitative", "title": "%"},
        },
    }


def portfolio_tool() -> BaseTool:
    """`portfolio_allocation_check` as a tool."""
    return tool(
        "portfolio_allocation_check",
        "Checks how concentrated a portfolio is: weights, effective number of holdings and what is above a limit.",
        AllocationArguments,
        portfolio_allocation_check,
        examples=(
            "check my portfolio: 60% BTC, 30% ETH, 10% SOL",
            "is 80% in one altcoin too concentrated?",
            "how diversified am I with BTC 5000, ETH 3000, USDC 2000",
            "portfolio check with limit 30 %: bitcoin 45 %, ethereum 35 %, cash 20 %",
        ),
    )


def read_holdings(text: str) -> Holdings:
    """The pairs of a name and a number in a text; ToolRefused when they cannot be matched."""
    numbers: list[tuple[float, bool]] = []
    names: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["number"]:
            unit = (token["unit"] or "").casefold()
            value = float(token["number"].lstrip("$€").replace(",", "")) * _FACTORS.get(unit, 1.0)
            numbers.append((value, unit in {"%", "percent"}))
        elif _is_name(token["word"]):
            names.append(
                token["word"].casefold() if token["word"].casefold() in _WORDS else token["word"].upper()
            )
    if not numbers or len(numbers) != len(names):
        raise ToolRefused(
            f"There are {len(numbers)} numbers and {len(names)} names of holdings. Give each holding with its weight, such as "
            "`60 % BTC, 30 % ETH, 10 % SOL`."
        )
    if len({percentage for _, percentage in numbers}) > 1:
        raise ToolRefused("Some weights are in percent and some are not; give all of them in one way.")
    weights: dict[str, float] = {}
    for (value, _), name in zip(numbers, names, strict=True):
        weights[name] = weights.get(name, 0.0) + value
    return Holdings(weights=weights, in_percent=numbers[0][1])


def _is_name(word: str) -> bool:
    if word.casefold() in _WORDS | _TICKERS:
        return True
    return word.isupper() and 2 <= len(word) <= 6 and word not in _NO_NAMES  # noqa: PLR2004  # the length of tickers


def _completed(holdings: Holdings) -> tuple[dict[str, float], str]:
    """The weights with what is missing to 100 %, and a sentence that says so."""
    if not holdings.in_percent:
        return holdings.weights, "The amounts were turned into weights. "
    total = sum(holdings.weights.values())
    if total > _WHOLE + _ROUNDING:
        raise ToolRefused(f"The weights add up to {total:g} %, more than 100 %; correct them.")
    if total < _WHOLE - _ROUNDING:
        rest = _WHOLE - total
        return {**holdings.weights, _REST: rest}, (
            f"The weights add up to {total:g} %; the other {rest:g} % was taken as one more holding. "
        )
    return holdings.weights, ""


def _data(result: Allocation, limit: float) -> dict[str, JsonValue]:
    return {
        "weights": dict(result.weights),
        "herfindahl": result.herfindahl,
        "effective_holdings": result.effective_holdings,
        "limit": limit,
        "over_limit": [name for name in result.over_limit if name != _REST],
    }
