"""`freya knowledge pairs`, `export` and `duplicates`: the stored pairs, listed, taken away, and beside what is like them."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from app.cli.options import AsJson
from app.cli.output import emit, emit_json, note

if TYPE_CHECKING:
    from knowledge import PairSelection

Format: TypeAlias = Literal["jsonl", "json", "csv", "parquet"]


class Tier(StrEnum):
    """The tiers as knowledge has them, which takes seconds to load."""

    PREMIUM = "premium"
    STANDARD = "standard"
    REVIEW = "review"
    LOW = "low"


Collections = Annotated[
    list[str] | None, typer.Option("--collection", help="Only this collection; may be given several times.")
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", help="Only this topic of the catalogue, by slug; may be given several times."),
]
Category = Annotated[
    str | None, typer.Option(help="Only this category or subcategory, of the catalogue or the source.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Only this source, by name or id; may be given several times."),
]
Tiers = Annotated[
    list[Tier] | None, typer.Option("--tier", help="Only pairs of this tier; may be given several times.")
]
MinQuality = Annotated[
    float | None, typer.Option(min=0, max=100, help="Only pairs of at least this quality.")
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Only pairs that name a date on or after this one."),
]
Difficulties = Annotated[
    list[str] | None, typer.Option("--difficulty", help="Only this difficulty; may be given several times.")
]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", help="Only pairs with this tag; may be given several times.")
]
Words = Annotated[str | None, typer.Option("--query", help='Words of the question, "a phrase", or, -not.')]
WithDuplicates = Annotated[bool, typer.Option("--with-duplicates", help="Duplicates as well.")]
OnlyDuplicates = Annotated[bool, typer.Option("--only-duplicates", help="Only duplicates.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
After = Annotated[str | None, typer.Option(help="Go on after this pair (pair_...).")]


def pairs(
    *,
    collection: Collections = None,
    topic: Topics = None,
    category: Category = None,
    source: Sources = None,
    tier: Tiers = None,
    min_quality: MinQuality = None,
    since: Since = None,
    difficulty: Difficulties = None,
    tag: Tags = None,
    query: Words = None,
    with_duplicates: WithDuplicates = False,  # a flag
    only_duplicates: OnlyDuplicates = False,  # a flag
    limit: Limit = 20,
    after: After = None,
    as_json: AsJson = False,  # a flag
) -> None:
    """List the stored pairs by collection and topic, and within a topic as their sources have them."""
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.pair_reports import listed_lines
    from app.cli.reading import list_pairs

    wanted = _selection(
        collection, topic, category, source, tier, min_quality, since, difficulty, tag, query,
        with_duplicates=with_duplicates, only_duplicates=only_duplicates,
    )  # fmt: skip
    found = run(partial(list_pairs, quiet_settings(), wanted, limit + 1, after))
    if as_json:
        emit_json(found[:limit])
    elif found:
        emit("\n".join(listed_lines(found[:limit])))
    else:
        note("there are no such pairs")
    _go_on([pair.id for pair in found], limit, as_json=as_json)


def export(
    path: Annotated[Path, typer.Argument(help="The file to write.")],
    *,
    kind: Annotated[
        Format | None,
        typer.Option("--format", help="What to write.", show_default="as the name ends, else jsonl"),
    ] = None,
    collection: Collections = None,
    topic: Topics = None,
    category: Category = None,
    source: Sources = None,
    tier: Tiers = None,
    min_quality: MinQuality = None,
    since: Since = None,
    difficulty: Difficulties = None,
    tag: Tags = None,
    query: Words = None,
    with_duplicates: WithDuplicates = False,  # a flag
    only_duplicates: OnlyDuplicates = False,  # a flag
    as_json: AsJson = False,  # a flag
) -> None:
    """Write pairs into a file, in constant memory; `freya knowledge import` reads it again.

    The file takes its name when it is whole: broken off, or with the disk full, nothing is left behind.
    """
    from app.cli.exporting import export_pairs, format_of
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from knowledge import ExportFormat

    wanted = _selection(
        collection, topic, category, source, tier, min_quality, since, difficulty, tag, query,
        with_duplicates=with_duplicates, only_duplicates=only_duplicates,
    )  # fmt: skip
    chosen = ExportFormat(kind) if kind is not None else format_of(path) or ExportFormat.JSONL
    written = run(partial(export_pairs, quiet_settings(), path, chosen, wanted))
    if as_json:
        emit_json({"path": str(path), "format": chosen.value, "pairs": written})
    else:
        emit(f"{written} pairs  {path}")


def duplicates(
    collection: Collections = None,
    topic: Topics = None,
    variants: Annotated[  # noqa: FBT002  # a flag
        bool,
        typer.Option("--variants", help="Instead: pairs that ask the same and have answers of their own."),
    ] = False,
    limit: Limit = 20,
    after: After = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """List pairs that were kept with those that gave way to them, and how alike they are.

    QUESTIONS and ANSWERS are cosines, WORD FOR WORD is how much of the shorter answer stands in the other one. Of
    variants, which stay, each two stand at one of them.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.pair_reports import alike_lines
    from app.cli.reading import list_alike

    found = run(
        partial(
            list_alike,
            quiet_settings(),
            "variants" if variants else "duplicates",
            collections=tuple(collection or ()),
            topics=tuple(topic or ()),
            limit=limit + 1,
            after=after,
        )
    )
    if as_json:
        emit_json(found[:limit])
    elif found:
        emit("\n".join(alike_lines(found[:limit], variants=variants)))
    else:
        note("there are none; `freya knowledge refine` looks for them")
    _go_on([each.pair.id for each in found], limit, as_json=as_json)


def _selection(  # noqa: PLR0917  # the filters as the commands have them
    collection: list[str] | None,
    topic: list[str] | None,
    category: str | None,
    source: list[str] | None,
    tier: list[Tier] | None,
    min_quality: float | None,
    since: datetime | None,
    difficulty: list[str] | None,
    tag: list[str] | None,
    query: str | None,
    *,
    with_duplicates: bool,
    only_duplicates: bool,
) -> "PairSelection":
    from knowledge import PairSelection

    return PairSelection(
        collections=tuple(collection or ()),
        topics=tuple(topic or ()),
        category=category,
        sources=tuple(source or ()),
        tiers=tuple(each.value for each in tier or ()),
        min_quality=min_quality,
        since=since.date() if since is not None else None,
        difficulties=tuple(difficulty or ()),
        tags=tuple(tag or ()),
        words=query,
        duplicates="only" if only_duplicates else "with" if with_duplicates else "without",
    )


def _go_on(ids: list[str], limit: int, *, as_json: bool) -> None:
    if len(ids) > limit and not as_json:
        note(f"and more; --after {ids[limit - 1]} goes on, --limit is {limit}")
