"""`freya knowledge topics`: the catalogue, and what a user adds to it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any  # Any: what a list holds

import typer

from app.cli.knowing_refining import Collection, Wait, ordered
from app.cli.options import AsJson, examples
from app.cli.output import emit, emit_json, note

if TYPE_CHECKING:
    from app.cli.cataloguing import Edit

Slug = Annotated[str, typer.Argument(help="The topic's slug: small letters, digits and hyphens.")]
Home = Annotated[str, typer.Option("--collection", help="The collection that the topic belongs to.")]

topics = typer.Typer(help="List the catalogue's topics; add topics and aliases, and say what belongs where.")


@topics.callback(
    invoke_without_command=True,
    epilog=examples(
        "freya knowledge topics --collection technical --session 4",
        "freya knowledge topics --unmapped",
        'freya knowledge topics map "RSI batch 7" relative-strength-index',
    ),
)
def list_(
    context: typer.Context,
    collection: Collection = None,
    category: Annotated[str | None, typer.Option(help="Only this category or subcategory.")] = None,
    session: Annotated[int | None, typer.Option(min=1, help="Only this research session.")] = None,
    own: Annotated[bool, typer.Option("--own", help="Only topics to which a user added something.")] = False,  # noqa: FBT002  # a flag
    unmapped: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--unmapped", help="Instead, topics of sources that are nowhere in the catalogue.")
    ] = False,
    by_hand: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--by-hand", help="Instead, the names of which it was said where they belong.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """List the catalogue's topics, and how many pairs there are on each; or change what users added.

    A change is seen by every process within seconds. Topics of sources are placed anew by a refinement, which follows.
    """
    narrowed = {"--category": category, "--session": session, "--own": own or None}
    given = [name for name, value in narrowed.items() if value is not None]
    if context.invoked_subcommand is not None:
        if given or collection or unmapped or by_hand or as_json:
            raise typer.BadParameter(f"give options after {context.invoked_subcommand}")
        return
    if (unmapped or by_hand) and (given or (unmapped and by_hand) or (by_hand and collection)):
        raise typer.BadParameter("--unmapped takes --collection only, and --by-hand nothing else")
    from app.cli import cataloguing as work
    from app.cli import topic_lines as lines
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    settings = quiet_settings()
    found: list[Any]
    shown: Callable[[list[Any]], list[str]]
    if unmapped:
        found = run(partial(work.list_unplaced, settings, collection))
        shown, nothing = (
            lines.unplaced_lines,
            "every topic of a source has its place, or none was refined yet",
        )
    elif by_hand:
        found = run(partial(work.list_mappings, settings))
        shown, nothing = lines.mapping_lines, "nothing was said by hand"
    else:
        found = run(partial(work.list_topics, settings, collection, category, session, own=own))
        shown, nothing = lines.topic_lines, "the catalogue has no topics there"
    if as_json:
        emit_json(found if unmapped or by_hand else lines.topics_json(found))
    elif found:
        emit("\n".join(shown(found)))
    else:
        note(nothing)


@topics.command(
    epilog=examples(
        'freya knowledge topics add house-prices --name "House Prices" --category Macro --alias HPI',
    )
)
def add(
    slug: Slug,
    *,
    name: Annotated[str, typer.Option(help="What it is called.")],
    category: Annotated[str, typer.Option(help="Its category.")],
    subcategory: Annotated[str | None, typer.Option(help="Its subcategory.")] = None,
    collection: Home = "technical",
    session: Annotated[int | None, typer.Option(min=1, help="Its research session.")] = None,
    alias: Annotated[
        list[str] | None, typer.Option(help="Another name of it; may be given several times.")
    ] = None,
    replace: Annotated[  # a flag
        bool, typer.Option("--replace", help="Take the place of what was added under the slug.")
    ] = False,
    wait: Wait = True,  # a flag
    as_json: AsJson = False,  # a flag
) -> None:
    """Add a topic to the catalogue. Its name and aliases must mean no other topic."""
    from knowledge import OwnTopic, checked_entry

    fields = {
        "slug": slug,
        "collection": collection,
        "name": name,
        "aliases": tuple(alias or ()),
        "category": category,
        "subcategory": subcategory,
        "session": session,
    }
    topic = checked_entry(OwnTopic, fields)
    _change(lambda editor: editor.put(topic, replace=replace), wait=wait, as_json=as_json)


@topics.command(
    epilog=examples(
        'freya knowledge topics alias relative-strength-index "Wilder strength"',
        'freya knowledge topics alias relative-strength-index --remove "Wilder strength"',
    )
)
def alias(
    slug: Slug,
    names: Annotated[list[str], typer.Argument(metavar="ALIAS...", help="Other names of the topic.")],
    remove_them: Annotated[bool, typer.Option("--remove", help="Take back what was added.")] = False,  # noqa: FBT002  # a flag
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Add names of a topic, one that ships or one of your own. A name means one topic only."""
    _change(
        lambda editor: (editor.remove_aliases if remove_them else editor.add_aliases)(slug, names),
        wait=wait,
        as_json=as_json,
    )


@topics.command(
    "map",
    epilog=examples(
        'freya knowledge topics map "RSI batch 7" relative-strength-index',
        'freya knowledge topics map "Session notes" --none',
        'freya knowledge topics map "RSI batch 7" --undo',
    ),
)
def map_(
    name: Annotated[str, typer.Argument(help="The topic as sources name it, in any spelling.")],
    slug: Annotated[str | None, typer.Argument(help="The topic of the catalogue, by its slug.")] = None,
    none: Annotated[bool, typer.Option("--none", help="It belongs to no topic of the catalogue.")] = False,  # noqa: FBT002  # a flag
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was said.")] = False,  # noqa: FBT002  # a flag
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Say which topic of the catalogue a topic of sources is, in whatever collection; at once, and from then on."""
    if (slug is not None) + none + undo != 1:
        raise typer.BadParameter("say the slug of a topic, or --none, or --undo", param_hint="SLUG")
    _change(lambda editor: editor.unmap(name) if undo else editor.map(name, slug), wait=wait, as_json=as_json)


@topics.command(epilog=examples("freya knowledge topics remove house-prices"))
def remove(
    slug: Slug,
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Take back a topic that was added, with what was mapped to it by hand; of one that ships, the aliases that were added.

    No pair is removed.
    """
    _change(lambda editor: editor.remove(slug), wait=wait, as_json=as_json)


@topics.command("import", epilog=examples("freya knowledge topics import catalogue.toml"))
def import_(
    files: Annotated[list[Path], typer.Argument(help="TOML files with [[topics]] and [[mappings]].")],
    collection: Annotated[
        str, typer.Option(help="Where topics belong that say no collection.")
    ] = "technical",
    wait: Wait = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Add the topics and mappings of files, in the place of those of the same slugs and names: all of them, or none."""
    from app.cli.cataloguing import read_files

    own = read_files(files, collection)
    _change(lambda editor: editor.take_in(own), wait=wait, as_json=as_json)


@topics.command(epilog=examples("freya knowledge topics export catalogue.toml"))
def export(
    file: Annotated[Path | None, typer.Argument(help="The file to write; left out, the output.")] = None,
) -> None:
    """Write all that users added to the catalogue as TOML, which `freya knowledge topics import` reads again."""
    from app.cli.cataloguing import export_catalogue
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    text = run(partial(export_catalogue, quiet_settings(), file))
    if file is None:
        emit(text, end="")


def _change(edit: "Edit", *, wait: bool, as_json: bool) -> None:
    """Change the catalogue, have topics placed anew where that is needed, and tell what was done."""
    from app.cli.cataloguing import change
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.topic_lines import change_lines

    done = run(partial(change, quiet_settings(), edit, queue=not wait))
    if as_json:
        emit_json(done)
    else:
        emit("\n".join(change_lines(done)))
    if done.mapped and not done.topics and not as_json:
        note("no source uses such a name yet; it is placed there once one does")
    if done.places_anew and wait:
        ordered("refine", {}, wait=True)
    elif done.places_anew:
        note("topics are placed anew by a refinement that waits for the service")
