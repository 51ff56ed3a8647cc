"""What runs made becomes findable: a record for each artifact, by its title, what was asked for, and what stands in it."""

import re
from datetime import timedelta
from typing import Any, Final  # rows of the database

from memory.consolidation.interfaces import Redact, Remembers, Unseal
from memory.database import Database
from memory.errors import KeyMissing
from memory.interfaces import Draft, Kind
from memory.locks import kept_from_erasing
from memory.owner import Owner

_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('record artifacts', 0)) AS mine"
_WAITING: Final = """
    SELECT artifact.id, artifact.tenant_id, artifact.user_id, artifact.project_id, artifact.agent, artifact.name,
           artifact.media_type, artifact.version, artifact.content, artifact.created_at, runs.thread_id, asked.id AS message_id,
           asked.content AS request
    FROM artifacts artifact JOIN runs ON runs.id = artifact.run_id
    LEFT JOIN messages asked ON asked.run_id = runs.id AND asked.role = 'user' AND asked.thread_id = runs.thread_id
    WHERE NOT artifact.recorded ORDER BY artifact.id LIMIT %s FOR KEY SHARE OF artifact
"""
_DONE: Final = "UPDATE artifacts SET recorded = true WHERE id = ANY(%s)"
_LETTERS: Final = re.compile(r"[^\W\d_]{3}")
_MEMBER: Final = re.compile(r'\s*\{?\s*"[^"]*"\s*:(.*)')
_LONGEST_TITLE, _LONGEST_REQUEST = 120, 400  # characters
_LOOKED_AT = 20  # lines of an artifact in which a title is looked for
_READ, _HEAD, _CONTENT = (
    65_536,
    600,
    1500,
)  # characters: of an artifact, of its beginning, and of all that is taken of it
_LONGEST_LINE = 160
_HEADING: Final = re.compile(
    r"\s*(?:#{1,6} |--+ |//+ |\*+ |(?:create\s+(?:table|view|type|function)|(?:async )?def|class|function|interface|enum)\b)"
    r'|\s*"(?:title|summary|description|operationId|name)"\s*:',
    re.IGNORECASE,
)
"""What headings, comments, names of tables and of code, and titles in JSON begin with."""


class ArtifactRecorder:
    """Remembers artifacts that have no record yet. A newer version of a name supersedes the older one's record."""

    def __init__(
        self,
        database: Database,
        records: Remembers,
        *,
        unseal: Unseal | None = None,
        redact: Redact | None = None,
    ) -> None:
        """`redact` gives a text without what must not be remembered; `unseal` opens what may be stored encrypted."""
        self._database = database
        self._records = records
        self._unseal = unseal
        self._redact = redact or (lambda text: text)

    async def record_due(self, limit: int = 50) -> int:
        """Remember at most so many, of all users, oldest first; gives how many were looked at.

        Broken off it begins again; what was kept is not kept twice. Raises MemoryUnavailable.
        """
        async with self._database.of_all() as connection:
            cursor = await connection.execute(_LOCK)
            if not (await cursor.fetchall())[0]["mine"]:
                return 0
            cursor = await connection.execute(_WAITING, (limit,))
            rows = await cursor.fetchall()
            done = []
            for row in rows:
                owner = Owner(row["user_id"], row["tenant_id"])
                if not await kept_from_erasing(connection, owner):
                    continue
                try:
                    draft = await self._draft(owner, row)
                except KeyMissing:  # nor can anybody read it
                    draft = None
                if draft is not None:
                    await self._records.remember(owner, [draft])
                done.append(row["id"])
            await connection.execute(_DONE, (done,))
        return len(done)

    async def _draft(self, owner: Owner, row: dict[str, Any]) -> Draft:
        content = await self._opened(owner, row["content"])
        title = self._redact(title_of_artifact(content))
        shared = row["project_id"] is not None
        text = f"Made {row['name']}{f': {title}' if title else ''}."
        if row["request"] and not shared:  # what was said is nobody's but the user's own
            asked = " ".join(self._redact(await self._opened(owner, row["request"])).split())
            text += f" Asked for: {_cut(asked, _LONGEST_REQUEST)}"
        if inside := content_of_artifact(content, title):
            text += f"\nIn it:\n{self._redact(inside)}"
        return Draft(
            kind=Kind.ARTIFACT,
            text=text,
            slot=f"artifact:{row['project_id'] or row['thread_id']}:{row['name']}"[:200],
            value=row["id"],
            details={name: row[name] for name in ("name", "version", "media_type")} | {"artifact": row["id"]},
            confidence=0.9,
            sources=(row["message_id"],) if row["message_id"] else (),
            said_at=row["created_at"] + timedelta(microseconds=row["version"]),  # of several of one run
            project_id=row["project_id"],
            thread_id=row["thread_id"],
            agent=row["agent"],
            origin_key=row["id"],
        )

    async def _opened(self, owner: Owner, text: str) -> str:
        return text if self._unseal is None else await self._unseal(owner, text)


def title_of_artifact(content: str) -> str:
    """The first of its lines that says something in words, without marks of headings and comments; empty for none.

    Of JSON the first value that does.
    """
    for line in content.splitlines()[:_LOOKED_AT]:
        member = _MEMBER.match(line)
        said = (member[1] if member else line).strip(" \t#/*<>!-=_|{}[]()\"',;:")
        if _LETTERS.search(said):
            return _cut(" ".join(said.split()), _LONGEST_TITLE)
    return ""


def content_of_artifact(content: str, title: str = "") -> str:
    """Lines by which an artifact is found beside its title: its beginning, then its headings; 1,500 characters at most."""
    lines = [" ".join(line.split()) for line in content[:_READ].splitlines() if _LETTERS.search(line)]
    wanted = [line for line in lines if not title or title_of_artifact(line) != title]
    taken: dict[str, None] = {}
    left = _CONTENT
    for number, line in enumerate(wanted):
        short = _cut(line, _LONGEST_LINE)
        beginning = number == len(taken) and _CONTENT - left < _HEAD
        if short in taken or not (beginning or _HEADING.match(line)):
            continue
        if len(short) >= left:
            break
        taken[short] = None
        left -= len(short) + 1
    return "\n".join(taken)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + "…"
