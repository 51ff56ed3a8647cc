"""What a research report says of the research behind it, in the header of each of its sections."""

import re
from collections.abc import Iterable
from datetime import date

from knowledge.readers.records import Research

_COUNT = r"(\d[\d,]{0,8})"
_HEADER = re.compile(
    r"^(?:[ \t]*Research Completed:[ \t]*(\d{4}-\d\d-\d\d)\b[^\n]*\n)?"
    rf"[ \t]*Search Queries Executed:[ \t]*{_COUNT}[ \t]*\n"
    rf"[ \t]*Successful Searches:[ \t]*{_COUNT}[ \t]*$",
    re.MULTILINE,
)


def research_in(text: str, start: int = 0, end: int | None = None) -> Research | None:
    """What the first header in that part of a text (without colours) says; None without one, or more found than sought."""
    found = _HEADER.search(text, start, len(text) if end is None else end)
    if found is None:
        return None
    searches, successful = (int(found.group(place).replace(",", "")) for place in (2, 3))
    if successful > searches:
        return None
    return Research(searches=searches, successful=successful, completed=_day(found.group(1)))


def together(parts: Iterable[Research | None]) -> Research | None:
    """The research of all sections, completed with the last of them; None where none says anything."""
    told = [part for part in parts if part is not None]
    if not told:
        return None
    return Research(
        searches=sum(part.searches for part in told),
        successful=sum(part.successful for part in told),
        completed=max((part.completed for part in told if part.completed is not None), default=None),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
