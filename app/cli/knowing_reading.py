"""`freya knowledge show` and `freya knowledge export`: what is known, to be read and to be taken away."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from app.cli.options import AsJson
from app.cli.output import emit, emit_json

Format: TypeAlias = Literal["jsonl", "json", "csv", "parquet"]


class Tier(StrEnum):
    """The tiers as knowledge has them, which takes seconds to load."""

    PREMIUM = "premium"
    STANDARD = "standard"
    REVIEW = "review"
    LOW = "low"


def show(
    pair: Annotated[str | None, typer.Argument(help="A pair (pair_...).")] = None,
    topic: Annotated[str | None, typer.Option(help="A topic of the catalogue, by its slug.")] = None,
    source: Annotated[str | None, typer.Option(help="A source, by its name or id.")] = None,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Show a pair with the parts of its quality, its duplicates and its source; or a topic; or a source.

    Of a source it says how it was read, and what of it was rejected or is not as declared, with place and reason.
    """
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from app.cli.reading import read_pair, read_sources, read_topic
    from app.cli.reports import pair_lines, source_lines, topic_detail_lines

    if sum(each is not None for each in (pair, topic, source)) != 1:
        raise typer.BadParameter(
            "give the id of a pair, or --topic with the slug of a topic, or --source with the name of a source",
            param_hint="PAIR",
        )
    found: object
    if pair is not None:
        found = detail = run(partial(read_pair, quiet_settings(), pair))
        lines = pair_lines(detail)
    elif topic is not None:
        found = described = run(partial(read_topic, quiet_settings(), topic))
        lines = topic_detail_lines(described)
    else:
        found = sources = run(partial(read_sources, quiet_settings(), source or ""))
        lines = "\n\n\n".join("\n".join(source_lines(one)) for one in sources).split("\n")
    if as_json:
        emit_json(found)
    else:
        emit("\n".join(lines))


def export(
    path: Annotated[Path, typer.Argument(help="The file to write.")],
    kind: Annotated[
        Format | None,
        typer.Option("--format", help="What to write.", show_default="as the name ends, else jsonl"),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Only this collection; may be given several times.")
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Only this topic of the catalogue, by slug; may be given several times."),
    ] = None,
    min_quality: Annotated[
        float | None, typer.Option(min=0, max=100, help="Only pairs of at least this quality.")
    ] = None,
    tier: Annotated[
        list[Tier] | None, typer.Option(help="Only pairs of this tier; may be given several times.")
    ] = None,
    with_duplicates: Annotated[bool, typer.Option("--with-duplicates", help="Duplicates as well.")] = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Write pairs into a file, in constant memory; `freya knowledge import` reads it again.

    The file takes its name when it is whole: broken off, or with the disk full, nothing is left behind.
    """
    from app.cli.exporting import export_pairs, format_of
    from app.cli.interruption import run
    from app.cli.options import quiet_settings
    from knowledge import ExportFilter, ExportFormat

    wanted = ExportFilter(
        collections=tuple(collection or ()),
        topics=tuple(topic or ()),
        tiers=tuple(each.value for each in tier or ()),
        min_quality=min_quality,
        with_duplicates=with_duplicates,
    )
    chosen = ExportFormat(kind) if kind is not None else format_of(path) or ExportFormat.JSONL
    written = run(partial(export_pairs, quiet_settings(), path, chosen, wanted))
    if as_json:
        emit_json({"path": str(path), "format": chosen.value, "pairs": written})
    else:
        emit(f"{written} pairs  {path}")
