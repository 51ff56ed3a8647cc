"""The tool that lays out a token's unlocks month by month."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import csv_file, table
from agents.refusals import refusing
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument
from trading import Tranche, UnlockMonth, figure, percent, unlock_schedule

_NUMBER = r"\d+(?:\.\d+)?"
_SPAN = rf"({_NUMBER})[\s-]*(months?|mo|m|years?|yrs?|y)?\b"
_TRANCHE = re.compile(
    rf"(?P<name>[A-Za-z][A-Za-z /&-]{{1,30}}?)\s*(?::|=|gets?|has|holds?)?\s*(?P<share>{_NUMBER})\s*(?:%|percent)",
    re.IGNORECASE,
)
_AT_LAUNCH = re.compile(
    rf"({_NUMBER})\s*(?:%|percent)\s*(?:is\s+|are\s+)?(?:free\s+|unlocked\s+)?(?:at|on)\s+(?:the\s+)?(?:tge|launch|listing)",
    re.IGNORECASE,
)
_CLIFF = re.compile(rf"{_SPAN}[\s-]*cliff|cliff\s*(?:of\s*|:\s*)?{_SPAN}", re.IGNORECASE)
_VESTING = re.compile(
    rf"(?:vest\w*|linear\w*|unlock\w*)\s*(?:over|for|in|of|linearly|evenly|:|\s)*\s*{_SPAN}"
    rf"|{_SPAN}[\s-]*(?:of\s+)?(?:linear|vest)|\bover\s+{_SPAN}",
    re.IGNORECASE,
)
_FREE = re.compile(r"\b(?:unlocked|free|liquid|circulating|tge|launch)\b", re.IGNORECASE)
_NO_NAMES = re.compile(
    r"^(?:and|then|with|the|of|for|at|schedule|vesting|unlock\w*|supply|tokens?|a|an|cliff|months?|years?|is|are)\s+",
    re.IGNORECASE,
)


class VestingArguments(BaseModel):
    """The supply and its shares."""

    total_supply: float = argument(
        "Total supply in tokens",
        unit=Unit.NUMBER,
        cues=("total supply", "supply of", "supply", "max supply", "tokens"),
        gt=0,
    )
    schedule: str = argument(
        "Each share with its cliff and vesting: `team 20 % with a 12 month cliff, vesting over 36 months; investors 15 %, 10 % at "
        "launch, 6 month cliff, 24 months linear; community 40 % unlocked`",
        unit=Unit.REQUEST,
        holds=r"%|percent",
    )
    price: float | None = argument(
        "Price of one token, for values",
        unit=Unit.MONEY,
        cues=("price", "worth", "at a price"),
        default=None,
        gt=0,
    )


def vesting_schedule(arguments: VestingArguments) -> ToolOutput:
    """Free tokens by month and tranche, and the months that free most."""
    tranches, silent = read_tranches(arguments.schedule)
    if not tranches or len(silent) == len(tranches):  # shares alone are no schedule
        raise ToolRefused(
            "Name each share of the supply with its percentage, cliff and vesting, such as `team 20 %, 12 month cliff, vesting over "
            "36 months; investors 15 %, 6 month cliff, 24 months linear; community 40 % unlocked`."
        )
    with refusing():
        months = unlock_schedule(arguments.total_supply, tranches)
    return _told(arguments, tranches, silent, months)


def vesting_tool() -> BaseTool:
    """`vesting_schedule` as a tool."""
    return tool(
        "vesting_schedule",
        "Lays out a token's vesting and unlocks by month: free supply, the largest unlocks and the dilution they bring.",
        VestingArguments,
        vesting_schedule,
        examples=(
            (
                "vesting schedule for a total supply of 1 billion: team 20 % with a 12 month cliff, vesting over 36 months; community "
                "40 % unlocked"
            ),
            "token unlocks: supply 100 million, investors 15 %, 10 % at launch, 6 month cliff, 24 months linear",
            "when do the team tokens unlock: supply 500m, team 18 %, 1 year cliff, 3 years linear",
        ),
    )


def read_tranches(text: str) -> tuple[list[Tranche], list[str]]:
    """The shares of a text with their terms, and the names of those of which no terms are said (taken as free at launch)."""
    matches = [match for match in _TRANCHE.finditer(text) if _name(match["name"])]
    found: list[Tranche] = []
    silent: list[str] = []
    for place, match in enumerate(matches):
        end = matches[place + 1].start() if place + 1 < len(matches) else len(text)
        terms = text[match.end() : end]
        name = _name(match["name"])
        launch, cliff, vesting = _AT_LAUNCH.search(terms), _CLIFF.search(terms), None
        rest = terms if cliff is None else terms[: cliff.start()] + " ; " + terms[cliff.end() :]
        vesting = _VESTING.search(rest)
        if launch is None and cliff is None and vesting is None and not _FREE.search(terms):
            silent.append(name)
        found.append(
            Tranche(
                name=name,
                share=float(match["share"]) / 100,
                at_launch=0.0 if launch is None else float(launch[1]) / 100,
                cliff=_months(cliff),
                vesting=_months(vesting),
            )
        )
    return found, silent


def _name(words: str) -> str:
    name = words.strip(" -/&")
    while (shorter := _NO_NAMES.sub("", name)) != name:
        name = shorter
    return "" if _NO_NAMES.match(f"{name} ") else name.casefold()


def _months(match: re.Match[str] | None) -> float:
    if match is None:
        return 0.0
    number, unit = next(
        (match[at], match[at + 1]) for at in range(1, (match.re.groups or 0) + 1, 2) if match[at] is not None
    )
    return float(number) * (12 if (unit or "m").casefold().startswith("y") else 1)


def _told(
    arguments: VestingArguments,
    tranches: list[Tranche],
    silent: list[str],
    months: tuple[UnlockMonth, ...],
) -> ToolOutput:
    supply = arguments.total_supply
    start, last = months[0], months[-1]
    most = max((each.unlocked for each in months), default=0.0)
    largest = next((each for each in months[1:] if each.unlocked >= most * (1 - 1e-9)), None)
    named = sum(each.share for each in tranches)
    headline = (
        f"At the launch {percent(start.total / supply)} of the supply is free ({figure(start.total)} tokens); all that is named is free "
        f"after {last.month} months ({figure(last.total)})."
    )
    if largest is not None and largest.unlocked > 0:
        headline += (
            f" The largest unlock comes in month {largest.month}: {figure(largest.unlocked)} tokens"
            f"{_worth(largest.unlocked, arguments.price)}, {percent(largest.unlocked / supply)} of the supply"
            f"{f' and {percent(largest.dilution)} of what was free' if largest.dilution else ''}."
        )
    step = max(1, -(-len(months) // 12))
    rows = [
        (
            str(each.month),
            figure(each.total),
            percent(each.total / supply),
            figure(each.unlocked),
            percent(each.dilution),
        )
        for each in months
        if each.month % step == 0 or each is last or each is largest
    ]
    terms = [_terms(each) for each in tranches]
    assumptions = ["Nothing vests during a cliff, and what vests does so evenly after it."]
    if silent:
        assumptions.append(f"No terms are said of {', '.join(silent)}, taken as free at the launch.")
    if named < 1 - 1e-9:
        assumptions.append(f"The other {percent(1 - named)} of the supply is not named and left out.")
    notes = f"Read as: {'; '.join(terms)}. {' '.join(assumptions)} Contracts may differ; what counts is the code or the agreement."
    return ToolOutput(
        text="\n\n".join(
            [headline, table(("month", "free", "of the supply", "new", "dilution of the free"), rows), notes]
        ),
        data={
            "tranches": [
                {
                    "name": each.name,
                    "share": each.share,
                    "at_launch": each.at_launch,
                    "cliff_months": each.cliff,
                    "vesting_months": each.vesting,
                }
                for each in tranches
            ],
            "months": [
                {
                    "month": each.month,
                    "free": each.total,
                    "unlocked": each.unlocked,
                    "dilution": each.dilution,
                }
                for each in months
            ],
        },
        figures=_figures(supply, start, last, largest),
        assumptions=tuple(assumptions),
        would_change=(
            "Vesting that counts from the launch and is paid out at the cliff frees more in that month.",
        ),
        chart=_chart(months),
        artifacts=(
            csv_file(
                "unlocks.csv",
                ("month", *(each.name for each in tranches), "total", "unlocked"),
                [(each.month, *each.free.values(), each.total, each.unlocked) for each in months],
            ),
        ),
    )


def _terms(tranche: Tranche) -> str:
    named = f"{tranche.name} {percent(tranche.share)}"
    if tranche.ends == 0:
        return f"{named}, free at the launch"
    parts = [f"{percent(tranche.at_launch)} at the launch"] if tranche.at_launch else []
    parts += [f"a cliff of {tranche.cliff:g} months"] if tranche.cliff else []
    parts += [f"then {tranche.vesting:g} months of vesting" if tranche.vesting else "then all at once"]
    return f"{named}: {', '.join(parts)}"


def _worth(tokens: float, price: float | None) -> str:
    return "" if price is None else f" ({figure(tokens * price)} at a price of {figure(price)})"


def _figures(
    supply: float, start: UnlockMonth, last: UnlockMonth, largest: UnlockMonth | None
) -> tuple[Figure, ...]:
    found = [
        Figure(name="free at the launch", value=start.total, unit="tokens", decimals=2),
        Figure(name="free share at the launch", value=start.total / supply * 100, unit="%"),
        Figure(name="months until all is free", value=last.month, unit="months", decimals=0),
    ]
    if largest is not None and largest.unlocked > 0:
        found += [
            Figure(name="largest unlock", value=largest.unlocked, unit="tokens", decimals=2),
            Figure(name="month of the largest unlock", value=largest.month, decimals=0),
        ]
    return tuple(found)


def _chart(months: tuple[UnlockMonth, ...]) -> dict[str, JsonValue]:
    values: list[JsonValue] = [
        {"month": each.month, "tokens": tokens, "share": name}
        for each in months
        for name, tokens in each.free.items()
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": "Free supply by month",
        "width": 640,
        "height": 280,
        "data": {"values": values},
        "mark": "area",
        "encoding": {
            "x": {"field": "month", "type": "quantitative"},
            "y": {"field": "tokens", "type": "quantitative", "stack": "zero"},
            "color": {"field": "share", "type": "nominal", "title": None},
        },
    }
