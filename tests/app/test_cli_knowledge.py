"""Imports, counts and searches on real stores; and a service that is started for one command."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any  # JSON

import pytest
from starlette.responses import JSONResponse
from typer.testing import Result

from app.cli import finding, importing, waiting
from app.embedded import InstanceLock, running_instance
from knowledge import Importer, ImportResult, Indexer, KnowledgeUnavailable, Outcome
from knowledge.readers import SourceKind
from tests.app.cli_data import data, freya, pairs, seed, stock, surroundings, write
from tests.app.cli_service import ScriptedService, serving

__all__ = ["data", "pairs", "seed", "surroundings"]

_ROOT = Path(__file__).parents[2]
_IMPORTED = (
    "imported 3 pairs  pairs.jsonl (3 new)\n         read as JSON Lines: pairs at the top; topic from topic\n"
)


def test_pairs_are_stored_indexed_counted_and_found_once(data: Path, pairs: Path):
    result = freya(data, "knowledge", "import", "--collection", "once", pairs)
    assert (result.exit_code, result.stdout) == (0, _IMPORTED)
    assert "No specialist answers out of the collection 'once'" in result.stderr
    again = freya(data, "knowledge", "import", "--collection", "once", "--json", pairs)
    [told] = json.loads(again.stdout)
    assert (told["outcome"], told["added"], told["reason"]) == ("already", 0, "was imported before")
    assert told["shape"] == "pairs at the top; topic from topic"
    assert stock(data)["once"] == {
        "name": "once",
        "stored": 3,
        "indexable": 3,
        "indexed": {"dense": 3, "lexical": 3},
    }
    assert asyncio.run(running_instance(data)) is None


def test_the_inventory_is_shown_in_columns(data: Path, pairs: Path):
    freya(data, "knowledge", "import", "--collection", "columns", pairs)
    lines = freya(data, "knowledge", "status", "--topics").stdout.splitlines()
    heads = [line.split() for line in lines if line and line.isupper()]
    assert heads[0] == ["COLLECTION", "PAIRS", "DISTINCT", "IN", "DENSE", "IN", "LEXICAL"]
    assert heads[1][1:] == ["PREMIUM", "STANDARD", "REVIEW", "LOW", "UNREFINED", "QUALITY", "DUPLICATES"]
    assert heads[2] == ["SOURCE", "PAIRS", "REJECTED", "MISMATCHED", "COLLECTION", "STATUS", "READ", "AS"]
    assert heads[3] == ["TOPIC", "PAIRS", "COLLECTION", "IN", "THE", "CATALOGUE", "CONFIDENCE"]
    rows = [line.split() for line in lines]
    assert ["columns", "3", "3", "3", "3"] in rows
    assert ["columns", "0", "0", "0", "0", "3", "-", "0"] in rows
    (source,) = [row for row in rows if row[:1] == ["pairs.jsonl"] and "columns" in row]
    assert source[:8] == ["pairs.jsonl", "3", "0", "0", "columns", "complete", "JSON", "Lines:"]
    assert ["T", "3", "columns", "-", "-"] in rows


def test_pairs_that_need_not_be_indexed_at_once_are_only_stored(data: Path, pairs: Path):
    result = freya(data, "knowledge", "import", "--no-wait", "--collection", "later", pairs)
    assert result.exit_code == 0
    assert stock(data)["later"]["indexed"] == {}
    assert not (data / "chroma").exists()


def test_a_collection_of_an_impossible_name_is_refused_in_one_line(data: Path, pairs: Path):
    result = freya(data, "knowledge", "import", "--collection", "House Rules", pairs)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "freya: No collection can be called 'House Rules': use 1 to 64 small letters, digits, _ and -.\n"
    )


def test_files_that_bring_nothing_end_with_1_and_the_others_are_imported(
    data: Path, pairs: Path, tmp_path: Path
):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"topic": "T", "question": "Where is the end?", "answer": 5, \n' * 5, encoding="utf-8")
    result = freya(data, "knowledge", "import", "--collection", "mixed", bad, pairs, "missing.json")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("empty    0 pairs  bad.jsonl (5 rejected): ")
    assert lines[1].strip().startswith("rejected line 1: cannot be read")
    assert lines[4].strip().startswith("and 2 more: freya knowledge show --source source_")
    assert lines[5] == "imported 3 pairs  pairs.jsonl (3 new)"
    assert lines[7].startswith("refused  0 pairs  missing.json: ")


def test_a_result_says_in_which_encoding_it_was_read_and_what_was_only_noted(data: Path, tmp_path: Path):
    old = tmp_path / "old.csv"
    old.write_bytes("question,answer\nWhat is it?,A naïve view.\n".encode("cp1252"))
    lines = freya(data, "knowledge", "import", "--no-wait", "--collection", "old", old).stdout.splitlines()
    assert lines[:2] == [
        "imported 1 pairs  old.csv (1 new, 1 noted)",
        "         read as a table in windows-1252: pairs at the top; topic from the file's name",
    ]
    assert lines[2].strip().startswith("noted byte 32: is not valid UTF-8; read as windows-1252 here")
    given = ("knowledge", "import", "--no-wait", "--collection", "old")
    again = freya(data, *given, "--encoding", "cp850", "--json", old)
    (told,) = json.loads(again.stdout)
    assert (told["outcome"], told["encoding"], told["mismatched"]) == ("imported", "cp850", [])
    unknown = freya(data, *given, "--encoding", "klingon", old)
    assert unknown.exit_code == 1
    assert "There is no encoding 'klingon'. Name one as Python does" in unknown.stderr


def test_a_file_without_pairs_whose_encoding_was_guessed_says_so():
    result = ImportResult(
        name="a.txt",
        outcome=Outcome.EMPTY,
        collection="c",
        kind=SourceKind.RESEARCH_REPORT,
        encoding="koi8-r",
        reason="a report without question-answer pairs",
    )
    assert importing.result_lines(result)[1:] == [
        "         read in koi8-r; where that is wrong, say it with --encoding NAME"
    ]


def test_a_result_says_how_many_pairs_were_declared():
    result = ImportResult(
        name="export.json", outcome=Outcome.DAMAGED, collection="c", declared=9, read=4, reason="cut off"
    )
    assert importing.result_lines(result) == ["damaged  4 of 9 declared pairs  export.json: cut off"]


def collections(done: int) -> dict[str, Any]:  # JSON
    return {
        "items": [
            {"name": "other", "stored": 9, "indexable": 9, "indexed": {"dense": 0}},
            {"name": "served", "stored": 4, "indexable": 3, "indexed": {"dense": 3, "lexical": done}},
        ],
        "next": None,
    }


def test_a_running_service_indexes_and_the_command_waits_for_it(
    data: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importing, "_POLL_S", 0.001)
    monkeypatch.setattr(waiting, "_EVERY_S", 0.0)
    with serving(data, ScriptedService()) as service:
        service.answers["/v1/knowledge"] = [collections(0), collections(2), collections(3)]
        result = freya(data, "knowledge", "import", "--collection", "served", "--key", "frk_k", pairs)
    assert (result.exit_code, result.stdout) == (0, _IMPORTED)
    assert "indexing (by the service): 3 of 6 pairs" in result.stderr
    assert "indexing (by the service): 5 of 6 pairs" in result.stderr
    assert len(service.asked) == 3
    assert service.asked[0][3]["authorization"] == "Bearer frk_k"
    assert not (data / "chroma").exists()


def test_a_service_that_wants_a_key_indexes_all_the_same(data: Path, pairs: Path):
    with serving(data, ScriptedService()) as service:
        service.answers["/v1/knowledge"] = [JSONResponse({"title": "no", "detail": "key"}, 401)]
        result = freya(data, "knowledge", "import", "--collection", "keyed", pairs)
        counted = stock(data)["keyed"]
    assert result.exit_code == 1
    assert "--key or in FREYA_API_KEY" in result.stderr
    assert "The pairs are stored, and the service indexes them." in result.stderr
    assert counted == {"name": "keyed", "stored": 3, "indexable": 3, "indexed": None}


def test_a_service_that_does_not_get_on_is_not_waited_for_for_ever(
    data: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importing, "_POLL_S", 0.001)
    monkeypatch.setattr(importing, "_STALLED_S", 0.0)
    with serving(data, ScriptedService()) as service:
        service.answers["/v1/knowledge"] = [collections(1)]
        result = freya(data, "knowledge", "import", "--collection", "served", pairs)
    assert result.exit_code == 1
    assert "has not indexed anything for 0 seconds; see its log. The pairs are stored." in result.stderr


def test_when_the_service_ends_the_command_indexes_itself(
    data: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importing, "_POLL_S", 0.001)
    service = serving(data, ScriptedService())
    scripted = service.__enter__()
    scripted.answers["/v1/knowledge"] = [collections(0)]
    watch = importing._indexed

    async def watch_and_end(*given: Any) -> Any:  # the arguments and result of what it stands for
        if scripted.asked:
            await asyncio.to_thread(service.__exit__, None, None, None)
        return await watch(*given)

    monkeypatch.setattr(importing, "_indexed", watch_and_end)
    result = freya(data, "knowledge", "import", "--collection", "served", pairs)
    assert result.exit_code == 0
    assert stock(data)["served"]["indexed"] == {"dense": 3, "lexical": 3}


def test_an_import_waits_for_another_one_that_indexes(
    data: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch
):
    waited = finding.wait_for_address
    other = InstanceLock(data)
    asyncio.run(other.__aenter__())

    async def let_go(*given: Any) -> Any:  # the arguments and result of what it stands for
        await other.__aexit__(None, None, None)
        return await waited(*given)

    monkeypatch.setattr("app.cli.importing.wait_for_address", let_go)
    monkeypatch.setattr(finding, "_POLL_S", 0.001)
    assert freya(data, "knowledge", "import", "--collection", "second", pairs).exit_code == 0
    assert stock(data)["second"]["indexed"] == {"dense": 3, "lexical": 3}


def test_what_is_indexed_is_not_told_while_another_process_has_the_folder(data: Path, pairs: Path):
    freya(data, "knowledge", "import", "--no-wait", "--collection", "held", pairs)
    with serving(data, ScriptedService(), announced=False):
        result = freya(data, "knowledge", "status")
    assert result.exit_code == 0
    assert "cannot be told while another process uses the data folder" in result.stderr


def test_the_service_is_asked_what_is_indexed(data: Path, pairs: Path):
    freya(data, "knowledge", "import", "--no-wait", "--collection", "served", pairs)
    with serving(data, ScriptedService()) as service:
        service.answers["/v1/knowledge"] = [collections(1)]
        assert stock(data)["served"]["indexed"] == {"dense": 3, "lexical": 1}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ((Importer, "import_paths"), "What was read is kept; run the command again to go on."),
        ((Indexer, "catch_up"), "The pairs are stored; run the command again, or start the service"),
    ],
)
def test_a_store_or_index_that_does_not_answer_is_told_with_what_remains(
    data: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch, part: tuple[type, str], said: str
):
    async def fail(*_: object, **__: object) -> None:
        raise KnowledgeUnavailable("It does not answer.")

    monkeypatch.setattr(*part, fail)
    result = freya(data, "knowledge", "import", "--collection", "down", pairs)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"freya: It does not answer. {said}" in result.stderr
    assert asyncio.run(running_instance(data)) is None


def test_ctrl_c_ends_an_import_in_order(data: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch):
    async def interrupted(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    monkeypatch.setattr(Indexer, "catch_up", interrupted)
    assert freya(data, "knowledge", "import", "--collection", "stopped", pairs).exit_code == 130
    assert asyncio.run(running_instance(data)) is None
    monkeypatch.undo()


def searched(data: Path, service: ScriptedService, hits: list[dict[str, Any]], *arguments: str) -> Result:
    service.answers["/v1/knowledge/search"] = [{"items": hits, "next": None}]
    return freya(data, "knowledge", "search", "doji", *arguments)


def test_hits_are_shown_with_where_they_come_from(data: Path):
    hit = {
        "question": "What is a doji?",
        "answer": "A candle\nwhose open and close " + "are equal " * 50,
        "collection": "technical",
        "topic": "Candles",
        "source": "starter",
        "relevance": 0.8149,
        "quality": 91.2,
        "passage": "",
        "pair_id": "pair_1",
    }
    unrefined = hit | {"quality": None, "passage": "A candle."}
    with serving(data, ScriptedService()) as service:
        shown = searched(data, service, [hit]).stdout.splitlines()
        brief = searched(data, service, [unrefined]).stdout.splitlines()
        assert json.loads(searched(data, service, [hit], "--json").stdout) == [hit]
        foreign = searched(data, service, [hit | {"read_as": "what is a doji"}])
        nothing = searched(data, service, [])
        assert searched(data, service, [], "--json").stdout == "[]\n"
    assert shown[0] == "1. What is a doji?"
    assert shown[1].startswith("   A candle whose open and close are equal")
    assert shown[1].endswith("...")
    assert shown[2] == "   technical · Candles · starter · relevance 0.81 · quality 91 · pair_1"
    assert brief[1:3] == ["   A candle.", "   technical · Candles · starter · relevance 0.81 · pair_1"]
    assert foreign.stdout.splitlines() == shown
    assert "searched for: what is a doji" in foreign.stderr
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "nothing relevant is known" in nothing.stderr


def test_only_pairs_as_wanted_are_searched_for(data: Path):
    with serving(data, ScriptedService()) as service:
        options = [
            "--topic",
            "rsi",
            "--topic",
            "macd",
            "--min-quality",
            "80",
            "--since",
            "2024-05-01",
            "--limit",
            "7",
        ]
        assert searched(data, service, [], *options).exit_code == 0
        assert service.queries == ["q=doji&topic=rsi&topic=macd&limit=7&min_quality=80.0&since=2024-05-01"]
        for wrong in (["--min-quality", "101"], ["--since", "yesterday"], ["--limit", "0"]):
            assert searched(data, service, [], *wrong).exit_code == 2


@pytest.mark.slow
@pytest.mark.e2e
def test_a_question_is_answered_by_a_service_for_the_moment_that_leaves_nothing_behind(seed: Path):
    done = subprocess.run(
        [sys.executable, "-m", "app", "--data", str(seed), "ask", "--json", "What is the RSI indicator?"],
        env={**os.environ, "FREYA_HTTP__KEY_HASHES": json.dumps(["a" * 64])},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=_ROOT,
    )
    told = json.loads(done.stdout)
    assert told["agents"] == ["technical"]
    assert told["citations"]
    assert leftovers(seed) == []


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("heard", ["Redis", "embedding model", "specialists"])
def test_an_interrupted_command_leaves_no_server_behind(seed: Path, heard: str):
    with subprocess.Popen(
        [sys.executable, "-m", "app", "--data", str(seed), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if heard in line:
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(30) in {0, 130}
    assert "Traceback" not in said
    assert leftovers(seed) == []


@pytest.mark.slow
@pytest.mark.e2e
def test_a_killed_import_is_taken_up_again_without_loss_or_doubles(seed: Path, tmp_path: Path):
    file = write(
        tmp_path / "many.jsonl", tuple(f"What does number {n} of the list mean?" for n in range(600))
    )
    command = [
        sys.executable,
        "-m",
        "app",
        "--data",
        str(seed),
        "knowledge",
        "import",
        "--collection",
        "many",
    ]
    for place in ("postgres/postmaster.pid", "chroma/chroma.sqlite3"):
        kill_once_written([*command, str(file)], seed / place)
    done = subprocess.run(
        [*command, "--json", str(file)], capture_output=True, text=True, check=True, cwd=_ROOT
    )
    assert json.loads(done.stdout)[0]["read"] == 600
    assert stock(seed)["many"] == {
        "name": "many",
        "stored": 600,
        "indexable": 600,
        "indexed": {"dense": 600, "lexical": 600},
    }
    assert leftovers(seed) == []


def kill_once_written(command: list[str], place: Path) -> None:
    """Start a command and kill it as soon as it has written to the file."""
    before = written(place)
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=_ROOT
    ) as process:
        pause = threading.Event()
        while process.poll() is None and written(place) == before:
            pause.wait(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def written(place: Path) -> int:
    return place.stat().st_mtime_ns if place.exists() else 0


def leftovers(data: Path) -> list[str]:
    """The command lines of processes that were started for the data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(data) in command and "pytest" not in command:
            found.append(command)
    return found
