"""`freya knowledge` refine, gaps, topics, show, export and jobs, on real stores, with a service and without."""

import asyncio
import contextlib
import csv
import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON

import psycopg
import pytest
from typer.testing import Result

from app.cli import exporting, ordering, waiting
from app.embedded import running_instance
from knowledge import KnowledgeUnavailable, Versions, writers
from knowledge.exporting import ExportedPair
from knowledge.jobs import Job, JobStore
from knowledge.refinery import Refiner
from tests.app.cli_data import data, freya, pairs, seed, stock, surroundings
from tests.app.cli_service import ScriptedService, serving

__all__ = ["data", "pairs", "seed", "surroundings"]

_ROOT = Path(__file__).parents[2]
SLUG = "relative-strength-index"
_ANSWER = (
    "The relative strength index measures the momentum of bitcoin from 0 to 100. For example, 100 * 0.05 = 5. "
    "A trader enters above 30 and exits below 70; however, in a trend it gives false signals."
)


def asked(number: int, verb: str = "do") -> str:
    return f"How {verb} traders use the RSI in setup {number}?"


def pair_line(question: str, answer: str = _ANSWER, topic: str = "RSI", **more: Any) -> str:
    return json.dumps({"topic": topic, "category": "C", "question": question, "answer": answer, **more})


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_POLL_S", 0.01)
    monkeypatch.setattr("app.jobs.runner._BEAT_S", 0.02)


@pytest.fixture(autouse=True)
def _nothing_known(database_url: str) -> None:
    """Each test begins with an empty store."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE knowledge_sources, knowledge_topics, knowledge_jobs, knowledge_versions RESTART IDENTITY CASCADE"
        )


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """Three pairs on the RSI, of which two say the same, and one on nothing of the catalogue."""
    file = tmp_path / "twins.jsonl"
    lines = [
        pair_line(asked(1), difficulty="beginner", tags=["momentum", "entry"]),
        pair_line(asked(1, "should")),
        pair_line(
            "What does the RSI divide?", "The mean gain by the mean loss, over 14 periods of the chart."
        ),
        pair_line("What is the colour of the house?", "It is green, and has been so for years.", "Houses"),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def imported(data: Path, file: Path, collection: str = "technical") -> None:
    assert freya(data, "knowledge", "import", "--no-wait", "--collection", collection, file).exit_code == 0


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(data: Path, *arguments: str | Path) -> Any:
    return json.loads(done(freya(data, "knowledge", *arguments, "--json")))


def exported(data: Path, file: Path, *options: str) -> list[dict[str, Any]]:
    done(freya(data, "knowledge", "export", file, *options))
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_refinement_says_what_it_did_and_does_nothing_twice(data: Path, twins: Path):
    imported(data, twins)
    lines = done(freya(data, "knowledge", "refine")).splitlines()
    assert lines[0] == "topics      1 placed, 1 nowhere in the catalogue"
    assert lines[1] == "pairs       4 measured, 4 compared"
    assert lines[2] == "duplicates  1 linked, 0 released"
    assert lines[4].split()[0] == "COLLECTION"
    assert lines[5].split()[0] == "technical"
    assert lines[5].split()[-1] == "1"
    assert stock(data)["technical"] == {
        "name": "technical",
        "stored": 4,
        "indexable": 3,
        "indexed": {"dense": 3, "lexical": 3},
    }
    again = as_json(data, "refine")
    assert (again["state"], again["kind"]) == ("finished", "refine")
    assert {name: again["result"][name] for name in ("placed", "measured", "compared", "linked")} == {
        "placed": 0,
        "measured": 0,
        "compared": 0,
        "linked": 0,
    }
    assert asyncio.run(running_instance(data)) is None


def test_gaps_are_a_table_against_the_targets(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    told = done(freya(data, "knowledge", "gaps", "--collection", "technical", "--limit", "1000"))
    rows = [line.split() for line in told.splitlines()]
    assert rows[0] == ["TOPIC", "CATEGORY", "COLLECTION", "PAIRS", "GOOD", "MISSING", "COVERAGE"]
    (rsi,) = [row for row in rows if row[:1] == [SLUG]]
    assert "98" in rsi
    assert "thin" in rsi[-1] or "thin," in rsi
    count = len(as_json(data, "topics", "--collection", "technical"))
    assert f"0 of {count} topics have 100 pairs and more" in told
    assert "1 topics of sources (1 pairs) are nowhere in the catalogue:" in told
    assert "Houses" in told
    some = as_json(data, "gaps", "--limit", "3")
    assert (len(some["topics"]), some["targets"]["full"]) == (3, 100)
    category = as_json(data, "show", "--topic", SLUG)["category"]
    of_category = as_json(data, "gaps", "--category", category.lower(), "--limit", "1000")
    assert {topic["category"] for topic in of_category["topics"]} == {category}
    short = done(freya(data, "knowledge", "gaps", "--limit", "2"))
    assert "more; --limit shows them" in short


def test_gaps_of_nothing_in_the_catalogue_are_refused(data: Path, twins: Path):
    imported(data, twins)
    result = freya(data, "knowledge", "gaps", "--category", "astrology")
    assert result.exit_code == 1
    assert "the catalogue has no topics of 'astrology'" in result.stderr


def test_topics_are_listed_with_their_pairs(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    lines = done(freya(data, "knowledge", "topics", "--collection", "technical")).splitlines()
    assert lines[0].split() == ["TOPIC", "NAME", "COLLECTION", "CATEGORY", "PAIRS", "GOOD"]
    (rsi,) = [line.split() for line in lines if line.startswith(f"{SLUG} ")]
    assert rsi[-2] == "2"
    nothing = freya(data, "knowledge", "topics", "--collection", "none")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "no topics there" in nothing.stderr


def test_pair_is_shown_with_its_quality_and_its_duplicate(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    (first, *_) = exported(data, tmp_path / "before.jsonl")
    assert "not measured yet" in done(freya(data, "knowledge", "show", first["id"]))
    done(freya(data, "knowledge", "refine"))
    all_pairs = exported(data, tmp_path / "after.jsonl", "--with-duplicates")
    (gone,) = [pair for pair in all_pairs if "duplicate_of" in pair]
    kept = gone["duplicate_of"]
    shown = done(freya(data, "knowledge", "show", kept))
    for part in (
        "question-answer alignment",
        "cosine",
        gone["id"],
        "twins.jsonl (json_lines)",
        f"RSI ({SLUG})",
    ):
        assert part in shown
    assert f"duplicate of  {kept}" in done(freya(data, "knowledge", "show", gone["id"]))
    detail = as_json(data, "show", kept)
    assert [each["id"] for each in detail["duplicates"]] == [gone["id"]]
    assert len(detail["parts"]) == 8


def test_topic_is_shown_with_what_sources_call_it_and_its_best_pairs(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    shown = done(freya(data, "knowledge", "show", "--topic", SLUG))
    for part in (f"slug          {SLUG}", "IN SOURCES", "BEST PAIRS", "rule"):
        assert part in shown
    unknown = freya(data, "knowledge", "show", "--topic", "rsi")
    assert unknown.exit_code == 1
    assert "did you mean 'relative-strength-index'?" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show"], "give the id of a pair, or --topic"),
        (["show", "pair_x", "--topic", SLUG], "give the id of a pair, or --topic"),
        (["jobs", "--cancel"], "say which job to cancel"),
        (["jobs", "--limit", "0"], "greater than or equal to 1"),
        (["gaps", "--limit", "none"], "valid integer"),
        (["export"], "Missing argument"),
        (["export", "x.jsonl", "--format", "xml"], "xml"),
        (["export", "x.jsonl", "--tier", "gold"], "gold"),
        (["export", "x.jsonl", "--min-quality", "101"], "less than or equal to 100"),
    ],
)
def test_wrong_usage_ends_with_2(data: Path, arguments: list[str], said: str):
    result = freya(data, "knowledge", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "pair_none"], "there is no pair 'pair_none'"),
        (["jobs", "job_none"], "there is no job 'job_none'"),
        (["jobs", "job_none", "--cancel"], "there is no job 'job_none'"),
        (["export", "missing/x.jsonl"], "the folder missing does not exist"),
        (["export", "."], "is a folder"),
    ],
)
def test_what_is_not_there_ends_with_1(data: Path, arguments: list[str], said: str):
    result = freya(data, "knowledge", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


@pytest.mark.parametrize("command", [["gaps"], ["topics"], ["show", "p"], ["jobs"], ["export", "x.json"]])
def test_a_folder_without_a_database_is_not_made_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    monkeypatch.delenv("FREYA_POSTGRES_URL", raising=False)
    result = freya(tmp_path / "empty", "knowledge", *command)
    assert result.exit_code == 1
    assert "holds no database" in result.stderr
    assert not (tmp_path / "empty").exists()


FORMATS = ["jsonl", "json", "csv", "parquet"]


@pytest.mark.parametrize("kind", FORMATS)
def test_export_is_imported_again_without_loss(data: Path, tmp_path: Path, twins: Path, kind: str):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    odd = pair_line(
        'Is "A, B; C" the same as A?',
        'First line, with "quotes"; and commas.\n\n- a list\n- of two\n\nLast line \u2014 caf\u00e9.',
        difficulty="advanced",
        tags=["a-b", "c"],
    )
    twins.write_text(f"{twins.read_text(encoding='utf-8')}\n{odd}", encoding="utf-8")
    imported(data, twins, "first")
    file = tmp_path / f"all.{kind}"
    assert done(freya(data, "knowledge", "export", file)) == f"5 pairs  {file}\n"
    imported(data, file, "second")
    both = exported(data, tmp_path / "both.jsonl")
    kept = ("topic", "category", "question", "answer", "difficulty", "tags")
    first, second = (
        sorted(
            (
                tuple(json.dumps(pair.get(name)) for name in kept)
                for pair in both
                if pair["collection"] == name_of
            ),
        )
        for name_of in ("first", "second")
    )
    assert len(first) == 5
    assert first == second


def test_only_the_pairs_that_are_wanted_are_exported(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    imported(data, write_other(tmp_path), "other")
    done(freya(data, "knowledge", "refine"))
    file = tmp_path / "out.jsonl"
    everything = exported(data, file, "--with-duplicates")
    assert len(everything) == 5
    assert len(exported(data, file)) == 4
    assert {pair["collection"] for pair in exported(data, file, "--collection", "other")} == {"other"}
    assert {pair["slug"] for pair in exported(data, file, "--topic", SLUG)} == {SLUG}
    best = max(pair["quality"] for pair in everything)
    assert {pair["quality"] for pair in exported(data, file, "--min-quality", f"{best:.2f}")} <= {best}
    tier = everything[0]["tier"]
    assert {pair["tier"] for pair in exported(data, file, "--tier", tier)} == {tier}
    assert exported(data, file, "--collection", "none") == []


def write_other(tmp_path: Path) -> Path:
    file = tmp_path / "other.jsonl"
    file.write_text(
        pair_line("What is a headline?", "The first line of a text.", "Headlines"), encoding="utf-8"
    )
    return file


def test_format_follows_the_name_and_is_told(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    told = as_json(data, "export", tmp_path / "pairs.csv")
    assert told == {"path": str(tmp_path / "pairs.csv"), "format": "csv", "pairs": 4}
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (first,) = [row for row in rows if row["question"] == asked(1)]
    assert first["tags"] == "momentum; entry"
    assert as_json(data, "export", tmp_path / "pairs.dat")["format"] == "jsonl"
    done(freya(data, "knowledge", "export", tmp_path / "none.json", "--collection", "none"))
    assert json.loads((tmp_path / "none.json").read_text(encoding="utf-8")) == []


def test_parquet_is_a_table_of_typed_columns(data: Path, twins: Path, tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet")
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    done(freya(data, "knowledge", "export", tmp_path / "pairs.parquet"))
    rows = parquet.read_table(tmp_path / "pairs.parquet").to_pylist()
    (kept,) = [row for row in rows if row["tags"] == ["momentum", "entry"]]
    assert isinstance(kept["quality"], float)
    done(freya(data, "knowledge", "export", tmp_path / "none.parquet", "--collection", "none"))
    assert parquet.read_table(tmp_path / "none.parquet").num_rows == 0


def test_parquet_without_pyarrow_says_how_to_get_it(
    data: Path, twins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    imported(data, twins)
    result = freya(data, "knowledge", "export", tmp_path / "pairs.parquet")
    assert result.exit_code == 1
    assert "pip install 'freya-agents[parquet]'" in result.stderr
    assert list(tmp_path.glob(".*part")) == []


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 1, "the disk is full"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_export_that_is_broken_off_leaves_what_was_there(
    data: Path,
    twins: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    said: str,
):
    imported(data, twins)
    target = tmp_path / "kept.jsonl"
    target.write_text("what was there\n", encoding="utf-8")

    def broken(_self: object, _pairs: list[ExportedPair]) -> None:
        if isinstance(error, KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            return
        raise error

    monkeypatch.setattr(writers._LinesWriter, "write", broken)
    if isinstance(error, KeyboardInterrupt):
        monkeypatch.setattr(exporting, "_keep", lambda *_: pytest.fail("it was not to be kept"))
    result = freya(data, "knowledge", "export", target)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert target.read_text(encoding="utf-8") == "what was there\n"
    assert list(tmp_path.glob(".*part")) == []


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


def test_a_version_is_built_beside_the_live_one_activated_taken_back_and_pruned(data: Path, twins: Path):
    assert "there is no index yet" in freya(data, "knowledge", "index", "list").stderr
    imported(data, twins)
    assert "4 measured" in done(freya(data, "knowledge", "refine"))
    built = done(freya(data, "knowledge", "index", "build", "--without-low", "--note", "a trial"))
    assert built.startswith("version 2 is ready with ")
    versions = as_json(data, "index", "list")
    assert [(each["number"], each["state"]) for each in versions] == [(1, "live"), (2, "ready")]
    assert (versions[1]["recipe"]["low_tier"], versions[1]["note"]) == (False, "a trial")
    low = sum(each["pairs"] for each in as_json(data, "status")["tiers"] if each["tier"] == "low")
    activated = done(freya(data, "knowledge", "index", "activate", "2"))
    assert activated == f"version 2 is live with {3 - low} pairs\n"
    assert "version 2 of the index is live" in done(freya(data, "knowledge", "status"))
    assert done(freya(data, "knowledge", "index", "rollback")) == "version 1 is live\n"
    kept = done(freya(data, "knowledge", "index", "prune"))
    assert kept == "no version was to be deleted\n"
    pruned = done(freya(data, "knowledge", "index", "prune", "--keep", "1"))
    assert pruned == "deleted the indexes of version 2\n"
    lines = done(freya(data, "knowledge", "index", "list")).splitlines()
    assert lines[0].split()[:3] == ["VERSION", "STATE", "PAIRS"]
    assert [line.split()[1] for line in lines[1:]] == ["live", "retired"]
    again = freya(data, "knowledge", "index", "activate", "2")
    assert again.exit_code == 1
    assert "were deleted" in again.stderr
    assert "start the job again" not in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["index", "activate", "9"], 1, "There is no version 9"),
        (["index", "build", "9"], 1, "There is no version 9"),
        (["index", "rollback"], 1, "No version that was live before"),
        (["index", "activate", "0"], 2, "greater than or equal to 1"),
        (["index", "prune", "--keep", "0"], 2, "greater than or equal to 1"),
        (["index", "build", "1", "--without-low"], 2, "keeps its recipe"),
        (["evaluate", "--version", "9"], 1, "There is no version 9"),
        (["evaluate", "--size", "9"], 2, "greater than or equal to 10"),
        (["evaluate", "--collection", "a b"], 2, "collections: "),
    ],
)
def test_a_version_that_is_not_there_or_not_fit_is_refused(
    data: Path, twins: Path, arguments: list[str], code: int, said: str
):
    imported(data, twins)
    result = freya(data, "knowledge", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_a_build_that_was_broken_off_is_gone_on_with(
    data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch
):
    imported(data, twins)

    async def away(*_: object, **__: object) -> None:
        raise KnowledgeUnavailable("The index is away.")

    with monkeypatch.context() as patch:
        patch.setattr(Versions, "build", away)
        assert freya(data, "knowledge", "index", "build").exit_code == 1
    assert [each["state"] for each in as_json(data, "index", "list")] == ["live", "building"]
    assert done(freya(data, "knowledge", "index", "build")).startswith("version 2 is ready")
    assert done(freya(data, "knowledge", "index", "build")).startswith("version 3 is ready")
    assert as_json(data, "index", "build", "2")["result"]["number"] == 2


def test_versions_are_evaluated_and_compared_over_the_same_cases(data: Path, tmp_path: Path):
    file = tmp_path / "many.jsonl"
    subjects = ["funding", "open interest", "halving", "mempool", "staking", "slippage", "spread", "drawdown"]
    lines = [
        pair_line(
            f"What is the {what} in lesson {number}?",
            f"The {what} of lesson {number} is number {number} of {what}s.",
        )
        for what in subjects
        for number in range(3)
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    imported(data, file)
    told = done(freya(data, "knowledge", "evaluate", "--size", "12"))
    assert told.startswith("version 1: 24 pairs, seed 7")
    for part in ("answers: 12 cases", "METHOD", "fusion", "dense", "words", "nothing relevant"):
        assert part in told
    done(freya(data, "knowledge", "index", "build"))
    both = done(
        freya(
            data, "knowledge", "evaluate", "--version", "2", "--compare", "1", "--size", "12", "--seed", "3"
        )
    )
    assert "after: version 2; before: version 1" in both
    result = as_json(data, "jobs", as_json(data, "jobs")[0]["id"])["result"]
    assert result["comparison"]["tasks"]["answers"]["shared"] == 12
    assert (result["version"], result["compared_with"]) == (2, 1)
    assert [each["evaluated"] for each in as_json(data, "index", "list")] == [True, True]
