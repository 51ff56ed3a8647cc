"""One open page in one browser: whom it is for, and how it asks the service."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import structlog
from nicegui import ui
from starlette.requests import Request

from app.access import Caller
from app.access.sessions import COOKIE
from app.console.notices import tell
from app.errors import as_problem, internal
from app.http.scopes import need_of
from app.problems import Problem, ProblemError, problem
from app.service import Freya
from app.wiring import Running
from memory import Owner

if TYPE_CHECKING:
    from app.console.chat.threads import Threads

_log = structlog.get_logger(__name__)
Found = TypeVar("Found")


class Visit:
    """What a page knows of its visitor. It lives as long as the page is open."""

    def __init__(self, running: Running, caller: Caller, request: Request) -> None:
        self.running = running
        self.caller = Caller(caller.owner, caller.key)
        self.query: dict[str, str] = dict(request.query_params)
        """Of the page's address."""
        self.path_params: dict[str, str] = dict(request.path_params)
        self._token = request.cookies.get(COOKIE, "")
        self.client = ui.context.client
        self.threads: Threads | None = None
        """The list in the drawer."""

    @property
    def freya(self) -> Freya:
        """The service object."""
        return self.running.freya

    @property
    def owner(self) -> Owner:
        """The user for whom the page acts."""
        return self.caller.owner

    def may(self, route: str) -> bool:
        """Whether the visitor may what a route does, such as `POST /v1/feedback`; without keys everybody may all."""
        return self.caller.key is None or self.caller.key.may(need_of(route))

    async def ask(self, work: Callable[[], Awaitable[Found]], *, needs: str = "") -> Found | None:
        """What the service says, asked on the visitor's account and counted as a request.

        None where it cannot say: then what is wrong, and what to do, is shown. `needs` is the route whose scopes are asked for.
        """
        try:
            return await self.asked(work, needs=needs)
        except ProblemError as error:
            self.tell(error.problem)
            return None

    async def asked(self, work: Callable[[], Awaitable[Found]], *, needs: str = "") -> Found:
        """The same, but raises ProblemError whatever is wrong, for pages that show it in their own place."""
        try:
            if needs and not self.may(needs):
                needed = " or ".join(sorted(need_of(needs)))
                refusal = problem("forbidden", f"This needs a key with the scope {needed}.")
                raise ProblemError(refusal)  # noqa: TRY301  # told as every other
            await self._still_in()
            self.caller.enter()
            await self.running.limiter.request(self.caller)
            return await work()
        except ProblemError:
            raise
        except Exception as error:
            found = as_problem(error)
            if found is None:
                _log.exception("a page failed", page=self.client.page.path)
            raise ProblemError(found or internal()) from error

    async def _still_in(self) -> None:
        """Raise ProblemError (unauthorized) where the visitor has signed out, or his key is good no longer."""
        book, key = self.running.keys.book, self.caller.key
        if key is None:
            good = not book.has_keys
        else:
            known = key if key.id.startswith("settings:") else book.named(key.id)
            by_cookie = not self._token or await self.running.sign_ins.find(self._token) is not None
            good = known is not None and known.is_good(datetime.now(UTC)) and by_cookie
        if not good:
            raise ProblemError(
                problem("unauthorized", "You are not signed in any more. Load the page again to sign in.")
            )

    def tell(self, found: Problem) -> None:
        """Show a problem on the page."""
        if not self.client.is_deleted:
            with self.client:
                tell(found)
