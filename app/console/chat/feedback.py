"""What a person says of an answer: a thumb at once, and with it stars, a comment and a correction."""

from typing import Literal

from nicegui import ui

from app.console.bits import decide, dialog, text
from app.console.notices import said
from app.console.visit import Visit
from app.problems import ProblemError, problem

_ROUTE = "POST /v1/feedback"
Thumb = Literal["up", "down"]


class Rating:
    """The two thumbs under an answer."""

    def __init__(self, visit: Visit, run_id: str) -> None:
        self._visit = visit
        self._run_id = run_id
        self._thumbs: dict[str, ui.button] = {}
        if not visit.may(_ROUTE):
            return
        for thumb, label, icon in (("up", "Good answer", "thumb_up"), ("down", "Bad answer", "thumb_down")):
            made = ui.button(icon=f"o_{icon}").props(
                f'flat round dense aria-label="{label}" aria-pressed=false'
            )
            made.classes("fr-quiet").tooltip(label)
            made.on_click(lambda _, thumb=thumb: self._rate(thumb))
            self._thumbs[thumb] = made

    async def _rate(self, thumb: Thumb) -> None:
        if await self._say(thumb=thumb) is None:
            return
        for name, button in self._thumbs.items():
            button.props(f"aria-pressed={'true' if name == thumb else 'false'}")
            button.classes(
                add="fr-pressed" if name == thumb else "", remove="" if name == thumb else "fr-pressed"
            )
        self._ask_more(thumb)

    def _ask_more(self, thumb: Thumb) -> None:
        with dialog("Thank you. What was it?") as asking:
            text("All of it may be left out; your thumb is kept already.", classes="fr-muted")
            stars = ui.select(
                {0: "No rating", 1: "1, useless", 2: "2", 3: "3", 4: "4", 5: "5, just right"},
                value=0,
                label="Rating",
            )
            comment = ui.textarea("Comment").props("autogrow maxlength=4000")
            correction = ui.textarea("What it should have said").props("autogrow maxlength=32000")

            async def send() -> None:
                rating = stars.value or None
                said_of_it = (comment.value or "").strip() or None
                right = (correction.value or "").strip() or None
                if rating is None and said_of_it is None and right is None:
                    asking.close()
                elif (
                    await self._say(thumb=thumb, rating=rating, comment=said_of_it, correction=right)
                    is not None
                ):
                    asking.close()
                    with self._visit.client:
                        said("Your feedback is kept")

            decide(asking, "Send", send, no="Close")

    async def _say(
        self,
        *,
        thumb: Thumb,
        rating: int | None = None,
        comment: str | None = None,
        correction: str | None = None,
    ) -> object | None:
        async def rate() -> object:
            if any("\0" in one for one in (comment or "", correction or "")):
                raise ProblemError(problem("invalid_request", "Leave out NUL characters (U+0000)."))
            return await self._visit.freya.memory.rate(
                self._visit.owner,
                self._run_id,
                rating=rating,
                thumb=thumb,
                comment=comment,
                correction=correction,
            )

        return await self._visit.ask(rate, needs=_ROUTE)
