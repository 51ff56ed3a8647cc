"""`freya knowledge` refine, gaps, progress, topics and show, on real stores."""

import asyncio
import json
from pathlib import Path

import psycopg
import pytest

from app.embedded import running_instance
from tests.app.cli_data import data, freya, pairs, seed, stock, surroundings
from tests.app.cli_pipeline import (
    SLUG,
    as_json,
    asked,
    done,
    exported,
    imported,
    nothing_known,
    pair_line,
    quickly,
    twins,
)
from tests.knowledge.samples import RSI, write_report

__all__ = ["data", "nothing_known", "pairs", "quickly", "seed", "surroundings", "twins"]


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


def test_gaps_are_told_against_other_targets(data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    monkeypatch.setenv("FREYA_KNOWLEDGE__TARGETS__FULL", "4")
    monkeypatch.setenv("FREYA_KNOWLEDGE__TARGETS__ACCEPTABLE", "2")

    def rsi(*options: str) -> tuple[int, str]:
        (one,) = [
            topic
            for topic in as_json(data, "gaps", "--limit", "1000", *options)["topics"]
            if topic["slug"] == SLUG
        ]
        return one["missing"], one["coverage"]

    assert rsi() == (2, "acceptable")
    assert rsi("--target", "2") == (0, "full")
    assert rsi("--target", "10") == (8, "thin")
    assert rsi("--target", "10", "--acceptable", "1") == (8, "acceptable")
    told = done(freya(data, "knowledge", "gaps", "--target", "2", "--share", "1"))
    assert "topics have 2 pairs and more" in told
    assert "have less than 100% good pairs" in told
    result = freya(data, "knowledge", "gaps", "--acceptable", "5")
    assert result.exit_code == 2
    assert "acceptable (5) must not be above the full target (4)" in " ".join(result.stderr.split())


def test_progress_is_tables_that_fit_a_terminal(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    report = write_report(tmp_path / "report.txt", [RSI], searches=(40, 10))
    imported(data, report)
    waiting = done(freya(data, "knowledge", "progress"))
    assert "5 pairs are not refined yet (`freya knowledge refine`)" in waiting
    done(freya(data, "knowledge", "refine"))
    told = done(freya(data, "knowledge", "progress", "--target", "3"))
    rows = [line.split() for line in told.splitlines()]
    assert max(map(len, told.splitlines())) <= 100
    heads = [row[0] for row in rows if row and row[0].isupper()]
    assert heads == ["COLLECTION", "SESSION", "CATEGORY", "IMPORTED"]
    (technical,) = [row for row in rows if row[:1] == ["technical"]]
    topics = len(as_json(data, "topics", "--collection", "technical"))
    assert technical[1:8] == [str(topics), "1", "0", "0", str(topics - 1), "3", str(3 * topics)]
    assert "not refined yet" not in told
    assert "1 pairs are on topics that are nowhere in the catalogue" in told
    assert "research: 10 of 40 searches found something (25 %)" in told
    assert rows[-1] == ["25", "%", "report.txt"]
    (day,) = as_json(data, "progress")["days"]
    assert (day["sources"], day["read"], day["rejected"], day["duplicates"], day["kept"]) == (2, 5, 0, 1, 4)
    assert as_json(data, "progress", "--share", "0.2")["research"]["below"] == 0


def test_progress_of_a_collection_that_is_nowhere_is_refused(data: Path, twins: Path):
    imported(data, twins)
    assert [part["name"] for part in as_json(data, "progress", "--collection", "davina")["collections"]] == [
        "davina"
    ]
    result = freya(data, "knowledge", "progress", "--collection", "astrology")
    assert result.exit_code == 1
    assert "there is no collection 'astrology'" in result.stderr


def test_source_is_shown_with_the_success_of_its_research(data: Path, tmp_path: Path):
    imported(data, write_report(tmp_path / "report.txt", [RSI], searches=(40, 10)))
    shown = done(freya(data, "knowledge", "show", "--source", "report.txt"))
    assert "research      10 of 40 searches found something (25 %) on 2025-11-02" in shown
    (source,) = as_json(data, "show", "--source", "report.txt")
    assert (source["searches"], source["successful_searches"]) == (40, 10)
    assert source["researched_on"] == "2025-11-02"


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


def test_pair_is_shown_with_its_variants_and_what_its_source_says_of_it(
    data: Path, tmp_path: Path, database_url: str
):
    file = tmp_path / "variants.jsonl"
    lines = [pair_line(asked(number), f"Rule {number} says so.", author="N. Nobody") for number in (1, 2)]
    file.write_text("\n".join(lines), encoding="utf-8")
    imported(data, file)
    first, second = sorted(pair["id"] for pair in exported(data, tmp_path / "all.jsonl"))
    assert as_json(data, "show", first)["variants"] == []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO knowledge_likenesses VALUES (%s, %s, 0.91, 0.85, 0.25)", (first, second)
        )
    for one, other in ((first, second), (second, first)):
        lines = done(freya(data, "knowledge", "show", one)).splitlines()
        at = lines.index(next(line for line in lines if line.startswith("VARIANT")))
        assert lines[at + 1].split()[0] == other
        assert lines[at + 1].split()[-3:] == ["0.910", "0.850", "0.25"]
        assert "author     N. Nobody" in lines
        (variant,) = as_json(data, "show", one)["variants"]
        assert (variant["id"], variant["overlap"]) == (other, 0.25)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO knowledge_duplicates VALUES (%s, %s, 0.91, 0.85)", (second, first))
    assert as_json(data, "show", first)["variants"] == as_json(data, "show", second)["variants"] == []


def test_topics_of_sources_are_told_with_how_certain_their_place_is(data: Path, twins: Path):
    imported(data, twins)
    before = as_json(data, "status", "--topics")["topics"]
    assert {(each["confidence"], each["mapped_by"]) for each in before} == {(None, None)}
    done(freya(data, "knowledge", "refine"))
    topics = {each["topic"]: each for each in as_json(data, "status", "--topics")["topics"]}
    assert (topics["RSI"]["confidence"], topics["RSI"]["mapped_by"]) == (1.0, "rule")
    (houses,) = as_json(data, "gaps")["unplaced"]
    assert houses["confidence"] == topics["Houses"]["confidence"]
    assert 0 < houses["confidence"] < 1


def test_topic_is_shown_with_what_sources_call_it_and_its_best_pairs(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    shown = done(freya(data, "knowledge", "show", "--topic", SLUG))
    for part in (f"slug          {SLUG}", "IN SOURCES", "BEST PAIRS", "CONFIDENCE"):
        assert part in shown
    (called,) = [line.split() for line in shown.splitlines() if line.split()[:2] == ["RSI", "technical"]]
    assert called[2:] == ["3", "rule", "1.00"]
    unknown = freya(data, "knowledge", "show", "--topic", "rsi")
    assert unknown.exit_code == 1
    assert "did you mean 'relative-strength-index'?" in unknown.stderr


def test_source_is_shown_with_how_it_was_read_and_all_that_was_rejected(data: Path, tmp_path: Path):
    file = tmp_path / "export.json"
    pairs = [
        {"question": f"What is {number}?", "answer": "" if number else "It is nothing."}
        for number in range(5)
    ]
    file.write_text(json.dumps({"total_pairs": 9, "topic": "RSI", "qa_pairs": pairs}), encoding="utf-8")
    imported(data, file)
    imported(data, file, "other")
    shown = done(freya(data, "knowledge", "show", "--source", "export.json"))
    assert shown.count("read as       JSON: pairs under qa_pairs; topic from topic") == 2
    assert shown.count("1 read, 4 rejected, 1 mismatched") == 2
    assert shown.count("has an empty answer") == 8
    one, other = as_json(data, "show", "--source", "export.json")
    assert (one["collection"], other["collection"]) == ("other", "technical")
    assert [remark["what"] for remark in one["remarks"]] == ["rejected"] * 4 + ["mismatched"]
    assert one["remarks"][0]["place"].startswith("qa_pairs[1]")
    assert one["remarks"][4]["reason"] == "declares 9 pairs and holds 5"
    assert as_json(data, "show", "--source", other["id"]) == [other]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show"], "give the id of a pair, or --topic"),
        (["show", "pair_x", "--topic", SLUG], "give the id of a pair, or --topic"),
        (["show", "--source", "x", "--topic", SLUG], "give the id of a pair, or --topic"),
        (["jobs", "--cancel"], "say which job to cancel"),
        (["jobs", "--limit", "0"], "greater than or equal to 1"),
        (["gaps", "--limit", "none"], "valid integer"),
        (["gaps", "--target", "0"], "greater than or equal to 1"),
        (["gaps", "--share", "1.5"], "less than or equal to 1"),
        (["progress", "--days", "0"], "greater than or equal to 1"),
        (["progress", "--acceptable", "101"], "must not be above the full"),
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
        (["show", "--source", "none.json"], "there is no source 'none.json'"),
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


@pytest.mark.parametrize(
    "command", [["gaps"], ["progress"], ["topics"], ["show", "p"], ["jobs"], ["export", "x.json"]]
)
def test_a_folder_without_a_database_is_not_made_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    monkeypatch.delenv("FREYA_POSTGRES_URL", raising=False)
    result = freya(tmp_path / "empty", "knowledge", *command)
    assert result.exit_code == 1
    assert "holds no database" in result.stderr
    assert not (tmp_path / "empty").exists()
