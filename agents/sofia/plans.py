"""Dates for what is to be published and spent: a content calendar and a campaign plan."""

import math
import re
from datetime import date, timedelta
from typing import Literal

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import amount, check_numbers, csv_file, table
from agents.sofia.budget import split_cents
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

LONGEST_DAYS = 366
WEEK = 7
_SEPARATOR = re.compile(r"\s*[,;\n]\s*(?:and\s+)?|\s+and\s+")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PHASES = ("test", "scale", "close")
_EDGE_SHARE = 0.2
_PURPOSES = {
    "test": "run every audience and creative side by side; stop the weakest",
    "scale": "put the money behind what won; refresh tired creatives",
    "close": "remind those who visited; report against the expectation",
}


class ContentCalendar(BaseModel):
    """What is to be published, and how often."""

    topics: str = argument("Topics to write about, separated by commas", cues=("topics", "themes", "about"))
    posts_per_week: int = argument(
        "Posts a week, 1 to 7",
        unit=Unit.COUNT,
        cues=("posts a week", "posts per week", "times a week", "a week", "posts"),
        default=3,
    )
    days: int = argument(
        "Length of the calendar in days", unit=Unit.DAYS, cues=("weeks", "week", "days", "for"), default=28
    )
    start: date | None = argument(
        "First day; without it the calendar counts weeks",
        unit=Unit.DATE,
        cues=("start", "starting", "from"),
        default=None,
    )
    channels: str = argument(
        "Channels in turn, separated by commas", cues=("channels", "platforms"), default=""
    )


class CampaignPlan(BaseModel):
    """The money, the time and what a click or conversion is expected to cost."""

    budget: float = argument("The campaign's budget", unit=Unit.MONEY, cues=("budget", "with", "spend"))
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


def content_calendar() -> BaseTool:
    """A calendar of posts."""
    return tool(
        "content_calendar",
        "Arranges given topics into a content calendar: how many posts a week, on which days or dates and channels, as a "
        "table and CSV.",
        ContentCalendar,
        _content_calendar,
        examples=(
            "Make a content calendar for 4 weeks, 3 posts a week, topics: coffee origins, brewing, recipes",
            "Plan our editorial calendar starting 2026-03-02, topics: sleep, nutrition, training",
            "Create a posting schedule for 2 weeks with these themes: launch, behind the scenes, customers",
            "Schedule 5 posts a week; channels: LinkedIn, Instagram; topics: hiring, culture, product",
        ),
    )


def campaign_plan() -> BaseTool:
    """A campaign in phases."""
    return tool(
        "campaign_plan",
        "Lays a campaign budget out in time: test, scale and close phases with days, daily budget and, from a cost per "
        "click and conversion rate, the expected clicks and conversions.",
        CampaignPlan,
        _campaign_plan,
        examples=(
            "Plan a campaign with a budget of 3000 over 30 days",
            "Make a campaign plan: 5000 budget, 6 weeks, CPC 0.80, conversion rate 3 %",
            "Lay out the phases and daily budget of a product launch campaign starting 2026-04-01 with 9000",
            "How many conversions can a 14 day campaign with 700 expect at 0.50 per click and 2 % conversion rate?",
        ),
    )


def posting_days(posts_per_week: int) -> list[int]:
    """Days of a week, 0 to 6, spread evenly and beginning with the first."""
    return [index * WEEK // posts_per_week for index in range(posts_per_week)]


def phase_days(days: int) -> list[int]:
    """Days of the test, scale and close phases, about 20, 60 and 20 %, each at least one."""
    test = close = max(1, round(days * _EDGE_SHARE))
    return [test, days - test - close, close]


def _content_calendar(arguments: ContentCalendar) -> ToolOutput:
    check_numbers(arguments)
    topics = _listed(arguments.topics)
    if not topics:
        raise ToolRefused("Give the topics separated by commas, such as “topics: brewing, recipes, origins”.")
    if not 1 <= arguments.posts_per_week <= WEEK:
        raise ToolRefused(f"Posts a week must be 1 to 7, got {arguments.posts_per_week}.")
    _check_days(arguments.days)
    channels = _listed(arguments.channels)
    offsets = [day for day in range(arguments.days) if day % WEEK in posting_days(arguments.posts_per_week)]
    rows = [
        (
            _day(arguments.start, offset),
            topics[index % len(topics)],
            *_turn(channels, index, math.lcm(len(topics), max(1, len(channels)))),
        )
        for index, offset in enumerate(offsets)
    ]
    header = ("day", "topic", *(("channel",) if channels else ()))
    per_topic = ", ".join(
        f"{topic} {sum(row[1] == topic for row in rows)}×" for topic in dict.fromkeys(topics)
    )
    text = (
        f"The calendar has {len(rows)} posts in {arguments.days} days, {arguments.posts_per_week} a week: {per_topic}.\n\n"
        f"{table(header, rows)}\n\nTopics and channels take turns so that every topic meets every channel; days are spread evenly over the "
        "week. Titles and texts are yours to write, or ask the copywriter."
    )
    posts: list[JsonValue] = [dict(zip(header, row, strict=True)) for row in rows]
    return ToolOutput(
        text=text, data={"posts": posts}, artifacts=(csv_file("content-calendar.csv", header, rows),)
    )


def _listed(text: str) -> list[str]:
    parts = (part.strip(" .\"'“”") for part in _SEPARATOR.split(text.strip()))
    return list(dict.fromkeys(part for part in parts if part))


def _turn(channels: list[str], index: int, cycle: int) -> tuple[str, ...]:
    """The channel of a post; moves one on with each full cycle, so that every topic meets every channel."""
    return (channels[(index + index // cycle) % len(channels)],) if channels else ()


def _check_days(days: int) -> None:
    if not 1 <= days <= LONGEST_DAYS:
        raise ToolRefused(f"The length must be 1 to {LONGEST_DAYS} days, got {days}.")


def _day(start: date | None, offset: int) -> str:
    if start is None:
        return f"week {offset // WEEK + 1}, day {offset % WEEK + 1}"
    try:
        day = start + timedelta(days=offset)
    except OverflowError as error:
        raise ToolRefused(f"The start {start} is too late for a calendar; give a nearer date.") from error
    return f"{day.isoformat()} {_WEEKDAYS[day.weekday()]}"


def _campaign_plan(arguments: CampaignPlan) -> ToolOutput:
    check_numbers(arguments)
    _check_days(arguments.days)
    if arguments.budget == 0 or arguments.days < len(_PHASES):
        raise ToolRefused("A campaign plan needs a budget above 0 and at least 3 days.")
    lengths = phase_days(arguments.days)
    stress = (1.5, 1.0, 0.5) if arguments.pacing == "front-loaded" else (1.0, 1.0, 1.0)
    money = split_cents(
        arguments.budget, [days * factor for days, factor in zip(lengths, stress, strict=True)]
    )
    clicks = _clicks(arguments)
    rows, begins = [], 0
    for name, days, share in zip(_PHASES, lengths, money, strict=True):
        expected = "" if clicks is None else f"{clicks * share / arguments.budget:,.0f}"
        last = begins + days - 1
        rows.append(
            (name, _span(arguments.start, begins, last), amount(share), amount(share / days), expected)
        )
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
    return ToolOutput(text=text, data=data, artifacts=(csv_file("campaign-plan.csv", header, rows),))


def _span(start: date | None, first: int, last: int) -> str:
    if start is None:
        return f"{first + 1} to {last + 1}"
    return f"{_day(start, first).split()[0]} to {_day(start, last).split()[0]}"


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
