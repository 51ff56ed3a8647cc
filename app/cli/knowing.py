"""`freya knowledge`: import, status and search."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue, TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.asking import Key
from app.cli.client import open_client
from app.cli.output import fail, note, print_json
from app.embedded import running_instance
from app.logs import configure_logs
from app.settings import LogSettings, Settings, load_settings
from app.wiring import join_knowledge, open_backends
from knowledge import (
    Importer,
    ImportProgress,
    ImportResult,
    IndexProgress,
    KnowledgeError,
    KnowledgeStatus,
    KnowledgeStore,
    Outcome,
)
from models.embeddings import open_embedder

knowledge = typer.Typer(help="Import, count and search what is known.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@knowledge.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Files or folders: research reports, RAG exports (.json, .json.gz), JSON Lines."),
    ],
    collection: Annotated[str, typer.Option(help="The collection that the pairs go to.")] = "technical",
    index: Annotated[bool, typer.Option(help="Wait until the pairs are indexed.")] = True,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """Import files. Safe to repeat and to break off: what is there is not read again, and what is missing follows."""
    settings = _settings()
    results = asyncio.run(_import(settings, paths, collection, index=index))
    if as_json:
        print_json(TypeAdapter(list[ImportResult]).dump_python(results, mode="json"))
    else:
        for result in results:
            _print_result(result)
    if any(result.outcome in {Outcome.REFUSED, Outcome.DAMAGED} for result in results):
        sys.exit(1)


@knowledge.command()
def status(
    topics: Annotated[bool, typer.Option(help="Count by topic as well.")] = False,  # noqa: FBT002  # a flag
    as_json: AsJson = False,  # noqa: FBT002  # a flag
) -> None:
    """How many pairs are stored, and how many of them are indexed."""
    settings = _settings()
    found = asyncio.run(_status(settings))
    if as_json:
        print_json(TypeAdapter(KnowledgeStatus).dump_python(found, mode="json"))
        return
    for name, pairs in found.stored.items():
        print(f"{name}: {pairs} pairs")
    for source in found.sources:
        print(f"  {source.status.value:<10} {source.read:>7} pairs  {source.name} ({source.collection})")
    for topic in found.topics if topics else ():
        print(f"  {topic.pairs:>6}  {topic.topic} ({topic.collection})")


@knowledge.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    collection: Annotated[
        list[str] | None, typer.Option(help="Only in this collection; may be given several times.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many pairs at most.")] = 5,
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
) -> None:
    """Find pairs by meaning and by words."""
    settings = _settings()
    found = asyncio.run(_search(settings, query, list(collection or []), limit, key))
    if as_json:
        print_json(found)
    elif not found:
        note("nothing relevant is known")
    elif isinstance(found, list):
        for number, hit in enumerate(found, 1):
            if isinstance(hit, dict):
                answer = " ".join(str(hit["answer"]).split())
                print(
                    f"{number}. {hit['question']}\n   {answer[:300]}\n   {hit['topic']} · {hit['source']} · similarity {hit['similarity']:.2f}\n"
                )


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(LogSettings(level="warning", format=settings.log.format))
    return settings


async def _import(
    settings: Settings, paths: list[Path], collection: str, *, index: bool
) -> list[ImportResult]:
    """Into the database; then a running service indexes, or else this command does."""
    served = await running_instance(settings.data) is not None
    async with open_backends(settings, progress=lambda _: None) as backends:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
        ) as bar:  # fmt: skip
            task = bar.add_task("reading", total=None)

            def tell(state: ImportProgress) -> None:
                bar.update(task, description=state.name[:48], completed=state.read, total=state.declared)

            try:
                results = await Importer(KnowledgeStore(backends.pool)).import_paths(
                    paths, collection=collection, progress=tell
                )
            except KnowledgeError as error:
                fail(f"{error} What was read is kept; run the command again to go on.")
            if not index:
                return results
            if served:
                note(
                    "the running service indexes the new pairs; `freya knowledge status` shows how far it is"
                )
                return results
            embedder = await open_embedder(settings.models.embedding, settings.data, backends.redis)
            parts = join_knowledge(backends, embedder)

            def tell_index(state: IndexProgress) -> None:
                bar.update(
                    task,
                    description=f"indexing ({state.index})",
                    completed=state.revision,
                    total=state.latest,
                )

            try:
                await parts.indexer.catch_up(tell_index)
            except KnowledgeError as error:
                fail(f"{error} The pairs are stored; they are indexed when the service runs.")
            finally:
                await parts.dense.close()
                await embedder.close()
            return results


async def _status(settings: Settings) -> KnowledgeStatus:
    async with open_backends(settings, progress=lambda _: None) as backends:
        return await Importer(KnowledgeStore(backends.pool)).status()


async def _search(
    settings: Settings, query: str, collections: list[str], limit: int, key: str | None
) -> JsonValue:
    async with open_client(settings, key=key) as client:
        return await client.get("/v1/knowledge/search", query=query, collection=collections, limit=limit)


def _print_result(result: ImportResult) -> None:
    declared = "" if result.declared is None else f" of {result.declared} declared"
    print(
        f"{result.outcome.value:<10} {result.read} pairs{declared}  {result.name}"
        + (f": {result.reason}" if result.reason else "")
    )
