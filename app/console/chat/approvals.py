"""Tool calls that wait for a person: what is asked, why, with which arguments, and the answer."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any  # events as JSON

from nicegui import ui
from pydantic import ValidationError

from app.console.bits import text
from app.console.visit import Visit
from app.problems import ProblemError, problem, unfit
from app.runs import ApprovalAnswer

Event = Mapping[str, Any]
_ANSWERS = {
    "approve": ("Allowed", "good"),
    "edit": ("Allowed with changes", "good"),
    "reject": ("Rejected", "bad"),
}


class ApprovalCard:
    """One approval. It stays where it was asked, and says how it was answered."""

    def __init__(self, visit: Visit, run_id: str, asked: Event, *, agent: str) -> None:
        self._visit = visit
        self._run_id = run_id
        self._id = str(asked["approval_id"])
        given = json.dumps(asked["arguments"], indent=2, ensure_ascii=False)
        self._given = asked["arguments"]
        with ui.element("section").classes("fr-card fr-approval").props('aria-label="Approval"') as self.box:
            with ui.element("div").classes("fr-row"):
                ui.icon("front_hand").classes("fr-approval-icon")
                ui.label(f"{agent} wants to call").classes("fr-strong")
                ui.label(asked["tool"]).classes("fr-mono fr-strong")
                self._state = ui.element("div").classes("fr-row")
                with self._state:
                    _until(datetime.fromisoformat(asked["expires_at"]))
            if asked.get("question"):
                text(asked["question"])
            text(asked["why"], classes="fr-muted fr-small")
            with ui.element("div").classes("fr-col") as self._form:
                self._arguments = (
                    ui.textarea("Arguments, as JSON", value=given)
                    .props("autogrow spellcheck=false")
                    .classes("fr-json")
                )
                self._reason = ui.input("Why not (for a rejection)").props("maxlength=2000")
                with ui.element("div").classes("fr-row"):
                    ui.button("Allow", icon="check", on_click=self._allow)
                    ui.button("Reject", icon="block", on_click=self._reject).props("outline")

    def answered(self, event: Event) -> None:
        """It was answered, here or elsewhere."""
        said, kind = _ANSWERS.get(event["decision"], (event["decision"], ""))
        self._form.delete()
        self._state.clear()
        with self._state:
            ui.label(said).classes(f"fr-chip fr-chip-{kind}")
        if event.get("reason"):
            with self.box:
                text(event["reason"], classes="fr-muted fr-small")

    def ended(self) -> None:
        """The run is over without an answer to it."""
        if not self._form.is_deleted:
            self._form.delete()
            self._state.clear()
            with self._state:
                ui.label("Not answered").classes("fr-chip fr-chip-plain")

    async def _allow(self) -> None:
        try:
            arguments = json.loads(self._arguments.value or "")
        except ValueError as error:
            self._visit.tell(problem("invalid_json", f"The arguments are not JSON: {error}."))
            return
        if arguments == self._given:
            await self._answer(decision="approve")
        else:
            await self._answer(decision="edit", arguments=arguments)

    async def _reject(self) -> None:
        await self._answer(decision="reject", reason=self._reason.value or "")

    async def _answer(self, **given: object) -> None:
        async def answer() -> object:
            try:
                made = ApprovalAnswer.model_validate({"approval_id": self._id, **given})
            except ValidationError as error:
                raise ProblemError(unfit(error.errors(), whole="answer")) from error
            return await self._visit.freya.resume(self._visit.owner, self._run_id, made)

        await self._visit.ask(answer, needs="POST /v1/runs/{run_id}/resume")


def _until(moment: datetime) -> None:
    """How long there is yet; the page's own script counts down."""
    with ui.element("span").classes("fr-chip fr-chip-warn"):
        ui.element("time").props(
            f'datetime="{moment.isoformat()}" data-until="{int(moment.timestamp())}"'
        ).classes("fr-until")
