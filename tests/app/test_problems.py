"""Every error of the packages is a problem that says what to do, and never what is inside."""

import psycopg
import pytest
from langgraph.errors import NodeTimeoutError
from psycopg_pool import PoolTimeout
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow

from agents import UnknownAgent
from app.errors import as_problem, internal
from app.http.replies import problem_response
from app.problems import CODES, ProblemError, ProblemField, dumped, problem
from graphs import RequestRefused, StepFailed
from knowledge import KnowledgeUnavailable
from memory import MemoryUnavailable, UnknownThread
from models import ChatModelUnavailable, EmbeddingUnavailable

SECRET = "/srv/freya/secret?password=hunter2"  # noqa: S105  # what must not be told


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (KnowledgeUnavailable(SECRET), 503, "knowledge_unavailable"),
        (MemoryUnavailable(SECRET), 503, "memory_unavailable"),
        (EmbeddingUnavailable(SECRET), 503, "model_unavailable"),
        (ChatModelUnavailable(SECRET), 503, "model_unavailable"),
        (StepFailed(SECRET), 504, "timeout"),
        (TimeoutError(SECRET), 504, "timeout"),
        (PoolTimeout(SECRET), 503, "memory_unavailable"),
        (psycopg.OperationalError(SECRET), 503, "memory_unavailable"),
        (psycopg.InterfaceError(SECRET), 503, "memory_unavailable"),
        (psycopg.errors.ForeignKeyViolation(SECRET), 404, "unknown_thread"),
        (RedisGone(SECRET), 503, "events_unavailable"),
        (RedisSlow(SECRET), 503, "events_unavailable"),
    ],
)
def test_outage_is_a_problem_without_its_inside(error, status, code):
    found = as_problem(error, run_id="run_1")
    assert found is not None
    assert (found.status, found.code, found.run_id) == (status, code, "run_1")
    assert "hunter2" not in found.detail
    assert code in CODES


def test_step_that_takes_too_long_is_a_timeout():
    found = as_problem(NodeTimeoutError("act", 1.0, kind="run", run_timeout=1.0))
    assert found is not None
    assert found.code == "timeout"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RequestRefused("the message is empty."), "request_refused"),
        (UnknownAgent("there is no agent 'x'"), "unknown_agent"),
        (UnknownThread("there is no thread 'thr_x'"), "unknown_thread"),
    ],
)
def test_what_the_client_did_wrong_is_told_in_the_words_of_the_error(error, code):
    found = as_problem(error)
    assert found is not None
    assert (found.code, found.detail) == (code, str(error))


def test_known_problem_keeps_its_run():
    known = ProblemError(problem("thread_busy", "Run run_1 is going on.", run_id="run_1"))
    assert as_problem(known, run_id="run_2") == known.problem
    without = as_problem(ProblemError(problem("overloaded", "Later.")), run_id="run_2")
    assert without is not None
    assert without.run_id == "run_2"


def test_defect_is_no_known_problem_and_told_as_internal():
    assert as_problem(KeyError(SECRET)) is None
    assert internal("run_1").run_id == "run_1"
    assert internal().status == 500


def test_problem_says_only_what_it_knows():
    assert set(dumped(problem("not_found", "Nothing."))) == {"type", "title", "status", "code", "detail"}
    full = dumped(
        problem("invalid_request", "x", run_id="run_1", errors=[ProblemField(field="a", message="b")])
    )
    assert full["errors"] == [{"field": "a", "message": "b"}]


@pytest.mark.parametrize("code", CODES)
def test_response_carries_what_its_status_calls_for(code):
    response = problem_response(problem(code, "Detail."))
    assert response.media_type == "application/problem+json"
    assert ("retry-after" in response.headers) == (response.status_code == 503)
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)
