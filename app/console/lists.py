"""Lists, tables and what keeps itself up to date: what pages show of what the service says."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Generic, TypeVar

from nicegui import ui

from app.console.notices import trouble
from app.console.visit import Visit
from app.problems import Problem, ProblemError

Item = TypeVar("Item")
Found = TypeVar("Found")
PART = 25
"""How many items a list shows at once."""
Redraw = Callable[[], Awaitable[None]]
"""Shows anew what changed."""
Lines = Iterable[Sequence[str]]
Part = tuple[Sequence[Item], str | None]
"""Some items, and the cursor of those that follow."""


def part(
    items: Sequence[Item], place: Callable[[Item], str] = attrgetter("id"), *, most: int = PART
) -> Part[Item]:
    """The first items of `most` and one more, as the service's lists are asked."""
    return items[:most], place(items[most - 1]) if len(items) > most else None


def part_of(items: Sequence[Item], cursor: str | None, *, most: int = PART) -> Part[Item]:
    """The part of a list at hand that begins at the number which the cursor is."""
    at = int(cursor or 0)
    return items[at : at + most], str(at + most) if len(items) > at + most else None


class Listing(Generic[Item]):
    """A list in the page that grows part by part."""

    def __init__(
        self,
        visit: Visit,
        fetch: Callable[[str | None], Awaitable[Part[Item]]],
        draw: Callable[[Item], object],
        *,
        nothing: Callable[[], object],
        needs: str,
    ) -> None:
        """`fetch` gives the part at a cursor, `draw` shows an item, `nothing` says that there is none."""
        self._visit = visit
        self._fetch = fetch
        self._draw = draw
        self._nothing = nothing
        self._needs = needs
        self._cursor: str | None = None
        self._asked = 0
        with ui.element("div").classes("fr-col"):
            self._box = ui.element("div").classes("fr-list")
            self._more = ui.button("Show more", on_click=self._go_on).props("outline").classes("fr-more")

    async def begin(self) -> None:
        """Show the first part, in place of what is shown."""
        self._box.clear()
        self._cursor = None
        await self._go_on()

    async def _go_on(self) -> None:
        first = self._cursor is None
        self._asked += 1
        asked = self._asked
        if first:
            self._more.set_visibility(False)
        try:
            items, following = await self._visit.asked(lambda: self._fetch(self._cursor), needs=self._needs)
        except ProblemError as error:
            with self._box:
                trouble(error.problem)
            return
        if self._visit.client.is_deleted or asked != self._asked:  # pressed twice: the later one shows it
            return
        with self._box:
            for item in items:
                self._draw(item)
            if first and not items:
                self._nothing()
        self._cursor = following
        self._more.set_visibility(following is not None)


def again(visit: Visit, every_s: float, look: Callable[[], Awaitable[object]]) -> ui.timer:
    """Look again and again until the page is closed, but not while its browser is away; a look waits for the end of the one before."""

    async def look_if_seen() -> None:
        if visit.client.has_socket_connection:
            await look()

    return ui.timer(every_s, look_if_seen, immediate=False)


class Watched(Generic[Found]):
    """A part of the page that asks the service again and again, one question at a time, and shows what changed."""

    def __init__(
        self,
        visit: Visit,
        work: Callable[[], Awaitable[Found]],
        draw: Callable[[Found], object],
        *,
        every_s: float,
        needs: str = "",
        classes: str = "fr-col",
        done: Callable[[Found], bool] = lambda _: False,
    ) -> None:
        """`draw` fills the emptied part; once what was found is `done` nothing is asked any more."""
        self._visit = visit
        self._work = work
        self._draw = draw
        self._needs = needs
        self._done = done
        self._shown: Found | Problem | None = None
        self._box = ui.element("div").classes(classes)
        self._timer = again(visit, every_s, self.look)

    async def look(self) -> None:
        """Ask now."""
        found: Found | Problem
        try:
            found = await self._visit.asked(self._work, needs=self._needs)
        except ProblemError as error:
            found = error.problem
        if self._visit.client.is_deleted or found == self._shown:
            return
        self._shown = found
        self._box.clear()
        with self._box:
            if isinstance(found, Problem):
                trouble(found)
                return
            self._draw(found)
        if self._done(found):
            self._timer.cancel()


async def placed(
    visit: Visit, work: Callable[[], Awaitable[Found]], draw: Callable[[Found], object], *, needs: str = ""
) -> None:
    """What the service says, drawn here; or what is wrong, in its place."""
    try:
        found = await visit.asked(work, needs=needs)
    except ProblemError as error:
        trouble(error.problem)
        return
    draw(found)


async def drawn(
    visit: Visit,
    work: Callable[[], Awaitable[Found]],
    draw: Callable[[Found, Redraw], object],
    *,
    needs: str,
) -> None:
    """What the service says in a part of the page; `draw` is also given what shows it anew."""
    box = ui.element("div").classes("fr-col")

    async def show() -> None:
        box.clear()
        with box:
            await placed(visit, work, lambda found: draw(found, show), needs=needs)

    await show()


async def listed(
    visit: Visit,
    fetch: Callable[[str | None], Awaitable[Part[Item]]],
    draw: Callable[[Item], object],
    *,
    nothing: Callable[[], object],
    needs: str,
) -> None:
    """A list with its first part."""
    await Listing(visit, fetch, draw, nothing=nothing, needs=needs).begin()


def sections(label: str, here: str, links: Sequence[tuple[str, str]]) -> None:
    """Links to the parts of a subject, each its path and name; `here` is the path of this one."""
    with ui.element("nav").classes("fr-sections").props(f'aria-label="{label}"'):
        for path, name in links:
            link = ui.link(name, path).classes("fr-section" + (" fr-here" if path == here else ""))
            if path == here:
                link.props("aria-current=page")


@contextmanager
def table(caption: str, head: Sequence[str]) -> Iterator[ui.element]:
    """A table; inside, each `row` is one of it, as within the body that this gives. On a narrow screen its rows stand as blocks."""
    with ui.element("div").classes("fr-scroll"), ui.element("table").classes("fr-table"):
        with ui.element("caption").classes("fr-unseen"):
            ui.label(caption)
        with ui.element("thead"), ui.element("tr"):
            for name in head:
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        with ui.element("tbody") as body:
            yield body


@contextmanager
def row(classes: str = "") -> Iterator[None]:
    """A row of a table; inside are its `cell`s."""
    with ui.element("tr").classes(classes):
        yield


@contextmanager
def cell(head: str, *, number: bool = False, first: bool = False) -> Iterator[None]:
    """A cell under the heading `head`, which names it where the screen is narrow."""
    with ui.element("th" if first else "td") as made:
        made.classes("fr-number" if number else "")
        made._props["data-head"] = head  # noqa: SLF001  # may hold quotes
        if first:
            made.props("scope=row")
        yield


def rows(caption: str, head: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """A table of plain texts; a column of numbers is right-aligned."""
    numeric = [all(_is_number(line[place]) for line in cells) for place in range(len(head))]
    with table(caption, head):
        for line in cells:
            with row():
                for place, (name, value) in enumerate(zip(head, line, strict=True)):
                    with cell(name, number=numeric[place], first=place == 0):
                        ui.label(value)


def bar(share: float, label: str, *, kind: str = "") -> None:
    """A share from 0 to 1 as a bar; `label` says it in words."""
    percent = max(0.0, min(1.0, share)) * 100
    with ui.element("div").classes(f"fr-bar fr-bar-{kind or 'plain'}") as made:
        made.props("role=img")
        made._props["aria-label"] = label  # noqa: SLF001  # may hold quotes
        ui.element("div").style(f"width: {percent:.2f}%")


def shortened(value: str, most: int = 200) -> str:
    """A text on one line, cut where it is too long for a list."""
    line = " ".join(value.split())
    return line if len(line) <= most else f"{line[:most]}…"


def size(count: float) -> str:
    """Bytes as people say them."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:  # noqa: PLR2004  # the next unit
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _is_number(value: str) -> bool:
    return value.rstrip(" %").replace(",", "").replace(".", "", 1).lstrip("-").isdigit() or value == "–"
