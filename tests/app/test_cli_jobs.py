"""`freya knowledge jobs`, and jobs that a service carries out while the command watches."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.cli import ordering, waiting
from app.embedded import running_instance
from knowledge import KnowledgeUnavailable
from knowledge.jobs import Job, JobStore
from knowledge.refinery import Refiner
from tests.app.cli_data import data, freya, pairs, seed, surroundings
from tests.app.cli_pipeline import (
    as_json,
    done,
    imported,
    nothing_known,
    quickly,
    twins,
)
from tests.app.cli_service import ScriptedService, serving

__all__ = ["data", "nothing_known", "pairs", "quickly", "seed", "surroundings", "twins"]


def test_ctrl_c_cancels_a_job_and_lets_go_of_the_folder(
    data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch
):
    async def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    imported(data, twins)
    monkeypatch.setattr(Refiner, "run", interrupted)
    assert freya(data, "knowledge", "refine").exit_code == 130
    assert asyncio.run(running_instance(data)) is None
    assert as_json(data, "jobs")[0]["state"] == "cancelled"


def test_a_job_that_fails_says_why_and_what_to_do(data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch):
    async def away(*_: object, **__: object) -> None:
        raise KnowledgeUnavailable("The index is away.")

    imported(data, twins)
    monkeypatch.setattr(Refiner, "run", away)
    result = freya(data, "knowledge", "refine")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "freya: The index is away. What was done is kept: start the job again" in result.stderr
    (job,) = as_json(data, "jobs")
    shown = done(freya(data, "knowledge", "jobs", job["id"]))
    assert "state      failed" in shown
    assert "error      The index is away." in shown


def test_jobs_are_listed_shown_and_cancelled(data: Path, twins: Path):
    imported(data, twins)
    assert "there are no jobs" in freya(data, "knowledge", "jobs").stderr
    ordered = freya(data, "knowledge", "refine", "--no-wait", "--topics-again")
    job = done(ordered).strip()
    assert f"freya knowledge jobs {job}" in ordered.stderr
    lines = done(freya(data, "knowledge", "jobs")).splitlines()
    assert lines[0].split() == ["JOB", "KIND", "STATE", "REACHED", "ORDERED"]
    assert lines[1].split()[:3] == [job, "refine", "queued"]
    assert "arguments  topics_again=True" in done(freya(data, "knowledge", "jobs", job))
    assert as_json(data, "jobs", job, "--cancel")["state"] == "cancelled"
    again = freya(data, "knowledge", "jobs", job, "--cancel")
    assert again.exit_code == 1
    assert "is cancelled and cannot be cancelled" in again.stderr


@contextlib.contextmanager
def carried_out_elsewhere(url: str, *states: str) -> Iterator[None]:
    """A service that takes each job that is ordered, and leads it through these states."""
    end = threading.Event()

    def carry() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for state in states:
                changed = 0
                while not changed and not end.is_set():
                    changed = connection.execute(
                        "UPDATE knowledge_jobs SET state = %s, step = 'measuring', done = 3, total = 4,"
                        " heartbeat_at = now(), error = CASE WHEN %s = 'failed' THEN 'It is broken.' END,"
                        ' result = \'{"placed": 1, "unplaced": 0, "measured": 4, "compared": 4, "linked": 0,'
                        ' "released": 0, "tiers": []}\'',
                        (state, state),
                    ).rowcount
                    end.wait(0.05)

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(10)


def test_a_running_service_carries_the_job_out_and_the_command_watches(
    data: Path, twins: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "_EVERY_S", 0.0)
    imported(data, twins)
    with serving(data, ScriptedService()), carried_out_elsewhere(database_url, "running", "finished"):
        result = freya(data, "knowledge", "refine")
    assert result.exit_code == 0
    assert "measuring: 3 of 4 pairs" in result.stderr
    assert "pairs       4 measured, 4 compared" in result.stdout
    assert not (data / "chroma").exists()


@pytest.mark.parametrize(
    ("state", "said"), [("failed", "It is broken."), ("cancelled", "the job was cancelled; what it did")]
)
def test_a_job_that_comes_to_nothing_elsewhere_ends_with_1(
    data: Path, twins: Path, database_url: str, state: str, said: str
):
    imported(data, twins)
    with serving(data, ScriptedService()), carried_out_elsewhere(database_url, state):
        result = freya(data, "knowledge", "refine")
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_when_the_service_ends_the_command_goes_on_itself(
    data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch
):
    imported(data, twins)
    service = serving(data, ScriptedService())
    service.__enter__()
    get = JobStore.get
    looks = 0

    async def end_meanwhile(store: JobStore, job: str) -> Job:
        nonlocal looks
        looks += 1
        if looks == 3:
            await asyncio.to_thread(service.__exit__, None, None, None)
        return await get(store, job)

    monkeypatch.setattr(JobStore, "get", end_meanwhile)
    assert "4 measured" in done(freya(data, "knowledge", "refine"))


def test_a_process_that_carries_out_no_jobs_is_not_waited_for_for_ever(
    data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ordering, "_UNTAKEN_S", 0.0)
    imported(data, twins)
    with serving(data, ScriptedService(), announced=False):
        result = freya(data, "knowledge", "refine")
        assert as_json(data, "jobs")[0]["state"] == "cancelled"
    assert result.exit_code == 1
    assert "does not carry out jobs" in result.stderr
