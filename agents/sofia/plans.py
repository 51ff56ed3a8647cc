"""A campaign laid out in time: phases, daily money and what they are expected to bring."""

from datetime import date
from typing import Literal

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import amount, check_numbers, csv_file, table
from agents.sofia.budget import split_cents
from agents.sofia.calendars import Entry, calendar_file, day_after
from agents.sofia.charts import timeline_chart
from agents.sofia.content import check_days
from agents.tools import Artifact, Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_PHASES = ("test", "scale", "close")
_EDGE_SHARE = 0.2
_PURPOSES = {
    "test": "run every audience and creative side by side; stop the weakest",
    "scale": "put the money behind what won; refresh tired creatives",
    "close": "remind those who visited; report against the expectation",
}


class CampaignPlan(BaseModel):
    """The money, the time and what a click or conversion is expected to cost."""

    budget: float = argument(
        "The campaign's budget",
        unit=Unit.MONEY,
        cues=("budget", "with", "spend"),
        holds=r"campaign|plan|launch|phase|flight|daily budget|strategy|marketing|\bads?\b|clicks?\b",
    )
    days: int = argument(
        "Length of the campaign in days", unit=Unit.DAYS, cues=("days", "weeks", "over", "for"), default=30
    )
    cost_per_click: float | None = argument(
        "Expected cost of a click",
        unit=Unit.MONEY,
        cues=("cpc", "cost per click", "per click", "a click"),
        default=None,
    )
    conversion_rate_percent: float | None = argument(
        "Expected share of clicks that convert, in percent",
        unit=Unit.PERCENT,
        cues=("conversion rate", "convert", "cvr"),
        default=None,
    )
    start: date | None = argument(
        "First day", unit=Unit.DATE, cues=("start", "starting", "from"), default=None
    )
    pacing: Literal["even", "front-loaded"] = argument(
        "Even daily spend, or more in the first phases", default="even"
    )


def campaign_plan() -> BaseTool:
    """A campaign in phases."""
    return tool(
        "campaign_plan",
        "Lays a campaign budget out in time: test, scale and close phases with days, daily budget and, from a cost per "
        "click and conversion rate, the expected clicks and conversions; with a first day as an iCalendar file too.",
        CampaignPlan,
        _campaign_plan,
        examples=(
            "Plan a campaign with a budget of 3000 over 30 days",
            "Make a campaign plan: 5000 budget, 6 weeks, CPC 0.80, conversion rate 3 %",
            "Lay out the phases and daily budget of a product launch campaign starting 2026-04-01 with 9000",
            "How many conversions can a 14 day campaign with 700 expect at 0.50 per click and 2 % conversion rate?",
        ),
    )


def phase_days(days: int) -> list[int]:
    """Days of the test, scale and close phases, about 20, 60 and 20 %, each at least one."""
    test = close = max(1, round(days * _EDGE_SHARE))
    return [test, days - test - close, close]


def _campaign_plan(arguments: CampaignPlan) -> ToolOutput:
    check_numbers(arguments)
    check_days(arguments.days)
    if arguments.budget == 0 or arguments.days < len(_PHASES):
        raise ToolRefused("A campaign plan needs a budget above 0 and at least 3 days.")
    lengths = phase_days(arguments.days)
    stress = (1.5, 1.0, 0.5) if arguments.pacing == "front-loaded" else (1.0, 1.0, 1.0)
    money = split_cents(
        arguments.budget, [days * factor for days, factor in zip(lengths, stress, strict=True)]
    )
    clicks = _clicks(arguments)
    rows, bars, begins = [], [], 0
    for name, days, share in zip(_PHASES, lengths, money, strict=True):
        expected = "" if clicks is None else f"{clicks * share / arguments.budget:,.0f}"
        last = begins + days - 1
        rows.append(
            (name, _span(arguments.start, begins, last), amount(share), amount(share / days), expected)
        )
        bars.append((name, begins + 1, last + 1, share / days))
        begins += days
    header = ("phase", "days", "budget", "a day", "expected clicks")
    conversions = _conversions(arguments, clicks)
    text = (
        f"{amount(arguments.budget)} over {arguments.days} days is {amount(arguments.budget / arguments.days)} a day on "
        f"average{_expectation(arguments, clicks, conversions)}.\n\n{table(header, rows)}\n\n"
        + "\n".join(f"- {name}: {purpose}" for name, purpose in _PURPOSES.items())
        + "\n- Assumes phases of about 20, 60 and 20 % of the days, and a cost per click and conversion rate that stay as "
        "you gave them; put the measured ones in after the test phase."
    )
    data: dict[str, JsonValue] = {
        "phases": [dict(zip(header, row, strict=True)) for row in rows],
        "expected_clicks": clicks,
        "expected_conversions": conversions,
    }
    artifacts = [csv_file("campaign-plan.csv", header, rows)]
    if arguments.start is not None:
        artifacts.append(_ics(arguments.start, bars))
    return ToolOutput(
        text=text,
        data=data,
        figures=_figures(arguments, clicks, conversions),
        assumptions=(
            "The phases take about 20, 60 and 20 % of the days.",
            *(() if clicks is None else ("Cost per click and conversion rate stay as they were given.",)),
            *(() if "days" in arguments.model_fields_set else ("30 days, as no length was named.",)),
        ),
        would_change=(
            "The cost per click and conversion rate measured in the test phase, put in place of the expected ones.",
        ),
        chart=timeline_chart("Daily budget by phase", bars, "budget a day"),
        artifacts=tuple(artifacts),
    )


def _figures(arguments: CampaignPlan, clicks: float | None, conversions: float | None) -> tuple[Figure, ...]:
    found = [Figure(name="average daily budget", value=arguments.budget / arguments.days)]
    if clicks is not None:
        found.append(Figure(name="expected clicks", value=clicks, unit="clicks", decimals=0))
    if conversions:
        found += [
            Figure(name="expected conversions", value=conversions, unit="conversions", decimals=1),
            Figure(name="expected CPA", value=arguments.budget / conversions),
        ]
    return tuple(found)


def _ics(start: date, bars: list[tuple[str, int, int, float]]) -> Artifact:
    entries = [
        Entry(
            first=day_after(start, first - 1),
            title=f"Campaign: {name} phase",
            days=last - first + 1,
            note=f"{amount(daily)} a day; {_PURPOSES[name]}",
        )
        for name, first, last, daily in bars
    ]
    return calendar_file("campaign-plan.ics", "Campaign plan", entries)


def _span(start: date | None, first: int, last: int) -> str:
    if start is None:
        return f"{first + 1} to {last + 1}"
    return f"{day_after(start, first).isoformat()} to {day_after(start, last).isoformat()}"


def _clicks(arguments: CampaignPlan) -> float | None:
    if arguments.cost_per_click is None:
        return None
    if arguments.cost_per_click == 0:
        raise ToolRefused("The cost per click must be above 0; leave it out if you do not know it.")
    return arguments.budget / arguments.cost_per_click


def _conversions(arguments: CampaignPlan, clicks: float | None) -> float | None:
    rate = arguments.conversion_rate_percent
    if clicks is None or rate is None:
        return None
    if rate > 100:  # noqa: PLR2004  percent
        raise ToolRefused(f"The conversion rate cannot be above 100 %, got {rate:g} %.")
    return clicks * rate / 100


def _expectation(arguments: CampaignPlan, clicks: float | None, conversions: float | None) -> str:
    if clicks is None:
        return ""
    if not conversions:
        return f"; expect about {clicks:,.0f} clicks"
    cost = amount(arguments.budget / conversions)
    return f"; expect about {clicks:,.0f} clicks and {conversions:,.1f} conversions at {cost} each"
