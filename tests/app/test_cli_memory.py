"""`freya memory` on a service with memory on real stores; and the user for whom commands act."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import remembering_service
from app.cli.commands import application
from app.cli.remembering import Kind, State, Tier
from memory import interfaces
from memory.records import MEDIUM
from tests.app.cli_service import FINISHED, STARTED, ScriptedService, serving
from tests.app.remembering import draft, line, lines, serving_memory

WHY = {"why": "they need joins", "alternatives": ["MySQL", "SQLite"], "when": "last week", "state": "made"}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith("FREYA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FREYA_USER", "ana")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("FREYA_DATA", str(folder))
    monkeypatch.setattr(remembering_service, "_POLL_S", 0.01)
    return folder


@pytest.fixture
def service(data: Path, database_url: str, redis_url: str) -> Iterator[None]:
    drafts = [
        draft("Lives in Oslo.", slot="fact:home", value="Oslo"),
        draft("Prefers short answers.", kind="preference"),
        draft("Uses PostgreSQL for the shop.", kind="decision", details=WHY),
    ]
    with serving_memory(data, database_url, redis_url, *drafts):
        yield
        freya("memory", "erase", "--yes")


def freya(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application, list(map(str, arguments)))


def said(*arguments: str | Path) -> str:
    result = freya(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def history(tmp_path: Path, *more: bytes) -> Path:
    told = lines(
        line("ana", "My kitchen counter is 38 square feet.", 1),
        line("ben", "My kitchen counter is 12 square feet.", 2),
    )
    file = tmp_path / "history.jsonl"
    file.write_bytes(b"\n".join([told, *more]))
    return file


@pytest.mark.usefixtures("service")
def test_records_are_listed_shown_corrected_pinned_and_forgotten():
    table = said("memory", "list").splitlines()
    assert table[0].split() == ["ID", "KIND", "STATE", "SAID", "TEXT"]
    assert [row.split("2026-03-01  ")[1] for row in table[1:]] == [
        "Uses PostgreSQL for the shop.",
        "Prefers short answers.",
        "Lives in Oslo.",
    ]
    [found] = json.loads(said("memory", "list", "--json", "--kind", "fact", "--query", "Oslo"))
    corrected = json.loads(said("memory", "correct", found["id"], "Lives in Bergen.", "--json"))
    assert corrected["supersedes"] == found["id"]
    assert "active, pinned" in said("memory", "pin", corrected["id"])
    shown = said("memory", "show", corrected["id"]).splitlines()
    assert shown[0] == "Lives in Bergen."
    assert [row.split()[:2] for row in shown[-2:]] == [["2", "active,"], ["1", "superseded,"]]
    assert "pinned" not in said("memory", "unpin", corrected["id"])
    assert said("memory", "forget", corrected["id"]).count("forgotten  rec_") == 2
    assert [one["kind"] for one in json.loads(said("memory", "list", "--json", "--tier", "long"))] == [
        "preference"
    ]
    missing = freya("memory", "show", found["id"])
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "nothing is remembered under" in missing.stderr
    assert said("memory", "audit", "--verify").startswith("the audit trail is as it was noted: ")
    assert [row.split()[3] for row in said("memory", "audit", "--limit", "3").splitlines()[1:]] == [
        "list",
        "forget",
        "unpin",
    ]


@pytest.mark.usefixtures("service")
def test_decision_is_shown_listed_and_given_out_with_why_and_instead_of_what(tmp_path: Path):
    [listed] = json.loads(said("memory", "list", "--json", "--kind", "decision"))
    assert listed["details"] == WHY
    shown = {
        row.partition("  ")[0]: row.partition("  ")[2].strip()
        for row in said("memory", "show", listed["id"]).splitlines()
    }
    assert {name: shown[name] for name in ("because", "instead of", "when", "stands")} == {
        "because": "they need joins",
        "instead of": "MySQL, SQLite",
        "when": "last week",
        "stands": "made",
    }
    said("memory", "export", tmp_path / "mine.json")
    records = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))["records"]
    assert [one["details"] for one in records if one["kind"] == "decision"] == [WHY]


@pytest.mark.usefixtures("service")
def test_history_is_imported_recalled_and_never_by_another(tmp_path: Path):
    file = history(tmp_path, b"{")
    shown = freya("memory", "import", file)
    assert (shown.exit_code, shown.stdout.splitlines()[0]) == (0, "1 of 3 messages are new, 2 rejected")
    assert [row.partition(":")[0] for row in shown.stdout.splitlines()[1:]] == ["  line 2", "  line 3"]
    again = json.loads(said("memory", "import", "--any-user", "--json", file))
    assert (again["imported"], again["known"], again["rejected"]) == (1, 1, 1)
    question = ("memory", "recall", "How large is my kitchen counter?")
    recalled = said(*question).splitlines()
    assert recalled[0] == "1. My kitchen counter is 38 square feet."
    assert "medium · user message · 2026-03-02 · relevance" in recalled[1]
    his = json.loads(said(*question, "--budget", "64", "--json", "--user", "ben"))
    assert "12 square feet" in his["items"][0]["text"]
    assert "38 square feet" not in json.dumps(his)
    nobody = freya(*question, "--user", "carl")
    assert (nobody.exit_code, nobody.stdout, nobody.stderr) == (0, "", "nothing relevant is remembered\n")
    status = said("memory", "status").splitlines()
    assert status[:2] == ["local/ana: 1 threads, 1 messages, 0 projects", "to embed 0, to consolidate 1"]
    assert [row.split()[:3] for row in status[-3:]] == [
        ["medium", "decision", "1"],
        ["long", "fact", "1"],
        ["long", "preference", "1"],
    ]


@pytest.mark.usefixtures("service")
def test_message_is_forgotten_and_stays_away(tmp_path: Path):
    file, question = history(tmp_path), ("memory", "recall", "How large is my kitchen counter?")
    said("memory", "import", file)
    [item] = json.loads(said(*question, "--json"))["items"]
    assert said("memory", "forget", item["id"]) == f"forgotten  {item['id']}\n"
    assert freya(*question).stdout == ""
    assert "1 were known" in said("memory", "import", file).splitlines()[0]
    assert "no message" in freya("memory", "forget", item["id"]).stderr


@pytest.mark.usefixtures("service")
def test_what_cannot_be_imported_ends_with_1(tmp_path: Path):
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"{\n{")
    refused = freya("memory", "import", broken)
    assert (refused.exit_code, refused.stdout.splitlines()[0]) == (1, "0 of 2 messages are new, 2 rejected")
    missing = freya("memory", "import", tmp_path / "none.jsonl")
    assert (missing.exit_code, "none.jsonl does not exist" in missing.stderr) == (1, True)
    folder = freya("memory", "import", tmp_path)
    assert (folder.exit_code, "is no file" in folder.stderr) == (1, True)


@pytest.mark.usefixtures("service")
def test_export_is_the_same_in_a_file_of_ones_own_and_on_the_output(tmp_path: Path):
    printed = json.loads(said("memory", "export"))
    assert (printed["user"], printed["counts"]["records"]) == ("ana", 3)
    file = tmp_path / "mine.json"
    assert said("memory", "export", file) == ""
    assert json.loads(file.read_bytes())["records"] == printed["records"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    nowhere = freya("memory", "export", tmp_path / "none" / "mine.json")
    assert (nowhere.exit_code, "does not exist" in nowhere.stderr) == (1, True)


@pytest.mark.usefixtures("service")
def test_erasing_takes_the_lines_typed_in_conversations_along(data: Path):
    typed = data / "chat_history"
    typed.write_text("My name is Ana.\n", encoding="utf-8")
    freya("memory", "erase")
    assert typed.exists()
    assert f"removed {typed}" in freya("memory", "erase", "--yes").stderr
    assert not typed.exists()
    typed.mkdir()
    stays = freya("memory", "erase", "--yes")
    assert (stays.exit_code, "stays: Is a directory" in stays.stderr) == (1, True)
    assert "nothing is left" in stays.stdout


@pytest.mark.usefixtures("service")
def test_project_that_there_is_not_ends_with_a_clear_error():
    result = freya("memory", "artifacts", "--project", "prj_none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no project 'prj_none'" in result.stderr


@pytest.mark.usefixtures("service")
def test_project_is_begun_changed_shared_and_deleted():
    assert freya("memory", "projects", "list").stderr == "there are no projects\n"
    made = json.loads(said("memory", "projects", "create", "Shop", "--description", "Ours.", "--json"))
    project = made["id"]
    assert (made["name"], made["description"], made["owner_id"]) == ("Shop", "Ours.", "ana")
    changed = said("memory", "projects", "change", project, "--name", "Shop 2", "--archive")
    assert changed.splitlines()[1].split()[1:] == ["Shop", "2", "archived", "ana", made["created_at"][:10]]
    assert json.loads(said("memory", "projects", "list", "--json")) == []
    said("memory", "projects", "change", project, "--activate")
    assert said("memory", "projects", "add", project, "ben") == "added  ben\n"
    his = json.loads(said("memory", "projects", "list", "--user", "ben", "--json"))
    assert [one["name"] for one in his] == ["Shop 2"]
    table = said("memory", "projects", "members", project).splitlines()
    assert [row.split()[:2] for row in table[1:]] == [["ana", "owner"], ["ben", "member"]]
    assert said("memory", "projects", "remove", project, "ben") == "removed  ben\n"
    assert [
        one["user_id"] for one in json.loads(said("memory", "projects", "members", project, "--json"))
    ] == ["ana"]
    asked = freya("memory", "projects", "delete", project)
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert "deletes the project 'Shop 2'" in asked.stderr
    assert said("memory", "projects", "delete", project, "--yes") == f"deleted  {project}\n"
    gone = freya("memory", "projects", "members", project)
    assert (gone.exit_code, f"there is no project '{project}'" in gone.stderr) == (1, True)
    nothing = freya("memory", "projects", "change", project)
    assert (nothing.exit_code, "nothing is changed" in nothing.stderr) == (2, True)


@pytest.mark.usefixtures("service")
def test_records_are_listed_by_what_they_are():
    [found] = json.loads(said("memory", "list", "--json", "--query", "Oslo"))
    said("memory", "correct", found["id"], "Lives in Bergen.")

    def texts(*wanted: str) -> list[str]:
        return [one["text"] for one in json.loads(said("memory", "list", "--json", *wanted))]

    assert texts("--state", "superseded") == ["Lives in Oslo."]
    assert texts("--since", "2026-03-02") == ["Lives in Bergen."]
    assert texts("--until", "2026-03-02", "--kind", "preference") == ["Prefers short answers."]
    assert texts("--agent", "davina") == []
    assert texts("--faded") == []
    assert len(texts("--awake")) == 4
    project = json.loads(said("memory", "projects", "create", "Shop", "--json"))["id"]
    assert texts("--project", project) == []
    year = freya("memory", "list", "--since", "2026")
    assert (year.exit_code, "a time as RFC 3339 has it" in year.stderr) == (1, True)


@pytest.mark.usefixtures("service")
def test_recall_is_limited_from_the_command_line():
    def recalled(*wanted: str) -> list[str]:
        question = ("memory", "recall", "--json", "Prefers short answers, PostgreSQL for the shop")
        return [item["tier"] for item in json.loads(said(*question, *wanted))["items"]]

    assert set(recalled("--tier", "medium")) == {"medium"}
    assert set(recalled("--tier", "long")) <= {"long"}
    assert recalled("--since", "2026-03-02T00:00:00Z") == recalled("--until", "2026-02-01") == []
    missing = freya("memory", "recall", "--project", "prj_none", "shop")
    assert (missing.exit_code, "there is no project" in missing.stderr) == (1, True)


@pytest.mark.usefixtures("service")
def test_rating_needs_something_to_say_and_a_run():
    nothing = freya("rate", "run_none")
    assert (nothing.exit_code, "say something" in nothing.stderr) == (2, True)
    assert freya("rate", "run_none", "6").exit_code == 2
    missing = freya("rate", "run_none", "5", "--comment", "Just right.")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "run_none" in missing.stderr


def test_rating_is_sent_as_it_is_given(data: Path):
    with serving(data, ScriptedService()) as scripted:
        said("rate", "run_1", "2", "--correction", "It is 30.")
        assert scripted.bodies("/v1/feedback") == [
            {"run_id": "run_1", "rating": 2, "correction": "It is 30."}
        ]


@pytest.mark.usefixtures("service")
def test_interaction_log_is_written_to_a_file_or_the_output(tmp_path: Path):
    file = tmp_path / "log.parquet"
    assert said("memory", "interactions", file) == ""
    assert file.read_bytes()[:4] == b"PAR1"
    assert said("memory", "interactions") == ""  # no run has ended
    refused = freya("memory", "interactions", "--format", "parquet")
    assert (refused.exit_code, "name a file" in refused.stderr) == (2, True)


@pytest.mark.usefixtures("service")
def test_erasing_wants_a_yes_and_gives_a_receipt():
    asked = freya("memory", "erase")
    assert asked.exit_code == 1
    assert "erases all of local/ana: 0 conversations with 0 messages and 3 records" in asked.stderr
    receipt = said("memory", "erase", "--yes").splitlines()
    assert ["postgresql", "memory_records", "3"] in [row.split() for row in receipt]
    assert receipt[-1] == "every store was searched again: nothing is left"
    assert freya("memory", "list").stderr == "nothing like that is remembered\n"
    assert json.loads(said("memory", "erase", "--yes", "--json"))["verified"] is True


def test_commands_act_for_the_user_that_is_named(data: Path):
    with serving(data, ScriptedService()) as scripted:
        scripted.turns = [[STARTED, FINISHED], [STARTED, FINISHED]]
        said("ask", "Who am I?")
        said("ask", "Who am I?", "--user", "acme/ben")
        assert [headers["freya-user"] for *_, headers in scripted.asked] == ["ana", "acme/ben"]


def test_tiers_and_kinds_are_those_of_memory():
    assert {each.value for each in Tier} == {each.value for each in interfaces.Tier} - {"short"}
    assert {each.value for each in Kind} == {each.value for each in interfaces.Kind} - {"message"}
    assert {each.value for each in State} == {each.value for each in interfaces.RecordState}
    assert {each.value for each in MEDIUM} < {each.value for each in Kind}


@pytest.mark.usefixtures("service")
def test_text_is_redacted_and_revealed(tmp_path: Path):
    file = tmp_path / "letter.txt"
    file.write_text("Write to ada@example.org.\n")
    gone = freya("memory", "redact", file)
    assert (gone.exit_code, gone.stdout) == (0, "Write to [email 1].\n")
    assert gone.stderr.endswith("replaced: 1 email\n")
    kept = json.loads(said("memory", "redact", "--reversible", "--json", file))
    assert kept["found"] == {"email": 1}
    result = CliRunner().invoke(application, ["memory", "reveal", "-"], input=f"To {kept['text']}")
    assert (result.exit_code, result.stdout) == (0, "To Write to ada@example.org.\n")
    assert result.stderr.endswith("put back: 1\n")
    file.write_text(kept["text"])
    assert json.loads(said("memory", "reveal", "--json", "--user", "ben", file)) == {
        "text": kept["text"],
        "values": 0,
    }


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"\xff", "no text in UTF-8: byte 0")]
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None, said: str):
    file = tmp_path / "letter.txt"
    if content is not None:
        file.write_bytes(content)
    refused = freya("memory", "redact", file)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr


def test_a_conversation_is_forgotten_with_what_it_taught_where_that_is_asked_for(data):
    reply = {"messages": 4, "runs": ["run_1"], "records": ["rec_1"], "kept": ["rec_2"]}
    with serving(data, ScriptedService()) as scripted:
        scripted.answers["/v1/threads/thr_1"] = [reply]
        told = said("memory", "forget", "--records", "thr_1")
        said("memory", "forget", "thr_1")
    assert told.splitlines() == [
        "forgotten  4 messages, 1 runs",
        "forgotten  rec_1",
        "kept       rec_2, which came from it",
    ]
    assert [method for method, *_ in scripted.asked] == ["DELETE", "DELETE"]
    assert scripted.queries == ["records=true", "records=false"]
    assert freya("memory", "forget", "--records", "rec_1").exit_code == 2
