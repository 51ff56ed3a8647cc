"""Approvals in PostgreSQL: what runs ask persons, and what these answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal  # Any: rows of the database

from psycopg.types.json import Jsonb
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from agents import Charter
from app.problems import Problem, ProblemError, ProblemField, problem, unfit
from app.runs.records import GOING_ON, RunView, storable
from graphs import Approval, Decision, check_arguments
from memory import Connection, Database, Owner, opened_json, sealed_json
from memory.privacy import Sealer

TOO_LATE: Final = "Nobody answered in time."
_ASK: Final = """
    INSERT INTO approvals (id, run_id, tenant_id, user_id, asked, requested_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_ANSWER: Final = "SELECT decision, expires_at <= now() AS late FROM approvals WHERE id = %s"
_OPEN: Final = """
    SELECT run_id, asked FROM approvals WHERE run_id = ANY(%s) AND answered_at IS NULL AND expires_at > now() ORDER BY id
"""
_ONE: Final = """
    SELECT asked, decision, expires_at <= now() AS late FROM approvals WHERE run_id = %s AND id = %s FOR UPDATE
"""


class ApprovalAnswer(BaseModel):
    """What a person answers to an approval."""

    model_config = ConfigDict(extra="forbid")

    approval_id: Annotated[str, Field(max_length=64)]
    decision: Literal["approve", "edit", "reject"]
    arguments: Annotated[
        dict[str, JsonValue] | None,
        Field(description="Of an edit: the arguments to call the tool with, all of them."),
    ] = None
    reason: Annotated[str, Field(max_length=2000, description="Of a rejection: why; the model reads it.")] = (
        ""
    )

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: JsonValue) -> JsonValue:
        return storable(value)

    @model_validator(mode="after")
    def _fits_its_decision(self) -> "ApprovalAnswer":
        if (self.decision == "edit") != (self.arguments is not None):
            raise ValueError("arguments belong to an edit, and an edit needs them")
        if self.reason and self.decision != "reject":
            raise ValueError("a reason belongs to a rejection")
        return self

    def as_decision(self) -> Decision:
        """As the run reads it."""
        return Decision(decision=self.decision, arguments=self.arguments, reason=self.reason)


class ApprovalStore:
    """Writes and reads approvals, each method those of one user. An outage raises MemoryUnavailable."""

    def __init__(self, database: Database, sealer: Sealer | None = None) -> None:
        """With a sealer that has a key arguments and answers are stored encrypted."""
        self._database = database
        self._sealer = sealer

    async def ask(self, owner: Owner, run_id: str, approval: Approval) -> Decision | None:
        """Write what is asked, unless it stands there; what was answered, which is a rejection once its time is over."""
        asked = await sealed_json(self._sealer, owner, approval.model_dump(mode="json"))
        values = (
            approval.id, run_id, owner.tenant_id, owner.user_id, Jsonb(asked), approval.requested_at, approval.expires_at
        )  # fmt: skip
        async with self._database.of(owner) as connection:
            await connection.execute(_ASK, values)
            (row,) = await (await connection.execute(_ANSWER, (approval.id,))).fetchall()
        if row["decision"]:
            return Decision.model_validate(await opened_json(self._sealer, owner, row["decision"]))
        return Decision(decision="reject", reason=TOO_LATE) if row["late"] else None

    async def open_of(self, owner: Owner, runs: Sequence[str]) -> dict[str, list[Approval]]:
        """By run what nobody has answered yet, in the order in which it was asked."""
        found: dict[str, list[Approval]] = {}
        if runs:
            async with self._database.of(owner) as connection:
                rows = await (await connection.execute(_OPEN, (list(runs),))).fetchall()
            for row in rows:
                asked = await opened_json(self._sealer, owner, row["asked"])
                found.setdefault(row["run_id"], []).append(Approval.model_validate(asked))
        return found

    async def get(self, owner: Owner, run_id: str, approval_id: str) -> Approval:
        """What is asked. Raises a ProblemError for an unknown run or approval."""
        async with self._database.of(owner) as connection:
            await self._status(connection, run_id)
            row = await self._one(connection, run_id, approval_id)
        return Approval.model_validate(await opened_json(self._sealer, owner, row["asked"]))

    async def answer(self, owner: Owner, run_id: str, answer: ApprovalAnswer) -> None:
        """Keep an answer. The same one again changes nothing.

        Raises a ProblemError: unknown_run, unknown_approval; approval_answered where another answer was given, or its
        time is over; run_not_active.
        """
        said = answer.as_decision()
        kept = await sealed_json(self._sealer, owner, said.model_dump(mode="json"))
        async with self._database.of(owner) as connection:
            status = await self._status(connection, run_id)
            row = await self._one(connection, run_id, answer.approval_id)
            if row["decision"]:
                before = Decision.model_validate(await opened_json(self._sealer, owner, row["decision"]))
                if before == said:
                    return
                detail = f"Approval {answer.approval_id} was answered before, with {before.decision}."
                raise ProblemError(problem("approval_answered", detail, run_id=run_id))
            if status not in GOING_ON:
                detail = f"Run {run_id} is {status} and waits for nothing."
                raise ProblemError(problem("run_not_active", detail, run_id=run_id))
            if row["late"]:
                detail = f"Approval {answer.approval_id} counts as rejected: its time is over."
                raise ProblemError(problem("approval_answered", detail, run_id=run_id))
            await connection.execute(
                "UPDATE approvals SET decision = %s, answered_at = now() WHERE id = %s",
                (Jsonb(kept), answer.approval_id),
            )

    async def _status(self, connection: Connection, run_id: str) -> str:
        """Locked, the run cannot be parked meanwhile: what is answered is either seen then, or has it go on."""
        cursor = await connection.execute("SELECT status FROM runs WHERE id = %s FOR UPDATE", (run_id,))
        rows = await cursor.fetchall()
        if not rows:
            raise ProblemError(problem("unknown_run", f"There is no run {run_id!r}."))
        return str(rows[0]["status"])

    async def _one(self, connection: Connection, run_id: str, approval_id: str) -> Mapping[str, Any]:
        rows = await (await connection.execute(_ONE, (run_id, approval_id))).fetchall()
        if not rows:
            detail = f"Run {run_id} has no approval {approval_id!r}; GET /v1/runs/{run_id} lists those that are open."
            raise ProblemError(problem("unknown_approval", detail, run_id=run_id))
        return rows[0]


def refuse_unfit(
    charters: Mapping[str, Charter], approval: Approval, arguments: Mapping[str, JsonValue]
) -> None:
    """Raises a ProblemError for arguments that do not fit the tool."""
    charter = charters.get(approval.agent)
    tool = next((each for each in charter.tools if each.name == approval.tool), None) if charter else None
    if tool is None:
        detail = f"{approval.agent} has no tool {approval.tool} any more; reject the call."
        raise ProblemError(problem("request_refused", detail))
    unknown = [name for name in arguments if name not in tool.args]
    if unknown:
        detail = f"{approval.tool} takes no {', '.join(unknown)}; it takes {', '.join(tool.args)}."
        fields = [ProblemField(field=name, message="no argument of the tool") for name in unknown]
        raise ProblemError(problem("invalid_request", detail, errors=fields))
    try:
        check_arguments(tool, arguments)
    except ValidationError as error:
        raise ProblemError(unfit(error.errors(), whole="arguments")) from error


def waits_for(run: RunView) -> Problem:
    """What is told to who waits for the end of a run that waits itself."""
    asked = ", ".join(f"{one.tool} ({one.id})" for one in run.approvals) or "a call"
    detail = f"The run waits for a person to allow {asked}: answer with POST /v1/runs/{run.id}/resume."
    return problem("approval_required", detail, run_id=run.id)


@dataclass
class RunApprovals:
    """Where one run asks; see `graphs.Approvals`."""

    store: ApprovalStore
    owner: Owner
    run_id: str
    open: dict[str, Approval] = field(default_factory=dict)
    """What it waits for."""

    async def answer_to(self, approval: Approval) -> Decision | None:
        """What a person said to it; None while nobody has."""
        said = await self.store.ask(self.owner, self.run_id, approval)
        if said is None:
            self.open[approval.id] = approval
        return said
