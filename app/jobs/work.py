"""The work of each kind of job."""

import asyncio
from collections.abc import Callable

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from app.jobs.evaluation import Evaluation
from app.jobs.orders import (
    ActivateOrder,
    AnyOrder,
    EvaluateOrder,
    ImportOrder,
    IndexOrder,
    PruneOrder,
    RefineOrder,
    RemoveOrder,
    RollbackOrder,
)
from app.jobs.runner import Tell
from app.jobs.uploads import Uploads
from knowledge import (
    Importer,
    ImportProgress,
    ImportResult,
    IndexProgress,
    IndexVersion,
    KnowledgeError,
    KnowledgeStore,
    KnowledgeUnavailable,
    LiveIndexes,
    SourceUnreadable,
    VersionRefused,
    Versions,
    VersionState,
    remove_source,
)
from knowledge.refinery import RefineProgress, Refiner
from models.embeddings import whole_name

_REMARKS = 20


class Works:
    """Does the work of an order and gives its result; may be cancelled, and begun again after that."""

    def __init__(
        self,
        *,
        store: KnowledgeStore,
        refiner: Refiner,
        versions: Versions,
        live: LiveIndexes,
        evaluation: Evaluation,
        importer: Importer,
        uploads: Uploads,
    ) -> None:
        self._store = store
        self._refiner = refiner
        self._versions = versions
        self._live = live
        self._evaluation = evaluation
        self._importer = importer
        self._uploads = uploads

    async def __call__(self, order: AnyOrder, tell: Tell) -> dict[str, JsonValue]:
        """Raises KnowledgeError or ModelsError."""
        match order:
            case RefineOrder():
                return await self._refine(order, tell)
            case EvaluateOrder():
                await self._live.catch_up(_indexing(tell))
                return await self._evaluation.run(order, tell)
            case IndexOrder():
                return await self._build(order, tell)
            case ActivateOrder():
                return await self._activate(order, tell)
            case RollbackOrder():
                return _shown(await self._live.rollback(_indexing(tell)))
            case ImportOrder():
                return await self._import(order, tell)
            case PruneOrder():
                return {"pruned": list(await self._versions.prune(order.arguments.keep))}
            case RemoveOrder():
                return await self._remove(order, tell)

    async def _refine(self, order: RefineOrder, tell: Tell) -> dict[str, JsonValue]:
        def told(progress: RefineProgress) -> None:
            tell(progress.step, progress.done, progress.total)

        return _json(await self._refiner.run(told, topics_again=order.arguments.topics_again))

    async def _import(self, order: ImportOrder, tell: Tell) -> dict[str, JsonValue]:
        """Import and index an upload, which is removed then; broken off, it stays for whoever goes on."""
        given = order.arguments

        def told(progress: ImportProgress) -> None:
            tell(f"reading {progress.name}", progress.read, progress.declared)

        path = await self._uploads.path(given.upload, given.name)
        if path is None:
            raise SourceUnreadable(
                f"{given.name} is not in this process's data folder; processes of one database that take uploads "
                "must share it. Send the file again."
            )
        try:
            result = await self._importer.import_file(
                path, collection=given.collection, encoding=given.encoding, progress=told
            )
            await self._live.catch_up(_indexing(tell))
        except KnowledgeError:
            await self._uploads.remove(given.upload)
            raise
        await self._uploads.remove(given.upload)
        return _imported(result)

    async def _remove(self, order: RemoveOrder, tell: Tell) -> dict[str, JsonValue]:
        """Remove the source; versions that cannot be brought up to the store now still hold its pairs, and are told."""
        removed = await remove_source(self._store, order.arguments.source)
        await self._live.catch_up(_indexing(tell))
        behind: list[JsonValue] = []
        for version in await self._versions.list():
            if version.state is VersionState.BUILDING:
                behind.append(version.number)
            elif version.state is VersionState.READY:
                try:
                    await self._versions.build(version.number, _indexing(tell))
                except (KnowledgeUnavailable, VersionRefused):
                    behind.append(version.number)
        return {"source": order.arguments.source, "removed": removed, "behind": behind}

    async def _build(self, order: IndexOrder, tell: Tell) -> dict[str, JsonValue]:
        asked = order.arguments
        if asked.number is not None:
            return _shown(await self._versions.build(asked.number, _indexing(tell)))
        await self._live.follow()  # makes the first version where there is none
        model = await asyncio.to_thread(whole_name, asked.model) if asked.model else None
        if model is not None:
            tell(f"loading the embedding model {model}", 0, None)
        version = await self._versions.build_fresh(
            _indexing(tell), model=model, passages=asked.passages, low_tier=asked.low_tier, note=asked.note
        )
        return _shown(version)

    async def _activate(self, order: ActivateOrder, tell: Tell) -> dict[str, JsonValue]:
        """The result has what spoke against it, where it was done anyway."""
        asked = order.arguments
        objection = await self._versions.objection(asked.number)
        version = await self._live.activate(asked.number, _indexing(tell), anyway=asked.anyway)
        return {**_shown(version), "objection": objection}


def _indexing(tell: Tell) -> Callable[[IndexProgress], None]:
    def told(state: IndexProgress) -> None:
        before = state.revision - state.applied
        tell(f"indexing ({state.index})", state.applied, max(state.latest - before, state.applied))

    return told


def _imported(result: ImportResult) -> dict[str, JsonValue]:
    """The result of an import with the first remarks; all of them are kept with the source."""
    remarks = [
        {"what": what, "place": remark.place, "reason": remark.reason}
        for what, noted in (("rejected", result.rejected), ("mismatched", result.mismatched))
        for remark in noted[:_REMARKS]
    ]
    counts = {"rejected": len(result.rejected), "mismatched": len(result.mismatched), "remarks": remarks}
    return _json({**vars(result), **counts})


def _shown(version: IndexVersion) -> dict[str, JsonValue]:
    """A version without the report of its evaluation, which is long."""
    return {name: value for name, value in _json(version).items() if name != "evaluation"}


def _json(value: object) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = to_jsonable_python(value)
    return found
