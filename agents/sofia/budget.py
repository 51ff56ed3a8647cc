"""A budget divided over channels."""

import re
from collections import Counter
from typing import Literal

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents.figures import amount, check_numbers, csv_file, percent, table
from agents.sofia.charts import bar_chart
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

MOST_CHANNELS = 50
_LONGEST_REQUEST = 5_000
_CHANNEL = re.compile(
    r"(?P<name>[^\W\d_][^\d,;:=()]*?)"
    r"(?:\s*[:=(]?\s*(?:at|with|to|weight|weighs|cpa|cpa of|of)?\s*[$€£]?(?P<number>\d+(?:\.\d+)?)\s*[%€$]?\s*\)?)?\s*\.?",
    re.IGNORECASE,
)
_SHARE_FIRST = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*%\s*(?:(?:to|for|on|in|into|of it to)\s+)?(?P<name>[^\W\d_][^\d,;:=()%]*?)\s*\.?",
    re.IGNORECASE,
)
_LEAD_INS = (
    re.compile(r"\b(?:between|across|among|amongst|zwischen|entre|между)\b:?", re.IGNORECASE),
    re.compile(
        r"\b(?:over|on|into|to|for|channels|weights|cpas?|auf|für|in|en|para|на|по)\b:?", re.IGNORECASE
    ),
)
_SEPARATOR = re.compile(r"[,;\n]|\s+(?:and|und|y|e|и)\s+(?=[^\W\d_])|\s+&\s+")
_TRAILER = re.compile(
    r"\s+(?:by|with|according|using|based|proportional)\b[^:]*$"
    r"|\s+(?:in equal parts|in equal shares|auf|a partes iguales|por igual|поровну)\s*$",
    re.IGNORECASE,
)
_EVENLY = re.compile(
    r"\b(?:equally|evenly|gleichmäßig|zu gleichen teilen|поровну|por igual)\s+", re.IGNORECASE
)


class BudgetSplit(BaseModel):
    """The money and the channels."""

    budget: float = argument(
        "The money to divide",
        unit=Unit.MONEY,
        cues=("budget", "have", "spend", "split", "divide", "allocate", "distribute"),
        holds=r"\b(?:split|divid|allocat|distribut|spread|shar|budget|apportion|channel|break (?:it )?down)",
    )
    channels: str = argument(
        'The channels, separated by commas, each with its weight or expected CPA: "Google Ads 50, Meta 30, email 20"; '
        "the whole request will do",
        unit=Unit.REQUEST,
        holds=r"\b(?:between|across|among|amongst|channels?|over(?! the| \d)|auf|zwischen|entre|между|по)\b|:|[a-z]\W{1,3}\d+\W{1,4}(?:and )?[a-z ]+\W{0,3}\d",
    )
    by: Literal["weight", "cpa"] = argument(
        "Whether the channels' numbers are weights (more money to the larger) or expected costs per acquisition (more "
        "money to the cheaper)",
        cues=("cpa", "cost per acquisition", "weight"),
        default="weight",
    )


def budget_split() -> BaseTool:
    """A budget over channels."""
    return tool(
        "budget_split",
        "Divides a marketing budget over channels in proportion to given weights, or inversely to their expected CPA, to "
        "the cent; equally if no numbers are given.",
        BudgetSplit,
        _budget_split,
        examples=(
            "Split 10000 between Google Ads 50, Meta 30 and email 20",
            "Divide a marketing budget of 6000 over SEO, newsletter and LinkedIn equally",
            "How should I allocate 5000 across channels by expected CPA: Google 25, Facebook 40, TikTok 50?",
            "Spread 9000 over search, paid social and events in equal parts",
            "Distribute our ad budget of $12,000 over search 3, display 1, video 2",
        ),
    )


def split_cents(budget: float, weights: list[float]) -> list[float]:
    """Shares of a budget in proportion to weights, in whole cents that sum to the budget (largest remainders first)."""
    cents = round(budget * 100)
    total = sum(weights)
    exact = [cents * weight / total for weight in weights]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: whole[index] - exact[index])
    for index in by_remainder[: max(0, cents - sum(whole))]:
        whole[index] += 1
    return [share / 100 for share in whole]


def read_channels(text: str, budget: float) -> list[tuple[str, float | None]]:
    """Channel names with their numbers, None where there is none, out of a list or a whole request.

    What stands before the list ("Split 10000 between", "by expected CPA:") is left out. Raises ToolRefused for an item with a number
    that is no channel.
    """
    listed = text[:_LONGEST_REQUEST].replace("?", " ").replace("|", ",")
    listed = re.sub(r"(?<=\d),(?=\d{3}\b)", "", listed)
    listed = re.sub(rf"[$€£]?\b{re.escape(f'{budget:g}')}\b(?:\.0+)?(?!\s*%)", " ", listed, count=1)
    head, colon, tail = listed.rpartition(":")
    if colon and _SEPARATOR.search(tail) and not re.search(r"\d\s*[,;]", head):
        listed = tail
    else:
        listed = _EVENLY.sub("", listed)
        lead_in = next((found for each in _LEAD_INS if (found := each.search(listed))), None)
        listed = listed[lead_in.end() :] if lead_in else listed
    channels = []
    for part in _SEPARATOR.split(_TRAILER.sub("", listed)):
        said = part.strip().removeprefix("and ").strip()
        match = _SHARE_FIRST.fullmatch(said) or _CHANNEL.fullmatch(said)
        if match is None:
            if re.search(r"[^\W\d_]", said) and re.search(r"\d", said):
                raise ToolRefused(
                    f"I could not read “{said}” as a channel; write it as “name number”, such as “Google Ads 50”."
                )
            continue
        name = re.sub(r"\s+(?:equally|evenly)$", "", match["name"].strip(" .'\""))
        channels.append((name, float(match["number"]) if match["number"] else None))
    return channels


def _budget_split(arguments: BudgetSplit) -> ToolOutput:
    check_numbers(arguments)
    if arguments.budget == 0:
        raise ToolRefused("The budget must be above 0.")
    channels = read_channels(arguments.channels, arguments.budget)
    if not 2 <= len(channels) <= MOST_CHANNELS:  # noqa: PLR2004  one channel is no split
        raise ToolRefused(
            f"Name 2 to {MOST_CHANNELS} channels separated by commas, each with its number, such as "
            f"“Google Ads 50, Meta 30, email 20”; I could read {len(channels)}."
        )
    twice = next((name for name, times in Counter(name for name, _ in channels).items() if times > 1), None)
    if twice:
        raise ToolRefused(f"The channel {twice} is named twice; name each once.")
    numbers = [number for _, number in channels if number is not None]
    by_cost = bool(numbers) and arguments.by == "cpa"
    if numbers and (len(numbers) < len(channels) or (by_cost and min(numbers) == 0) or sum(numbers) == 0):
        raise ToolRefused(
            "Give every channel a number or none, above 0 for a CPA, with at least one weight above 0."
        )
    weights = [1 / number for number in numbers] if by_cost else numbers or [1.0] * len(channels)
    shares = split_cents(arguments.budget, weights)
    names = [name for name, _ in channels]
    return _report(
        arguments.budget, names, shares, numbers if by_cost else [], rule=_rule(numbers, by_cost=by_cost)
    )


def _rule(numbers: list[float], *, by_cost: bool) -> str:
    if by_cost:
        return (
            "Money goes inversely to the expected CPA (share ∝ 1 / CPA). At constant CPAs all of it in the cheapest channel "
            "would bring most; spreading it allows for CPAs that rise with spend."
        )
    return (
        "Money goes in proportion to the weights."
        if numbers
        else "No numbers were given, so the shares are equal."
    )


def _report(
    budget: float, names: list[str], shares: list[float], costs: list[float], *, rule: str
) -> ToolOutput:
    header = ["channel", "budget", "share"]
    rows = [
        [name, amount(share), percent(share / budget, 1)] for name, share in zip(names, shares, strict=True)
    ]
    expected = [share / cost for share, cost in zip(shares, costs, strict=False)]
    if expected:
        header.append("expected conversions")
        for row, conversions in zip(rows, expected, strict=True):
            row.append(f"{conversions:.1f}")
    told = ", ".join(f"{name} gets {amount(share)}" for name, share in zip(names, shares, strict=True))
    total = f" Expected conversions in all: {sum(expected):.1f}." if expected else ""
    text = f"Of {amount(budget)}, {told}.{total}\n\n{table(header, rows)}\n\n{rule} Shares are rounded to cents that sum to the budget."
    data = {
        "shares": dict(zip(names, shares, strict=True)),
        "expected_conversions": sum(expected) if expected else None,
    }
    figures = [
        Figure(name=f"budget of {name}", value=share) for name, share in zip(names, shares, strict=True)
    ]
    if expected:
        figures.append(
            Figure(name="expected conversions", value=sum(expected), unit="conversions", decimals=1)
        )
    return ToolOutput(
        text=text,
        data={**data},
        figures=tuple(figures),
        assumptions=(
            "The expected CPA of each channel stays as it is while its spend grows."
            if costs
            else "The weights say how much each channel is worth; nothing was computed from results.",
        ),
        would_change=("Measured results of each channel: money goes where the next conversion costs least.",),
        chart=bar_chart("Budget by channel", dict(zip(names, shares, strict=True)), "budget"),
        artifacts=(csv_file("budget.csv", header, rows),),
    )
