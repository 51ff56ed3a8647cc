"""Single sources as people look at them: how each was read, and what of it could not be taken as it stands."""

from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg.rows import DictRow

from knowledge.errors import KnowledgeError
from knowledge.readers import SourceKind
from knowledge.store import KnowledgeStore, SourceStatus, StoredSource

_FIELDS: Final[LiteralString] = """
    SELECT id, collection, name, kind, shape, sha256, status, declared, read, rejected, mismatched, reason,
           searches, successful_searches, researched_on, started_at, finished_at, remarks
    FROM knowledge_sources
"""
_CALLED: Final[LiteralString] = (
    f"{_FIELDS} WHERE (id = %(name)s OR name = %(name)s) AND status <> 'removed' ORDER BY collection, started_at"
)
_ONE: Final[LiteralString] = f"{_FIELDS} WHERE id = %(id)s AND status <> 'removed'"


class UnknownSource(KnowledgeError):
    """There is no source of that id or name."""


@dataclass(frozen=True, kw_only=True)
class KeptRemark:
    """Something in a source that could not be taken as it stands."""

    what: str
    """`rejected`: a pair that was not taken; `mismatched`: something that is not as the source declares it."""
    place: str
    """Where in the source, for people."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class SourceDetail(StoredSource):
    """A source with what was noted when it was last read, the first 1,000 of either kind."""

    remarks: tuple[KeptRemark, ...]


class SourceDetails:
    """Reads them from the store. Every method raises KnowledgeUnavailable when it does not answer."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store

    async def one(self, source: str) -> SourceDetail:
        """The source of that id. Raises UnknownSource."""
        rows = await self._store.rows(_ONE, {"id": source})
        if not rows:
            raise UnknownSource(f"there is no source {source!r}; the status of knowledge lists them")
        return _detail(rows[0])

    async def called(self, name: str) -> list[SourceDetail]:
        """The sources of that name, which several collections may have, or the one of that id. Raises UnknownSource."""
        rows = await self._store.rows(_CALLED, {"name": name})
        if not rows:
            raise UnknownSource(f"there is no source {name!r}; `freya knowledge status` lists them")
        return [_detail(row) for row in rows]


def _detail(row: DictRow) -> SourceDetail:
    return SourceDetail(
        **{
            **row,
            "kind": SourceKind(row["kind"]),
            "status": SourceStatus(row["status"]),
            "remarks": tuple(KeptRemark(**remark) for remark in row["remarks"]),
        }
    )
