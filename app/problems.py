"""Problems: what goes wrong at a door, as RFC 9457 has it, and never a stack, a path or a secret."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

_NAMESPACE = "urn:freya:problem:"
_MOST_FIELDS = 20
_DEEPEST = 8


class ProblemField(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """The body of an error response, `application/problem+json` (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="`urn:freya:problem:` and the code.")
    title: str
    status: int
    code: str = Field(
        description="A stable name of the problem, for programs.",
        json_schema_extra=lambda schema: schema.update(enum=list(CODES)),
    )
    detail: str = Field(description="What was wrong and what to do.")
    run_id: str | None = None
    retry_after_s: int | None = Field(default=None, description="When to try again, in seconds.")
    errors: list[ProblemField] = []


class ProblemError(Exception):
    """An error whose problem is known already."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


_TITLES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request is not valid"),
    "invalid_json": (400, "The body is not JSON"),
    "unauthorized": (401, "An API key is needed"),
    "forbidden": (403, "Not allowed"),
    "not_found": (404, "Not found"),
    "unknown_key": (404, "No such API key"),
    "unknown_thread": (404, "No such thread"),
    "unknown_run": (404, "No such run"),
    "unknown_approval": (404, "No such approval"),
    "unknown_artifact": (404, "No such artifact"),
    "unknown_attachment": (404, "No such attachment"),
    "unknown_pair": (404, "No such pair"),
    "unknown_job": (404, "No such job"),
    "unknown_version": (404, "No such version"),
    "unknown_topic": (404, "No such topic"),
    "unknown_source": (404, "No such source"),
    "not_evaluated": (404, "The version was not evaluated"),
    "unknown_memory": (404, "Nothing of that id is remembered"),
    "unknown_design": (404, "No such designed agent or version"),
    "unknown_project": (404, "No such project"),
    "unknown_model": (404, "No such model"),
    "method_not_allowed": (405, "Method not allowed"),
    "thread_busy": (409, "The thread is busy"),
    "idempotency_conflict": (409, "The idempotency key belongs to another request"),
    "run_not_active": (409, "The run has ended"),
    "approval_required": (409, "The run waits for a person"),
    "approval_answered": (409, "The approval was answered before"),
    "job_not_active": (409, "The job has ended"),
    "catalogue_refused": (409, "The catalogue cannot be changed so"),
    "version_refused": (409, "The version is not in a state for it"),
    "version_unproven": (409, "The version is not known to be as good as the live one"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_encoding": (415, "The body is compressed"),
    "unsupported_media_type": (415, "The kind of file is not supported"),
    "attachment_refused": (422, "The file cannot be attached"),
    "invalid_request": (422, "The request does not fit its schema"),
    "request_refused": (422, "The request cannot be worked on"),
    "deployment_refused": (422, "The agent cannot be deployed"),
    "unknown_agent": (422, "No such agent"),
    "invalid_user": (422, "No user can have that name"),
    "import_refused": (422, "What was sent cannot be taken in"),
    "rate_limited": (429, "Too much was asked for"),
    "key_missing": (503, "The key to what is encrypted is missing"),
    "cancelled": (409, "The run was cancelled"),
    "upload_failed": (507, "The file cannot be kept"),
    "internal_error": (500, "Something went wrong inside"),
    "interrupted": (503, "The run was interrupted"),
    "overloaded": (503, "Too many runs at once"),
    "stopping": (503, "The service is stopping"),
    "knowledge_unavailable": (503, "Knowledge does not answer"),
    "memory_unavailable": (503, "The memory store does not answer"),
    "model_unavailable": (503, "No model answers"),
    "events_unavailable": (503, "The event store does not answer"),
    "timeout": (504, "It took too long"),
}
CODES: tuple[str, ...] = tuple(_TITLES)


def problem(
    code: str,
    detail: str,
    *,
    run_id: str | None = None,
    retry_after_s: int | None = None,
    errors: list[ProblemField] | None = None,
) -> Problem:
    """The problem with a code of `CODES`."""
    status, title = _TITLES[code]
    return Problem(
        type=_NAMESPACE + code,
        title=title,
        status=status,
        code=code,
        detail=detail,
        run_id=run_id,
        retry_after_s=retry_after_s,
        errors=errors or [],
    )


def unfit(errors: Iterable[Mapping[str, Any]], *, whole: str) -> Problem:  # Any: pydantic's error details
    """The problem of what does not fit its schema: in which fields, without repeating their values.

    `whole` is what an error without a field is of. Of very many errors, and of deep places, the beginning is told.
    """
    fields = [
        ProblemField(field=_place(item["loc"]) or whole, message=item["msg"].removeprefix("Value error, "))
        for item in islice(errors, _MOST_FIELDS)
    ]
    return problem(
        "invalid_request", "; ".join(f"{one.field}: {one.message}" for one in fields), errors=fields
    )


def _place(loc: Sequence[str | int]) -> str:
    place = ".".join(map(str, loc[:_DEEPEST]))
    return f"{place}…" if len(loc) > _DEEPEST else place


def dumped(problem: Problem) -> dict[str, JsonValue]:
    """The problem as JSON, without what it does not say."""
    return problem.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
