"""A content calendar: what is published on which day and channel, as a table, CSV and iCalendar file."""

import math
import re
from datetime import date

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import check_numbers, csv_file, table
from agents.sofia.calendars import Entry, calendar_file, day_after
from agents.sofia.charts import bar_chart
from agents.tools import Artifact, Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

LONGEST_DAYS = 366
WEEK = 7
_SEPARATOR = re.compile(r"\s*[,;\n]\s*(?:(?:and|und|y|и)\s+)?|\s+(?:and|und|y|и)\s+")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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
        "First day; without it the calendar counts weeks and there is no iCalendar file",
        unit=Unit.DATE,
        cues=("start", "starting", "from"),
        default=None,
    )
    channels: str = argument(
        "Channels in turn, separated by commas", cues=("channels", "platforms"), default=""
    )


def content_calendar() -> BaseTool:
    """A calendar of posts."""
    return tool(
        "content_calendar",
        "Arranges given topics into a content calendar: how many posts a week, on which days or dates and channels, as a "
        "table, CSV and, from a first day on, an iCalendar (.ics) file.",
        ContentCalendar,
        _content_calendar,
        examples=(
            "Make a content calendar for 4 weeks, 3 posts a week, topics: coffee origins, brewing, recipes",
            "Plan our editorial calendar starting 2026-03-02, topics: sleep, nutrition, training",
            "Create a posting schedule for 2 weeks with these themes: launch, behind the scenes, customers",
            "Schedule 5 posts a week; channels: LinkedIn, Instagram; topics: hiring, culture, product",
            "Give me an iCalendar file of our posts from 1 June 2026, 2 a week, topics: roasting, farms",
        ),
    )


def posting_days(posts_per_week: int) -> list[int]:
    """Days of a week, 0 to 6, spread evenly and beginning with the first."""
    return [index * WEEK // posts_per_week for index in range(posts_per_week)]


def check_days(days: int) -> None:
    """Raises ToolRefused outside 1 to 366 days."""
    if not 1 <= days <= LONGEST_DAYS:
        raise ToolRefused(f"The length must be 1 to {LONGEST_DAYS} days, got {days}.")


def _content_calendar(arguments: ContentCalendar) -> ToolOutput:
    check_numbers(arguments)
    topics = _listed(arguments.topics)
    if not topics:
        raise ToolRefused("Give the topics separated by commas, such as “topics: brewing, recipes, origins”.")
    if not 1 <= arguments.posts_per_week <= WEEK:
        raise ToolRefused(f"Posts a week must be 1 to 7, got {arguments.posts_per_week}.")
    check_days(arguments.days)
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
    times = {topic: sum(row[1] == topic for row in rows) for topic in topics}
    per_topic = ", ".join(f"{topic} {count}×" for topic, count in times.items())
    left_out = [topic for topic, count in times.items() if not count]
    text = (
        f"The calendar has {len(rows)} posts in {arguments.days} days, {arguments.posts_per_week} a week: {per_topic}.\n\n"
        f"{table(header, rows)}\n\nTopics and channels take turns so that every topic meets every channel; days are spread evenly over the "
        "week. Titles and texts are yours to write, or ask the copywriter."
    )
    if left_out:
        text += f" There are more topics than posts: {', '.join(left_out)} found no place."
    if arguments.start is None:
        text += " Give a first day for an iCalendar file."
    posts: list[JsonValue] = [dict(zip(header, row, strict=True)) for row in rows]
    artifacts = [csv_file("content-calendar.csv", header, rows)]
    if arguments.start is not None:
        artifacts.append(_ics(arguments.start, offsets, rows))
    return ToolOutput(
        text=text,
        data={"posts": posts},
        figures=(
            Figure(name="posts", value=len(rows), unit="posts", decimals=0),
            Figure(name="posts a week", value=arguments.posts_per_week, unit="posts", decimals=0),
            Figure(name="days", value=arguments.days, unit="days", decimals=0),
        ),
        assumptions=tuple(_assumptions(arguments)),
        would_change=("More posts a week bring each topic back sooner; fewer leave time for better ones.",),
        chart=bar_chart("Posts by topic", {topic: float(count) for topic, count in times.items()}, "posts"),
        artifacts=tuple(artifacts),
    )


def _assumptions(arguments: ContentCalendar) -> list[str]:
    found = ["All topics matter equally, and so do all channels."]
    given = arguments.model_fields_set
    if "posts_per_week" not in given:
        found.append(f"{arguments.posts_per_week} posts a week, as none were named.")
    if "days" not in given:
        found.append(f"{arguments.days} days, as no length was named.")
    return found


def _ics(start: date, offsets: list[int], rows: list[tuple[str, ...]]) -> Artifact:
    entries = [
        Entry(
            first=day_after(start, offset),
            title=f"{row[2]}: {row[1]}" if len(row) > 2 else row[1],  # noqa: PLR2004  the third is the channel
            category=row[2] if len(row) > 2 else "",  # noqa: PLR2004  the same
            note=f"Post about {row[1]}",
        )
        for offset, row in zip(offsets, rows, strict=True)
    ]
    return calendar_file("content-calendar.ics", "Content calendar", entries)


def _listed(text: str) -> list[str]:
    parts = (part.strip(" .\"'“”") for part in _SEPARATOR.split(text.strip()))
    return list(dict.fromkeys(part for part in parts if part))


def _turn(channels: list[str], index: int, cycle: int) -> tuple[str, ...]:
    """The channel of a post; moves one on with each full cycle, so that every topic meets every channel."""
    return (channels[(index + index // cycle) % len(channels)],) if channels else ()


def _day(start: date | None, offset: int) -> str:
    if start is None:
        return f"week {offset // WEEK + 1}, day {offset % WEEK + 1}"
    day = day_after(start, offset)
    return f"{day.isoformat()} {_WEEKDAYS[day.weekday()]}"
