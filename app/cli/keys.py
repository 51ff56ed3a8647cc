"""`freya keys`: API keys, changed in the store: it needs no service and no key, and one that runs follows within seconds."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cli.options import AsJson, examples
from app.cli.output import emit, emit_json, emit_model, emit_models, note

if TYPE_CHECKING:
    from app.access import ApiKey, KeyService, MadeKey
    from app.cli.interruption import Interruption
    from app.settings import Settings

Done = TypeVar("Done")
keys = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The id of a key (key_...).")]


@keys.command(
    epilog=examples(
        "freya keys create laptop --user anna",
        "freya keys create console --scope chat --scope read --tenant acme --days 90",
        "freya keys create operations --scope admin",
        "freya keys create trial --user ben --requests-a-minute 20 --turns-a-day 100",
    )
)
def create(  # noqa: PLR0917  # a command's options
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do: chat, read, write, knowledge, metrics or admin. May be given several times.",
            show_default="chat, read and write",
        ),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="The only tenant it acts for.")] = None,
    user: Annotated[str | None, typer.Option(help="The only user it acts for.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="For how many days it is good.")] = None,
    requests_a_minute: Annotated[int | None, typer.Option(min=1, help="The most requests a minute.")] = None,
    turns_a_day: Annotated[int | None, typer.Option(min=1, help="The most turns a day.")] = None,
    tokens_a_day: Annotated[
        int | None, typer.Option(min=1, help="Tokens a day, after which no turn begins.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Make an API key; it is shown this once. From the first one on every request needs a key.

    Its user passes it with --key or in FREYA_API_KEY, and programs as `Authorization: Bearer KEY`.
    """
    from pydantic import ValidationError

    from app.access import NewKey

    given: dict[str, object] = {"name": name, "tenant": tenant, "user": user}
    given |= {"scopes": scope} if scope else {}
    given |= {"expires_at": datetime.now(UTC) + timedelta(days=days)} if days else {}
    given["limits"] = {
        "requests_a_minute": requests_a_minute,
        "turns_a_day": turns_a_day,
        "tokens_a_day": tokens_a_day,
    }
    try:
        new = NewKey.model_validate(given)
    except ValidationError as error:
        wrong = error.errors()[0]
        said = wrong["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(f"{'.'.join(map(str, wrong['loc']))}: {said}") from error
    _show(_ask(lambda service: service.create(None, new)), as_json=as_json)


@keys.command("list", epilog=examples("freya keys list", "freya keys list --json"))
def list_(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """The keys, newest first, also those that were revoked."""
    found = _ask(lambda service: service.page(None, limit=limit, before=None))
    emit_models(found, _line, as_json=as_json)
    if not found and not as_json:
        note("there are no keys; `freya keys create` makes one")


@keys.command(epilog=examples("freya keys revoke key_..."))
def revoke(key: KeyId, as_json: AsJson = False) -> None:  # noqa: FBT002  # a flag
    """Have a key open nothing any more, in every process within seconds; its open streams are closed."""
    emit_model(_ask(lambda service: service.revoke(None, key)), _line, as_json=as_json)


@keys.command(epilog=examples("freya keys rotate key_...", "freya keys rotate key_... --grace-s 0"))
def rotate(
    key: KeyId,
    grace_s: Annotated[
        int, typer.Option(min=0, max=30 * 86_400, help="Seconds for which the old key is good yet.")
    ] = 86_400,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Make a key in place of another, with the same rights; it is shown this once."""
    grace = timedelta(seconds=grace_s)
    _show(_ask(lambda service: service.rotate(None, key, grace=grace)), as_json=as_json)


def _show(made: "MadeKey", *, as_json: bool) -> None:
    if as_json:
        emit_json(made.model_dump(mode="json"))
        return
    note(f"{_line(made.api_key)}\nthe key, shown only now:")
    emit(made.key)


def _line(key: "ApiKey") -> str:
    now = datetime.now(UTC)
    if key.revoked_at:
        state = "revoked"
    elif key.expires_at:
        state = f"{'until' if key.expires_at > now else 'expired'} {key.expires_at:%Y-%m-%d %H:%M}"
    else:
        state = "good"
    used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    return f"{key.id}  {key.hint}…  {key.name}  [{', '.join(key.scopes)}]  {key.binding}  {state}  {used}"


def _ask(work: "Callable[[KeyService], Awaitable[Done]]") -> Done:
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    return run(partial(_work, quiet_settings(), work))


async def _work(
    settings: "Settings", work: "Callable[[KeyService], Awaitable[Done]]", _: "Interruption"
) -> Done:
    from contextlib import AsyncExitStack

    from app.access import KeyBook, KeyService, KeyStore
    from app.cli.stores import open_stores
    from memory.privacy import AuditTrail

    async with AsyncExitStack() as stack:
        backends = await open_stores(settings, stack)
        store, audit = KeyStore(backends.pool), AuditTrail(backends.database)
        return await work(KeyService(store, audit, KeyBook(store, audit)))
