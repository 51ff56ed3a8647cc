"""What the interaction log tells of how work goes: performance of agents, practices that did well, what is asked again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol  # rows of the database

import structlog

from memory.database import Database
from memory.errors import KeyMissing
from memory.interfaces import Draft, Kind
from memory.locks import kept_from_erasing
from memory.owner import Owner

_log = structlog.get_logger(__name__)
REPEATED: Final = 3
"""Runs in which a tool was called for one, from which that is a pattern."""
WELL_RATED, RATINGS = 4.0, 2
"""The mean rating, of 1 to 5, and the number of rated runs, from which a tool is a good practice."""

_CHANGED: Final = """
    SELECT tenant_id, user_id, max(interaction) AS interaction, max(feedback) AS feedback FROM (
        SELECT tenant_id, user_id, id AS interaction, 0 AS feedback FROM interactions WHERE id > %(interaction)s
        UNION ALL SELECT tenant_id, user_id, 0, id FROM feedback WHERE id > %(feedback)s
    ) AS newer GROUP BY tenant_id, user_id ORDER BY tenant_id, user_id
"""
_RUNS: Final = """
    WITH run AS (
        SELECT run_id, outcome = 'answered' AS completed, record, created_at, (
            SELECT rating FROM feedback WHERE feedback.run_id = interactions.run_id AND rating IS NOT NULL
                AND feedback.tenant_id = %(tenant)s AND feedback.user_id = %(user)s ORDER BY id DESC LIMIT 1) AS rating
        FROM interactions WHERE tenant_id = %(tenant)s AND user_id = %(user)s
    )
"""
_AGENTS: Final = f"""
    {_RUNS}, used AS (
        SELECT use ->> 'agent' AS agent, count(*) AS calls, count(*) FILTER (WHERE use ->> 'failed' = 'true') AS failed
        FROM run, jsonb_array_elements(record -> 'tool_uses') AS use GROUP BY 1
    )
    SELECT agent, count(*) AS runs, count(*) FILTER (WHERE completed) AS completed, max(created_at) AS at,
           avg(rating)::float8 AS rating, count(rating) AS ratings,
           coalesce(max(used.calls), 0) AS calls, coalesce(max(used.failed), 0) AS failed
    FROM run CROSS JOIN jsonb_array_elements_text(record -> 'agents') AS called (agent) LEFT JOIN used USING (agent)
    WHERE position('/' IN agent) = 0 GROUP BY agent ORDER BY agent
"""  # noqa: S608  # texts of this module
_TOOLS: Final = f"""
    {_RUNS}, used AS (
        SELECT DISTINCT run_id, completed, rating, created_at, use ->> 'agent' AS agent, use ->> 'name' AS tool
        FROM run, jsonb_array_elements(record -> 'tool_uses') AS use
    )
    SELECT agent, tool, count(*) AS runs, count(*) FILTER (WHERE completed) AS completed, max(created_at) AS at,
           avg(rating)::float8 AS rating, count(rating) AS ratings,
           (array_agg(run_id ORDER BY run_id DESC) FILTER (WHERE rating >= {WELL_RATED}))[1:10] AS evidence
    FROM used GROUP BY agent, tool ORDER BY agent, tool
"""  # noqa: S608  # texts and figures of this module


class KeepsFigures(Protocol):
    """Where figures go: one record a slot, updated in place. An outage raises MemoryUnavailable."""

    async def keep_figures(self, owner: Owner, drafts: Sequence[Draft]) -> None:
        """Keep what the drafts say in place of what their slots held."""
        ...


class OutcomeRecorder:
    """Counts the log of each user anew whenever there is more of it, and keeps what it tells; all of it may be done again."""

    def __init__(self, database: Database, records: KeepsFigures) -> None:
        self._database = database
        self._records = records
        self._read = {"interaction": 0, "feedback": 0}

    async def record_due(self) -> int:
        """Do it for all users with new runs or feedback since the last time; gives for how many. Raises MemoryUnavailable."""
        async with self._database.of_all() as connection:
            cursor = await connection.execute(_CHANGED, self._read)
            changed = await cursor.fetchall()
        behind = False
        for row in changed:
            behind |= not await self._record(Owner(row["user_id"], row["tenant_id"]))
        if not behind:
            for name, read in self._read.items():
                self._read[name] = max([read, *(row[name] for row in changed)])
        return len(changed)

    async def _record(self, owner: Owner) -> bool:
        """Whether it was done; not while the user is erased."""
        async with self._database.of_all() as connection:
            if not await kept_from_erasing(connection, owner):
                return False
            whose = {"tenant": owner.tenant_id, "user": owner.user_id}
            agents = await (await connection.execute(_AGENTS, whose)).fetchall()
            tools = await (await connection.execute(_TOOLS, whose)).fetchall()
            drafts = [_performance(row) for row in agents]
            drafts += [_pattern(row) for row in tools if row["runs"] >= REPEATED]
            drafts += [
                _practice(row) for row in tools if row["ratings"] >= RATINGS and row["rating"] >= WELL_RATED
            ]
            if drafts:
                try:
                    await self._records.keep_figures(owner, drafts)
                except KeyMissing as error:  # what stands in the slots cannot be read by anybody
                    _log.warning("figures could not be kept", owner=str(owner), error=str(error))
        return True


def _performance(row: dict[str, Any]) -> Draft:
    text = f"{row['agent']} completed {row['completed']} of {row['runs']} runs"
    text += f", {row['failed']} of {row['calls']} tool calls failed" if row["calls"] else ""
    text += f", rated {row['rating']:.1f} of 5 in the mean of {row['ratings']}" if row["ratings"] else ""
    names = ("runs", "completed", "calls", "failed", "rating", "ratings")
    return _draft(Kind.PERFORMANCE, row["agent"], f"{text}.", row, names, row["runs"])


def _pattern(row: dict[str, Any]) -> Draft:
    text = f"Asks {row['agent']} for {row['tool']} again and again: in {row['runs']} runs, {row['completed']} of them completed."
    figures = {**row, "uses": row["runs"], "successes": row["completed"]}
    return _draft(
        Kind.PATTERN, f"{row['agent']}:{row['tool']}", text, figures, ("uses", "successes"), row["runs"]
    )


def _practice(row: dict[str, Any]) -> Draft:
    text = f"Using {row['tool']} of {row['agent']} did well: rated {row['rating']:.1f} of 5 in the mean of {row['ratings']} runs."
    names = ("rating", "ratings", "evidence")
    return _draft(Kind.PRACTICE, f"{row['agent']}:{row['tool']}", text, row, names, row["ratings"])


def _draft(kind: Kind, of: str, text: str, row: dict[str, Any], names: Sequence[str], cases: int) -> Draft:
    """Figures of so many cases; the confidence is by the rule of succession (Laplace 1814), of cases that all bear it out."""
    at: datetime = row["at"]
    return Draft(
        kind=kind,
        text=text,
        slot=f"{kind.value}:{of}"[:200],
        details={name: row[name] for name in names},
        confidence=(cases + 1) / (cases + 2),
        said_at=at,
        agent=row["agent"],
    )
