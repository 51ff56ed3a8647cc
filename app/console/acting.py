"""Changes that pages make: allowed, counted and noted as at the doors of the HTTP interface."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from nicegui import ui

from app.console.visit import Visit
from app.http.hardening import is_of_administrators
from app.runs import storable
from memory import MemoryUnavailable

_log = structlog.get_logger(__name__)
Done = TypeVar("Done")


async def change(
    visit: Visit, work: Callable[[], Awaitable[Done]], *, route: str, subject: str = ""
) -> Done | None:
    """What came of it; None where it is not done, and then what is wrong is shown.

    `route` is the one that does the same over HTTP: its scopes are asked for, and a change of what belongs to all is
    noted in the audit trail with its `subject`, such as a path. Work that gives nothing is wrapped by `doing`.
    """
    done = await visit.ask(work, needs=route)
    if done is not None:
        await note(visit, route, subject)
    return done


async def note(visit: Visit, route: str, subject: str = "") -> None:
    """Note in the audit trail that the visitor did what a route does, where it changes what belongs to all."""
    if not is_of_administrators(route):
        return
    try:
        await visit.running.keys.note(visit.caller, route, subject or route.split(" ", 1)[1])
    except MemoryUnavailable as error:
        _log.warning("an act could not be noted", route=route, by=visit.caller.name, error=str(error))


async def doing(work: Awaitable[object]) -> bool:
    """True once the work is done, for work that gives nothing itself."""
    await work
    return True


def checked(
    field: ui.input | ui.textarea,
    *,
    longest: int,
    shortest: int = 1,
    pattern: str = "",
    otherwise: str = "",
) -> str | None:
    """What stands in a field, without spaces around it; None where it does not do, which the field says then.

    `otherwise` is what it says of a text that is too short or fits no `pattern`; an empty field of `shortest` 0 fits any.
    """
    value = (field.value or "").strip()
    field.error = None
    if len(value) > longest:
        field.error = f"{len(value):,} characters are too many; {longest:,} are taken."
    elif len(value) < shortest or (value and pattern and not re.search(pattern, value)):
        field.error = otherwise or "Fill this in."
    else:
        try:
            return storable(value)
        except ValueError as error:
            field.error = str(error)
    return None
