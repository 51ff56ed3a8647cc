"""Turns of a thread as they are read from PostgreSQL: of runs, and of what was imported."""

from collections.abc import Sequence
from typing import Final

from psycopg.rows import DictRow

from memory.interfaces import ToolUse, Turn

ANSWERED: Final = """
    SELECT answer.id, answer.run_id, asked.content AS request, answer.content AS answer, answer.details, answer.created_at AS at,
        answer.withheld IS TRUE OR asked.withheld IS TRUE AS withheld
    FROM messages answer
    JOIN messages asked ON asked.thread_id = answer.thread_id AND asked.run_id = answer.run_id AND asked.role = 'user'
    WHERE answer.thread_id = %s AND answer.role = 'assistant' AND answer.run_id IS NOT NULL
    ORDER BY answer.id DESC LIMIT %s
"""
"""The newest answers of a thread, with what was asked."""
IMPORTED: Final = """
    SELECT id, role, content, created_at, withheld IS TRUE AS withheld FROM messages WHERE thread_id = %s AND run_id IS NULL ORDER BY id DESC LIMIT %s
"""
"""The newest messages of a thread that no run made."""


def imported_turns(said: Sequence[DictRow], *, whole: bool) -> list[Turn]:
    """Messages that no run made, in order, as turns; the first is left out where its beginning is not there.

    A turn is named after its last message, so that more of a history makes another of it, and has the time of its first.
    """
    groups: list[list[DictRow]] = []
    for row in said:
        if groups and not (row["role"] == "user" and groups[-1][-1]["role"] != "user"):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [
        Turn(
            run_id=group[-1]["id"],
            request="\n".join(row["content"] for row in group if row["role"] == "user"),
            answer="\n".join(row["content"] for row in group if row["role"] != "user"),
            at=group[0]["created_at"],
            withheld=any(row["withheld"] for row in group),
        )
        for group in (groups if whole or len(groups) == 1 else groups[1:])
    ]


def answered_turn(row: DictRow) -> Turn:
    """The turn of an answer's row."""
    details = row["details"]
    return Turn(
        run_id=row["run_id"],
        request=row["request"],
        answer=row["answer"],
        agents=tuple(details.get("agents", ())),
        tool_uses=tuple(ToolUse.model_validate(use) for use in details.get("tool_uses", ())),
        at=row["at"],
        withheld=row["withheld"],
    )
