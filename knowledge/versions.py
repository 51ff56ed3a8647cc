"""Versions of the index: built beside the live one, compared with it, put in its place at once, and taken back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final  # Any: a row of the database

from psycopg.types.json import Jsonb
from pydantic import JsonValue

from knowledge.errors import ModelRefused, VersionRefused, VersionUnproven
from knowledge.evaluation import how_to_go_on, objection_to
from knowledge.indexer import IndexProgress, IndexState
from knowledge.passages import PassageSettings
from knowledge.shelf import IndexVersion, Recipe, Shelf, VersionState
from knowledge.store import KnowledgeStore
from models import ModelsError

_BUILDING: Final = 0x6B6E_6F77_7665_7273  # held by who builds, activates or prunes

_ONE: Final = """
    SELECT number, state, recipe, note, pairs, evaluation, created_at, activated_at FROM knowledge_versions
    WHERE number = %(number)s
"""
_ALL: Final = """
    SELECT number, state, recipe, note, pairs, evaluation, created_at, activated_at FROM knowledge_versions
    ORDER BY number
"""
_LIVE: Final = """
    SELECT number, state, recipe, note, pairs, evaluation, created_at, activated_at FROM knowledge_versions
    WHERE state = 'live'
"""
_CREATE: Final = (
    "INSERT INTO knowledge_versions (recipe, note) VALUES (%(recipe)s, %(note)s) RETURNING number"
)
# Of those who find no live version at the same time one makes it.
_FIRST: Final = """
    INSERT INTO knowledge_versions (state, recipe, activated_at)
    SELECT 'live', %(recipe)s, now() WHERE NOT EXISTS (SELECT FROM knowledge_versions WHERE state = 'live')
    ON CONFLICT DO NOTHING RETURNING number
"""
_READY: Final = """
    UPDATE knowledge_versions SET pairs = %(pairs)s, state = CASE state WHEN 'building' THEN 'ready' ELSE state END
    WHERE number = %(number)s
"""
_RETIRE: Final = "UPDATE knowledge_versions SET state = 'retired' WHERE number = %(number)s"
_STEP_DOWN: Final = "UPDATE knowledge_versions SET state = 'ready' WHERE state = 'live'"
_STEP_UP: Final = """
    UPDATE knowledge_versions SET state = 'live', activated_at = clock_timestamp() WHERE number = %(number)s
"""
_EVALUATE: Final = """
    UPDATE knowledge_versions SET evaluation = %(evaluation)s WHERE number = %(number)s RETURNING number
"""


class Versions:
    """The versions that there are, and what can be done with them.

    One version is live. Builds, activations and prunings wait for each other, whatever process they are in.
    Methods raise KnowledgeUnavailable when the store, an index or the embedding model does not answer, and
    VersionRefused for a version that there is not or that is not in a state for it.
    """

    def __init__(self, store: KnowledgeStore, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf

    async def list(self) -> Sequence[IndexVersion]:
        """All versions, oldest first, retired ones included."""
        return await stored_versions(self._store)

    async def live(self) -> IndexVersion | None:
        """The one that is searched; None before the first start."""
        rows = await self._store.rows(_LIVE, {})
        return _version(rows[0]) if rows else None

    async def live_before(self) -> Sequence[IndexVersion]:
        """Those that were live and can be so again, the last one first."""
        found = [
            (version.activated_at, version.number, version)
            for version in await self.list()
            if version.state is VersionState.READY and version.activated_at is not None
        ]
        return [version for *_, version in sorted(found, key=lambda each: each[:2], reverse=True)]

    async def get(self, number: int) -> IndexVersion:
        """The version of that number."""
        rows = await self._store.rows(_ONE, {"number": number})
        if not rows:
            raise VersionRefused(
                f"There is no version {number} of the index; list them to see which there are."
            )
        return _version(rows[0])

    async def live_or_first(self, recipe: Recipe) -> tuple[IndexVersion, bool]:
        """The live version, whatever its recipe, and whether it was made just now by this one, as the first.

        The first is live at once and filled while it is searched: there is nothing to search in its stead.
        """
        live = await self.live()
        if live is not None:
            return live, False
        made = await self._store.rows(_FIRST, {"recipe": Jsonb(recipe.model_dump(mode="json"))})
        return (await self.get(made[0]["number"]), True) if made else await self.live_or_first(recipe)

    async def create(self, recipe: Recipe | None = None, *, note: str | None = None) -> IndexVersion:
        """A version that is yet to be built, by this recipe or by that of the embedding model at hand."""
        values = {"recipe": Jsonb((recipe or self._shelf.recipe).model_dump(mode="json")), "note": note}
        made = await self._store.rows(_CREATE, values)
        return await self.get(made[0]["number"])

    async def build(
        self, number: int, progress: Callable[[IndexProgress], None] | None = None
    ) -> IndexVersion:
        """Bring a version up to the store, from where an earlier build of it came to; then it is ready."""
        async with self._store.exclusively(_BUILDING):
            version = await self._standing(number)
            async with self._shelf.opened(version) as opened:
                await opened.indexer.catch_up(progress)
                pairs = self._complete(version, await opened.indexer.state())
            await self._store.write(_READY, {"number": number, "pairs": pairs})
            return await self.get(number)

    async def build_fresh(
        self,
        progress: Callable[[IndexProgress], None] | None = None,
        *,
        model: str | None = None,
        passages: PassageSettings | None = None,
        low_tier: bool = True,
        note: str | None = None,
    ) -> IndexVersion:
        """Build a version by this recipe, with the embedding model at hand unless another is named.

        One of the same recipe and note that was broken off is gone on with. Raises ModelRefused, and makes no version
        then, for a model that cannot be loaded.
        """
        name = model or self._shelf.recipe.model
        try:
            async with self._shelf.lent(name) as embedder:
                recipe = Recipe(
                    model=embedder.name,
                    dimensions=embedder.dimensions,
                    passages=passages or PassageSettings(),
                    low_tier=low_tier,
                )
                version = await self._begun(recipe, note) or await self.create(recipe, note=note)
                return await self.build(version.number, progress)
        except ModelsError as error:
            raise ModelRefused(f"No index can be built with the embedding model {name}: {error}") from error

    async def objection(self, number: int) -> str | None:
        """What `activate` has against a version: it is not known to be as good as the live one; None: nothing."""
        return await asyncio.to_thread(objection_to, await self.get(number), await self.live())

    async def activate(
        self,
        number: int,
        progress: Callable[[IndexProgress], None] | None = None,
        *,
        anyway: bool = False,
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> IndexVersion:
        """Make a version the live one, at once for all processes, after it has caught up with the store.

        The one that was live stays as it is, for `rollback`. Refuses a version that was not built, and one that
        is behind the store or holds other pairs after all; unless it is done `anyway`, VersionUnproven is raised for
        one that `objection` has something against. `then` is called as soon as it is live, while its embedding
        model is still loaded.
        """
        async with self._store.exclusively(_BUILDING):
            version = await self._standing(number)
            objection = None if anyway else await self.objection(number)
            if objection is not None:
                raise VersionUnproven(f"{objection} {how_to_go_on(version, await self.live())}")
            return await self._activate(version, progress, then)

    async def rollback(
        self,
        progress: Callable[[IndexProgress], None] | None = None,
        *,
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> IndexVersion:
        """Make the version live again that was so before; once more, and the present one is. `then` as with `activate`."""
        async with self._store.exclusively(_BUILDING):
            before = await self.live_before()
            if not before:
                raise VersionRefused("No version that was live before is left to go back to.")
            return await self._activate(before[0], progress, then)

    async def prune(self, keep: int = 2) -> Sequence[int]:
        """Delete the indexes of all but `keep` versions, the live one among them; gives the numbers.

        Those that were live last are kept before those that never were. Versions that were made after the live
        one and never live are left alone: they are yet to be used. Raises ValueError for a `keep` below 1.
        """
        if keep < 1:
            raise ValueError(f"The live version is always kept, so keep at least 1, not {keep}.")
        async with self._store.exclusively(_BUILDING):
            versions = await self.list()
            live = next((version.number for version in versions if version.state is VersionState.LIVE), 0)
            used = sorted(
                (
                    version
                    for version in versions
                    if version.state is VersionState.READY and (version.activated_at or version.number < live)
                ),
                key=lambda version: (
                    version.activated_at is not None,
                    version.activated_at or version.created_at,
                    version.number,
                ),
            )
            spare = used[: max(0, len(used) - (keep - 1))]
            spare += [
                version
                for version in versions
                if version.state is VersionState.BUILDING and version.number < live
            ]
            for version in spare:
                await self._shelf.remove(version)
                await self._store.write(_RETIRE, {"number": version.number})
            return sorted(version.number for version in spare)

    async def store_evaluation(self, number: int, report: JsonValue) -> None:
        """Keep the report of its evaluation with a version."""
        rows = await self._store.rows(_EVALUATE, {"number": number, "evaluation": Jsonb(report)})
        if not rows:
            await self.get(number)  # says that there is none

    async def _begun(self, recipe: Recipe, note: str | None) -> IndexVersion | None:
        """The newest version of that recipe and note whose build was broken off."""
        for version in reversed(await self.list()):
            if version.state is VersionState.BUILDING and (version.recipe, version.note) == (recipe, note):
                return version
        return None

    async def _activate(
        self,
        version: IndexVersion,
        progress: Callable[[IndexProgress], None] | None,
        then: Callable[[], Awaitable[None]] | None,
    ) -> IndexVersion:
        number = version.number
        if version.state is VersionState.LIVE:
            return version
        if version.state is VersionState.BUILDING:
            raise VersionRefused(
                f"Version {number} has not been built to its end; build it, then activate it."
            )
        async with self._shelf.opened(version) as opened:
            await opened.indexer.catch_up(progress)
            self._complete(version, await opened.indexer.state())
            await self._store.write_all(((_STEP_DOWN, {}), (_STEP_UP, {"number": number})))
            if then is not None:
                await then()
        return await self.get(number)

    async def _standing(self, number: int) -> IndexVersion:
        version = await self.get(number)
        if version.state is VersionState.RETIRED:
            raise VersionRefused(
                f"The indexes of version {number} were deleted; create a version by the same recipe and build it."
            )
        return version

    def _complete(self, version: IndexVersion, states: Sequence[IndexState]) -> int:
        """How many pairs it holds. Refuses one that is behind the store or disagrees with it."""
        for state in states:
            if not state.current:
                raise VersionRefused(
                    f"The {state.index} index of version {version.number} is at revision {state.revision} and the "
                    f"store at {state.latest}: pairs are being stored faster than indexed. Try again later."
                )
            if state.pairs != state.wanted:
                raise VersionRefused(
                    f"The {state.index} index of version {version.number} holds {_counted(state.pairs)}, and the "
                    f"store {_counted(state.wanted)}. Build it again."
                )
        return sum(states[0].wanted.values())


async def stored_versions(store: KnowledgeStore) -> Sequence[IndexVersion]:
    """All versions, oldest first, retired ones included. Raises KnowledgeUnavailable."""
    return [_version(row) for row in await store.rows(_ALL, {})]


def _counted(pairs: Mapping[str, int]) -> str:
    return ", ".join(f"{count} pairs of {name}" for name, count in sorted(pairs.items())) or "no pairs"


def _version(row: Mapping[str, Any]) -> IndexVersion:
    return IndexVersion(
        **{
            **row,
            "state": VersionState(row["state"]),
            "recipe": Recipe.model_validate(row["recipe"]),
        }
    )
