"""Days as an iCalendar file (RFC 5545) that any calendar program imports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from agents.tools import Artifact, ToolRefused

MEDIA_TYPE = "text/calendar"


@dataclass(frozen=True)
class Entry:
    """Something on one or several whole days."""

    first: date
    title: str
    days: int = 1
    category: str = ""
    note: str = ""


def calendar_file(name: str, title: str, entries: Iterable[Entry]) -> Artifact:
    """The entries as an .ics file of whole-day events that leave the days free.

    An event keeps its UID as long as its day, title and category stay, so that a second import replaces the first. Raises
    ToolRefused where an entry ends after the last day of the calendar.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Freya//Sofia//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    now = datetime.now(UTC).replace(microsecond=0)
    for entry in entries:
        event = Event()
        identity = f"{name}/{entry.first.isoformat()}/{entry.days}/{entry.title}/{entry.category}"
        event.add("uid", f"{uuid5(NAMESPACE_URL, identity)}@freya")
        event.add("dtstamp", now)
        event.add("dtstart", entry.first)
        event.add("dtend", day_after(entry.first, entry.days))
        event.add("summary", entry.title)
        event.add("transp", "TRANSPARENT")
        if entry.category:
            event.add("categories", [entry.category])
        if entry.note:
            event.add("description", entry.note)
        calendar.add_component(event)
    return Artifact(name=name, media_type=MEDIA_TYPE, content=calendar.to_ical().decode("utf-8"))


def day_after(start: date, days: int) -> date:
    """The day that many days later. Raises ToolRefused beyond the year 9999."""
    try:
        return start + timedelta(days=days)
    except OverflowError as error:
        raise ToolRefused(f"The start {start} is too late for a calendar; give a nearer date.") from error
