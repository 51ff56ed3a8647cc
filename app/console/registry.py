"""The pages of the console: each is one function, which fills the page for a visit."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Build = Callable[..., Awaitable[None]]
"""Takes the visit, and by name what the path leaves open."""


@dataclass(frozen=True)
class Page:
    """A page, and how it is reached."""

    path: str
    title: str
    build: Build
    icon: str = ""
    """Of the navigation, by its name among the Material icons; a page without is not in it."""
    place: int = 0
    """In the navigation, from the top."""
    needs: str = ""
    """The route of the HTTP interface whose scopes a key needs for the page to be offered; empty: any key."""
    wide: bool = False
    """Whether it takes the whole width, and fills the height itself."""


_PAGES: Final[dict[str, Page]] = {}


def page(
    path: str, *, title: str, icon: str = "", place: int = 0, needs: str = "", wide: bool = False
) -> Callable[[Build], Build]:
    """Make a function a page at this path, which has to be one of `app.http.scopes.CONSOLE_PAGES`.

    What the path leaves open, as in `/runs/{run_id}`, the function takes as text by name.
    """

    def listed(build: Build) -> Build:
        _PAGES[path] = Page(path, title, build, icon, place, needs, wide)
        return build

    return listed


@lru_cache(maxsize=1)
def pages() -> tuple[Page, ...]:
    """All pages, in the order of the navigation: those of every module of `app.console.pages`."""
    from app.console import pages as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_PAGES.values(), key=lambda one: (one.place, one.path)))
