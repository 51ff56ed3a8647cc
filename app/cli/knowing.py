"""`freya knowledge`: its commands, and of them import, status and search."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any  # Any: JSON

import typer

from app.cli.knowing_indexes import index
from app.cli.knowing_pairs import duplicates, export, pairs
from app.cli.knowing_reading import show
from app.cli.knowing_refining import evaluate, gaps, jobs, progress, refine, remove
from app.cli.knowing_topics import topics
from app.cli.options import AsJson, Key, examples
from app.cli.output import emit, emit_json, note
from app.cli.tables import shortened

_ANSWER_SHOWN = 300

knowledge = typer.Typer(help="Import, refine, look at and search what is known.", no_args_is_help=True)


@knowledge.command(
    "import",
    epilog=examples(
        "freya knowledge import reports/ export.json.gz",
        "freya knowledge import --collection fundamentals 'batch_*.jsonl'",
        "freya knowledge import --encoding koi8-r old.csv",
        "freya knowledge import --no-wait --json export.json",
    ),
)
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files, folders or patterns: JSON of any shape (.json), JSON Lines (.jsonl, .ndjson), tables (.csv, "
            ".tsv, .parquet), research reports (.txt) and lists of questions and answers (.md, .txt); each packed "
            "with gzip (.gz) or not."
        ),
    ],
    collection: Annotated[str, typer.Option(help="The collection that the pairs go to.")] = "technical",
    encoding: Annotated[
        str | None,
        typer.Option(
            help="What the text is encoded in, where it was read wrong: windows-1251, shift-jis and so on. A file that "
            "was imported before is read again, and replaces what it was read as.",
            metavar="NAME",
            show_default="found by itself",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until the pairs are indexed.")] = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
) -> None:
    """Import files of questions and answers.

    Safe to break off and to repeat: what is there is not stored again, and what is missing follows. A running service
    indexes the pairs, and this command waits for it; where none runs, it indexes them itself. Ends with 1 where a
    file was refused, is damaged or holds only pairs that were rejected.
    """
    from app.cli.importing import failed, import_files, result_lines, unread_collection
    from app.cli.interruption import run
    from app.cli.options import quiet_settings

    results = run(
        partial(import_files, quiet_settings(), paths, collection, key, wait=wait, encoding=encoding)
    )
    if as_json:
        emit_json(results)
    else:
        emit("\n".join(line for result in results for line in result_lines(result)))
        if (unread := unread_collection(collection)) is not None:
            note(unread)
    if any(failed(result) for result in results):
        raise typer.Exit(1)


@knowledge.command(epilog=examples("freya knowledge status", "freya knowledge status --topics --json"))
def status(
    topics: Annotated[bool, typer.Option("--topics", help="Count by topic as well.")] = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
) -> None:
    """How many pairs are stored and indexed, what they are worth, and where they come from."""
    from app.cli.interruption import run
    from app.cli.inventory import status_lines, take_stock
    from app.cli.options import quiet_settings

    found = run(partial(take_stock, quiet_settings(), key))
    if as_json:
        emit_json({name: value for name, value in vars(found).items() if topics or name != "topics"})
    else:
        emit("\n".join(status_lines(found, topics=topics)))


@knowledge.command(
    epilog=examples(
        'freya knowledge search "golden cross"',
        'freya knowledge search --collection sofia --limit 3 --json "subject lines"',
        'freya knowledge search --topic relative-strength-index --min-quality 80 "divergence"',
    )
)
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    collection: Annotated[
        list[str] | None, typer.Option(help="Only in this collection; may be given several times.")
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Only on this topic of the catalogue, by slug; may be given several times."),
    ] = None,
    min_quality: Annotated[
        float | None, typer.Option(min=0, max=100, help="Only pairs of at least this quality.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only pairs that name a date on or after this one."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many pairs at most.")] = 5,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
) -> None:
    """Find pairs by meaning and by words, best first."""
    from app.cli.interruption import run
    from app.cli.searching import find
    from app.settings import load_settings

    def show(found: list[dict[str, Any]]) -> None:  # JSON
        if as_json:
            emit_json(found)
        elif found:
            if read_as := found[0].get("read_as"):  # an older service does not say it
                note(f"searched for: {read_as}")
            emit("\n".join(_hit(number, hit) for number, hit in enumerate(found, 1)))
        else:
            note("nothing relevant is known")

    wanted: dict[str, str | int | list[str]] = {
        "q": query,
        "collection": list(collection or ()),
        "topic": list(topic or ()),
        "limit": limit,
    }
    if min_quality is not None:
        wanted["min_quality"] = str(min_quality)
    if since is not None:
        wanted["since"] = since.date().isoformat()
    run(partial(find, load_settings(), wanted, key, show))


def _hit(number: int, hit: dict[str, Any]) -> str:  # JSON
    parts = [hit["collection"], hit["topic"], hit["source"], f"relevance {hit['relevance']:.2f}"]
    parts += [f"quality {hit['quality']:.0f}"] if hit["quality"] is not None else []
    parts += [hit["pair_id"]]
    shown = shortened(hit["passage"] or hit["answer"], _ANSWER_SHOWN)
    return f"{number}. {hit['question']}\n   {shown}\n   {' · '.join(parts)}\n"


knowledge.command(epilog=examples("freya knowledge refine", "freya knowledge refine --no-wait"))(refine)
knowledge.command(
    epilog=examples("freya knowledge remove export.json", "freya knowledge remove source_... --yes")
)(remove)
knowledge.command(
    epilog=examples("freya knowledge gaps", "freya knowledge gaps --category Momentum --limit 100")
)(gaps)
knowledge.command(
    epilog=examples("freya knowledge progress", "freya knowledge progress --collection technical --target 50")
)(progress)
knowledge.command(
    epilog=examples(
        "freya knowledge show pair_...",
        "freya knowledge show --topic relative-strength-index",
        "freya knowledge show --source export.json",
    )
)(show)
knowledge.command(
    epilog=examples(
        "freya knowledge pairs --topic relative-strength-index --min-quality 80",
        'freya knowledge pairs --source export.json --query "golden cross" --json',
    )
)(pairs)
knowledge.command(
    epilog=examples(
        "freya knowledge duplicates --collection technical", "freya knowledge duplicates --variants"
    )
)(duplicates)
knowledge.command(
    epilog=examples(
        "freya knowledge export pairs.jsonl",
        "freya knowledge export best.parquet --tier premium --collection technical",
    )
)(export)
knowledge.command(epilog=examples("freya knowledge jobs", "freya knowledge jobs job_... --cancel"))(jobs)
knowledge.command(
    epilog=examples(
        "freya knowledge evaluate", "freya knowledge evaluate --version 2 --compare 1 --size 1000"
    )
)(evaluate)
knowledge.add_typer(index, name="index")
knowledge.add_typer(topics, name="topics")
