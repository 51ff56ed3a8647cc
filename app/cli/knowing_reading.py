"""`freya knowledge show`: a single pair, topic or source."""

from functools import partial
from typing import Annotated

import typer

from app.cli.options import AsJson
from app.cli.output import emit, emit_json


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
    from app.cli.pair_reports import pair_lines
    from app.cli.reading import read_pair, read_sources, read_topic
    from app.cli.reports import source_lines
    from app.cli.topic_lines import topic_detail_lines

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
