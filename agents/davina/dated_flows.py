"""What cash flows on calendar days are worth: XNPV and XIRR."""

import re
from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.investment import (
    MOST_FLOWS,
    appraise,
    check_rate,
    figures_of,
    headline,
    irr_remarks,
    profile,
    turning_points,
)
from agents.figures import LARGEST, amount, check_numbers, csv_file, table
from agents.measures import money
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument
from models.chat import read_amounts

DAYS_A_YEAR = 365
_SHOWN = 24
_EXAMPLE = "“2026-01-15: -10000; 2026-09-30: 4000; 2027-06-30: 7500”"
_PAID = re.compile(
    r"\b(?:invest(?:ed|ing|ment)?|pay(?:ing|ment)?|paid|spend(?:ing)?|spent|buy(?:ing)?|bought|put(?:ting)?(?: in)?|outlay|costs?|"
    r"deposit(?:ed)?|contribut(?:e|ed|ion)|outflow|down payment|purchase[ds]?)\b",
    re.IGNORECASE,
)
_RECEIVED = re.compile(
    r"\b(?:get|got|receiv\w+|back|returns?|returned|inflow|collect\w*|sell|sold|sale|income|proceeds|dividends?|comes? in|rent)\b",
    re.IGNORECASE,
)


class DatedFlows(BaseModel):
    """Cash flows on calendar days."""

    flows: str = argument(
        f"Each cash flow with its date, outlays negative: {_EXAMPLE}; the whole request will do",
        unit=Unit.REQUEST,
        holds=r"\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4}|"
        r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|ene|abr|ago|dic|"
        r"mai|okt|dez)\w*\.?\s\d|\d\.?\s(?:de\s)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|"
        r"июл|авг|сен|окт|ноя|дек|ene|abr|ago|dic|mai|okt|dez|mär)",
    )
    rate_percent: float | None = argument(
        "Discount rate a year, in percent",
        unit=Unit.PERCENT,
        cues=("discount rate", "rate", "wacc", "cost of capital", "at"),
        default=None,
    )


def xnpv_xirr() -> BaseTool:
    """The worth of dated cash flows."""
    return tool(
        "xnpv_xirr",
        "Values cash flows on calendar days: XNPV at a yearly discount rate and XIRR, days counted actual/365. The first date is the "
        "day of valuation.",
        DatedFlows,
        _xnpv_xirr,
        examples=(
            "XIRR of 2026-01-01: -10000; 2026-07-01: 3000; 2027-03-15: 8500",
            "XNPV at 9 % for -50000 on 2026-02-01, 20000 on 2026-12-01 and 40000 on 2027-08-01",
            "What yearly return do these dated payments give: paid 12000 on 1 March 2025, got 5000 on 1 March 2026 and 9000 on 15 June 2026",
            "Annualised return: invested 8000 on 2024-05-10, sold for 9600 on 2025-11-20",
        ),
    )


def read_dated_flows(text: str) -> list[tuple[date, float]]:
    """Cash flows with their dates, in the order of the days; a flow without a sign is an outlay behind such words as "invested".

    Raises ToolRefused for a date that is open, a flow without a date or a date without a flow.
    """
    found = read_amounts(text)
    sums = [q for q in found.quantities if q.unit in {Unit.MONEY, Unit.NUMBER}]
    for mention in found.dates:
        if len(mention.days) != 1 or mention.days[0][0] is None or len(mention.readings(date.today())) != 1:  # noqa: DTZ011  every date has its year
            raise ToolRefused(f"The date “{mention.text}” is open; write it as 2026-03-01, with the year.")
    if len(sums) != len(found.dates) or len(sums) < 2:  # noqa: PLR2004  one flow is no investment
        raise ToolRefused(
            f"Give each cash flow with its own date, such as {_EXAMPLE}; I found {len(sums)} sums and {len(found.dates)} dates."
        )
    sums_first = sums[0].start < found.dates[0].start
    flows: list[tuple[date, float]] = []
    ends = 0
    for quantity, mention in zip(sums, found.dates, strict=True):
        first, second = (quantity, mention) if sums_first else (mention, quantity)
        if first.start < ends or second.start < first.end:
            raise ToolRefused(f"Say the date of each cash flow right beside it, such as {_EXAMPLE}.")
        told = found.text[ends : second.start]
        ends = second.end
        value = quantity.value
        if value > 0 and _is_outlay(told):
            value = -value
        flows.append((mention.readings(date.today())[0], value))  # noqa: DTZ011  every date has its year
    return sorted(flows, key=lambda flow: flow[0])


def _is_outlay(told: str) -> bool:
    """Whether the words about a flow speak last of what is paid."""
    paid = max((match.start() for match in _PAID.finditer(told)), default=-1)
    received = max((match.start() for match in _RECEIVED.finditer(told)), default=-1)
    return paid > received


def _xnpv_xirr(arguments: DatedFlows) -> ToolOutput:
    check_numbers(arguments, negative=frozenset({"rate_percent"}))
    check_rate(arguments.rate_percent)
    dated = read_dated_flows(arguments.flows)
    days, flows = [day for day, _ in dated], [flow for _, flow in dated]
    if len(flows) > MOST_FLOWS or any(abs(flow) > LARGEST for flow in flows):
        raise ToolRefused(f"Give at most {MOST_FLOWS} cash flows of up to 1e15 each.")
    if days[0] == days[-1]:
        raise ToolRefused("All flows are on one day, so there is no time to discount over; check the dates.")
    if not any(flow < 0 for flow in flows):
        raise ToolRefused("No flow is an outlay; write what is paid with a minus, such as -10000.")
    times = [(day - days[0]).days / DAYS_A_YEAR for day in days]
    found = appraise(flows, arguments.rate_percent, times=times)
    assumptions = (
        f"Days are counted actual/{DAYS_A_YEAR}, from {days[0].isoformat()} on, which is the day of valuation.",
        "Flows are taken as certain, and the rate as an effective yearly one.",
    )
    paid, received = _sums(flows)
    notes = [
        f"In all {amount(paid.value)} is paid and {amount(received.value)} received",
        f"XNPV = Σ flow / (1 + rate)^(days / {DAYS_A_YEAR}); the XIRR is the rate at which it is zero",
        *irr_remarks(found),
        *turning_points(found),
        *assumptions,
    ]
    header = ("date", "days", "flow", "sum")
    rows = [
        (day.isoformat(), str((day - days[0]).days), amount(flow), amount(total))
        for day, flow, total in zip(days, flows, accumulate(flows), strict=True)
    ]
    shown = rows if len(rows) <= _SHOWN else [*rows[:_SHOWN], ("…", "", "see the file", "")]
    text = "\n\n".join(
        (
            headline(found).replace("NPV", "XNPV").replace("IRR", "XIRR"),
            "\n".join(f"- {note}" for note in notes),
            table(header, shown),
        )
    )
    return ToolOutput(
        text=text,
        data=_data(dated, found.value, found.rates),
        figures=figures_of(found, (paid, received)),
        assumptions=assumptions,
        would_change=turning_points(found),
        chart=profile(found),
        artifacts=(
            csv_file(
                "dated-cash-flows.csv",
                header[:3],
                [(*row[:2], flow) for row, flow in zip(rows, flows, strict=True)],
            ),
        ),
    )


def _sums(flows: Sequence[float]) -> tuple[Figure, Figure]:
    return (
        money("paid in all", -sum(flow for flow in flows if flow < 0)),
        money("received in all", sum(flow for flow in flows if flow > 0)),
    )


def _data(
    dated: Sequence[tuple[date, float]], value: float | None, rates: Sequence[float]
) -> dict[str, JsonValue]:
    return {
        "xnpv": value,
        "xirr": rates[0] if len(rates) == 1 else None,
        "xirr_all": [*rates],
        "flows": [{"date": day.isoformat(), "flow": flow} for day, flow in dated],
        "day_count": f"actual/{DAYS_A_YEAR}",
    }
