"""Every error of the packages below, mapped to the problem that a client gets."""

import psycopg
from langgraph.errors import NodeTimeoutError
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from agents import UnknownAgent
from app.access import UnknownKey
from app.agents_service import DeploymentRefused
from app.agents_store import AgentUnknown
from app.problems import Problem, ProblemError, problem
from graphs import RequestRefused, StepFailed
from knowledge import (
    CatalogueInvalid,
    CatalogueRefused,
    FormatUnavailable,
    KnowledgeUnavailable,
    UnknownJob,
    UnknownPair,
    UnknownSource,
    UnknownTopic,
    VersionRefused,
    VersionUnproven,
)
from knowledge.evaluation import NotEvaluated
from memory import (
    ImportRefused,
    KeyMissing,
    MemoryUnavailable,
    OwnerInvalid,
    StillRunning,
    UnknownProject,
    UnknownRecord,
    UnknownThread,
)
from memory.interactions import ExportUnavailable
from models import ChatModelUnavailable, EmbeddingUnavailable

_LATER = "Try again in a moment; /readyz says what does not answer."
_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (RequestRefused, "request_refused"),
    (UnknownAgent, "unknown_agent"),
    (AgentUnknown, "unknown_design"),
    (DeploymentRefused, "deployment_refused"),
    (UnknownKey, "unknown_key"),
    (UnknownThread, "unknown_thread"),
    (UnknownRecord, "unknown_memory"),
    (UnknownProject, "unknown_project"),
    (StillRunning, "thread_busy"),
    (OwnerInvalid, "invalid_user"),
    (ImportRefused, "import_refused"),
    (ExportUnavailable, "request_refused"),
    (FormatUnavailable, "request_refused"),
    (KeyMissing, "key_missing"),
    (UnknownPair, "unknown_pair"),
    (UnknownJob, "unknown_job"),
    (UnknownTopic, "unknown_topic"),
    (UnknownSource, "unknown_source"),
    (CatalogueInvalid, "request_refused"),
    (CatalogueRefused, "catalogue_refused"),
    (NotEvaluated, "not_evaluated"),
    (VersionUnproven, "version_unproven"),
    (VersionRefused, "version_refused"),
    (KnowledgeUnavailable, "knowledge_unavailable"),
    (MemoryUnavailable, "memory_unavailable"),
    (EmbeddingUnavailable, "model_unavailable"),
    (ChatModelUnavailable, "model_unavailable"),
    (NodeTimeoutError, "timeout"),
    (StepFailed, "timeout"),
    (TimeoutError, "timeout"),
    (PoolTimeout, "memory_unavailable"),
    (psycopg.OperationalError, "memory_unavailable"),
    (psycopg.InterfaceError, "memory_unavailable"),
    (RedisError, "events_unavailable"),
)
_SPEAK_FOR_THEMSELVES = frozenset(
    {
        "request_refused",
        "unknown_agent",
        "unknown_design",
        "deployment_refused",
        "unknown_key",
        "unknown_thread",
        "unknown_pair",
        "unknown_job",
        "unknown_topic",
        "unknown_source",
        "catalogue_refused",
        "not_evaluated",
        "version_refused",
        "version_unproven",
        "unknown_memory",
        "thread_busy",
        "unknown_project",
        "invalid_user",
        "import_refused",
        "key_missing",
    }
)
_DETAILS = {
    "knowledge_unavailable": f"The knowledge store or one of its indexes does not answer. {_LATER}",
    "memory_unavailable": f"The database does not answer. {_LATER}",
    "model_unavailable": f"No configured model answers. {_LATER}",
    "events_unavailable": f"Redis does not answer. {_LATER}",
    "timeout": "A step took longer than it may. Try again, or ask for less at once.",
}


def as_problem(error: BaseException, *, run_id: str | None = None) -> Problem | None:
    """The problem that an error means to a client; None where it is a defect of ours."""
    if isinstance(error, ProblemError):
        return error.problem.model_copy(update={"run_id": error.problem.run_id or run_id})
    if isinstance(error, psycopg.errors.ForeignKeyViolation):
        return problem("unknown_thread", "The thread was deleted while this was going on.", run_id=run_id)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
    if code is None:
        return None
    detail = str(error) if code in _SPEAK_FOR_THEMSELVES else _DETAILS[code]
    return problem(code, detail, run_id=run_id)


def internal(run_id: str | None = None) -> Problem:
    """The problem for a defect of ours: says nothing of the inside but where to look."""
    return problem(
        "internal_error",
        "The service met an error it did not expect; its log holds the details.",
        run_id=run_id,
    )
