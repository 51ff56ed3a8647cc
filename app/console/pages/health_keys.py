"""API keys: who may speak to the service, and what each may do."""

from datetime import UTC, datetime, timedelta

from nicegui import ui
from pydantic import ValidationError

from app.access import SCOPES, ApiKey, Limits, MadeKey, NewKey
from app.console import lists
from app.console.acting import change, checked
from app.console.bits import card, chip, confirm, copy_button, decide, dialog, facts, heading, text, when
from app.console.notices import empty, said
from app.console.pages.health import SECTIONS
from app.console.registry import page
from app.console.visit import Visit
from app.problems import ProblemError, unfit

_LIST = "GET /v1/keys"
_MAKE = "POST /v1/keys"
_REVOKE = "POST /v1/keys/{key_id}/revoke"
_ROTATE = "POST /v1/keys/{key_id}/rotate"
_LIFETIMES = {0: "never", 7: "in a week", 30: "in 30 days", 90: "in 90 days", 365: "in a year"}
_GRACES = {
    0: "ends at once",
    3600: "is good for an hour yet",
    86_400: "is good for a day yet",
    604_800: "is good for a week yet",
}
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$"
_NAMING = "Letters, digits and . _ @ + -, a letter or digit first."
_WHAT_FOR = {
    "chat": "ask, follow and cancel runs",
    "read": "read what is known and remembered",
    "write": "change and erase what is remembered",
    "knowledge": "import and work on what is known",
    "metrics": "read counts and sizes",
    "admin": "everything, keys included",
}


@page("/health/keys", title="API keys", needs=_LIST)
async def keys(visit: Visit) -> None:
    """The keys that the visitor may see, newest first."""
    lists.sections("Health", "/health/keys", SECTIONS)
    if visit.caller.key is None:
        text(
            "No key is needed yet: whoever is on this machine may do everything. From the first key on every request needs one, "
            "and this page asks you to sign in with it.",
            classes="fr-note",
        )
    outcome = ui.element("div").props('aria-live="polite"')

    async def fetch(cursor: str | None) -> lists.Part[ApiKey]:
        return lists.part(await visit.running.keys.page(visit.caller, limit=lists.PART + 1, before=cursor))

    async def show() -> None:
        await listing.begin()

    with ui.element("div").classes("fr-actions"):
        ui.button("New key", on_click=lambda: _make(visit, outcome, show)).props("icon=add")
    listing = lists.Listing(
        visit,
        fetch,
        lambda key: _row(visit, key, outcome, show),
        needs=_LIST,
        nothing=lambda: empty("There are no keys", "Make one for each program or person.", icon="key"),
    )
    await listing.begin()


def _row(visit: Visit, key: ApiKey, outcome: ui.element, show: lists.Redraw) -> None:
    good = key.is_good(datetime.now(UTC))
    with ui.element("div").classes("fr-item"):
        with ui.element("div").classes("fr-row"):
            ui.label(key.name).classes("fr-strong")
            ui.label(f"{key.hint}…").classes("fr-mono fr-muted")
            if key.revoked_at:
                chip("revoked", kind="bad")
            elif not good:
                chip("expired", kind="bad")
            elif key.replaced_by:
                chip("gives way to another", kind="warn")
            else:
                chip("good", kind="good")
            if visit.caller.key is not None and key.id == visit.caller.key.id:
                chip("yours", kind="accent")
            for scope in key.scopes:
                chip(scope)
        with ui.element("div").classes("fr-row fr-small fr-muted"):
            ui.label(f"for {key.binding}")
            ui.label(f"made by {key.created_by}")
            when(key.created_at)
            ui.label("last used")
            when(key.last_used_at)
            if key.expires_at:
                ui.label("expires")
                when(key.expires_at)
        limits = [f"{number:,} {name.replace('_', ' ')}" for name, number in key.limits if number is not None]
        if limits:
            ui.label(", ".join(limits)).classes("fr-small fr-muted")
        if good:
            _actions(visit, key, outcome, show)


def _actions(visit: Visit, key: ApiKey, outcome: ui.element, show: lists.Redraw) -> None:
    def revoke() -> None:
        async def act() -> None:
            if await change(visit, lambda: visit.running.keys.revoke(visit.caller, key.id), route=_REVOKE):
                said(f"{key.name} opens nothing any more.")
                await show()

        confirm(
            f"Revoke {key.name}?",
            "It opens nothing any more, in every process within seconds; what uses it stops working. It cannot be taken back.",
            yes="Revoke the key",
            act=act,
        )

    with ui.element("div").classes("fr-actions"):
        if not key.replaced_by:
            button = ui.button("Rotate", on_click=lambda: _rotate(visit, key, outcome, show)).props(
                "outline dense"
            )
            button._props["aria-label"] = f"Rotate {key.name}"  # noqa: SLF001  # may hold quotes
        button = ui.button("Revoke", on_click=revoke).props("outline dense")
        button._props["aria-label"] = f"Revoke {key.name}"  # noqa: SLF001


def _rotate(visit: Visit, key: ApiKey, outcome: ui.element, show: lists.Redraw) -> None:
    with dialog(f"Rotate {key.name}") as asking:
        text("A new key like it is made, and shown once. The old one gives way to it.", classes="fr-muted")
        grace = ui.select(_GRACES, label="The old key", value=86_400)

        async def rotate() -> None:
            work = visit.running.keys.rotate
            made = await change(
                visit, lambda: work(visit.caller, key.id, grace=timedelta(seconds=grace.value)), route=_ROTATE
            )
            if made is not None:
                asking.close()
                _reveal(outcome, made)
                await show()

        decide(asking, "Rotate", rotate)


def _make(visit: Visit, outcome: ui.element, show: lists.Redraw) -> None:
    first = not visit.running.keys.book.has_keys
    given = {"admin"} if first else {"chat", "read", "write"}
    with dialog("New key") as asking:
        if first:
            text(
                "Let the first one do everything: further keys are made with it, or by the command freya keys create.",
                classes="fr-muted",
            )
        name = ui.input(label="What it is for", placeholder="The reporting script").props(
            "autofocus maxlength=100"
        )
        with ui.element("fieldset").classes("fr-choices"):
            with ui.element("legend"):
                ui.label("What it may do")
            boxes = {
                scope: ui.checkbox(f"{scope}: {_WHAT_FOR[scope]}", value=scope in given) for scope in SCOPES
            }
        with ui.element("div").classes("fr-filters"):
            tenant = ui.input(label="Only tenant (optional)").props("maxlength=64")
            user = ui.input(label="Only user (optional)").props("maxlength=64")
            lifetime = ui.select(_LIFETIMES, label="Expires", value=90)
        with ui.element("div").classes("fr-filters"):
            requests = ui.number(label="Requests a minute", min=1, precision=0)
            turns = ui.number(label="Turns a day", min=1, precision=0)
            tokens = ui.number(label="Tokens a day", min=1, precision=0)
        wrong = ui.element("div").props("role=alert")

        async def make() -> None:
            named = checked(name, longest=100, otherwise="Say what the key is for.")
            bounds = [
                checked(field, longest=64, shortest=0, pattern=_NAME, otherwise=_NAMING)
                for field in (tenant, user)
            ]
            if named is None or None in bounds:
                return
            wrong.clear()
            if not any(box.value for box in boxes.values()):
                with wrong:
                    text("Choose at least one thing that it may do.", classes="fr-wrong")
                return
            try:
                new = NewKey(
                    name=named,
                    scopes=[scope for scope, box in boxes.items() if box.value],
                    tenant=bounds[0] or None,
                    user=bounds[1] or None,
                    limits=Limits.model_validate(
                        {
                            "requests_a_minute": _whole(requests.value),
                            "turns_a_day": _whole(turns.value),
                            "tokens_a_day": _whole(tokens.value),
                        }
                    ),
                    expires_at=datetime.now(UTC) + timedelta(days=lifetime.value) if lifetime.value else None,
                )
            except ValidationError as error:
                with wrong:
                    text(unfit(error.errors(include_url=False), whole="key").detail, classes="fr-wrong")
                return
            try:
                made = await visit.asked(lambda: visit.running.keys.create(visit.caller, new), needs=_MAKE)
            except ProblemError as error:
                with wrong:
                    text(error.problem.detail, classes="fr-wrong")
                return
            asking.close()
            _reveal(outcome, made)
            await show()

        decide(asking, "Make the key", make)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _reveal(outcome: ui.element, made: MadeKey) -> None:
    """The key itself, this once; it is gone with the page, or when it is dismissed."""
    outcome.clear()
    with outcome, card(classes="fr-good-news"):
        heading(f"The key of {made.api_key.name}")
        text("Copy it now: it is kept nowhere, and not shown again.")
        with ui.element("div").classes("fr-row"):
            ui.label(made.key).classes("fr-mono fr-secret")
            copy_button(made.key, label="Copy the key")
        facts([("May", ", ".join(made.api_key.scopes)), ("For", str(made.api_key.binding))])
        with ui.element("div").classes("fr-actions"):
            ui.button("I have it", on_click=outcome.clear).props("outline")
