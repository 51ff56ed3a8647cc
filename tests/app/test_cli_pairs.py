"""`freya knowledge` pairs and duplicates, on real stores."""

import json
from pathlib import Path

from tests.app.cli_data import data, freya, pairs, seed, surroundings
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

__all__ = ["data", "nothing_known", "pairs", "quickly", "seed", "surroundings", "twins"]


def test_pairs_are_a_table_part_by_part(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    told = freya(data, "knowledge", "pairs", "--limit", "2")
    head, *rows = done(told).splitlines()
    assert head.split() == ["PAIR", "COLLECTION", "TOPIC", "QUALITY", "TIER", "QUESTION"]
    assert len(rows) == 2
    last = rows[-1].split()[0]
    assert f"and more; --after {last} goes on, --limit is 2" in told.stderr
    rest = freya(data, "knowledge", "pairs", "--limit", "2", "--after", last)
    assert len(done(rest).splitlines()) == 2
    assert "and more" not in rest.stderr
    whole = as_json(data, "pairs")
    assert [pair["id"] for pair in whole] == [
        line.split()[0] for line in [*rows, *done(rest).splitlines()[1:]]
    ]
    assert as_json(data, "pairs", "--limit", "1") == whole[:1]


def test_list_and_export_let_the_same_pairs_through(data: Path, twins: Path, tmp_path: Path):
    other = tmp_path / "other.jsonl"
    lines = [
        pair_line("What is a headline?", "The first line, since 2024-05-01.", "Headlines", category="Ads")
    ]
    other.write_text("\n".join(lines), encoding="utf-8")
    imported(data, twins)
    imported(data, other, "other")
    done(freya(data, "knowledge", "refine"))
    everything = as_json(data, "pairs", "--with-duplicates")
    assert len(everything) == 5
    best = max(pair["quality"] for pair in everything)
    expected = {
        (): 4,
        ("--with-duplicates",): 5,
        ("--only-duplicates",): 1,
        ("--collection", "other"): 1,
        ("--topic", SLUG): 2,
        ("--category", "ads"): 1,
        ("--source", "twins.jsonl"): 3,
        ("--source", "twins.jsonl", "--source", "other.jsonl"): 4,
        ("--min-quality", f"{best + 0.1:.2f}"): 0,
        ("--since", "2024-01-01"): 1,
        ("--difficulty", "BEGINNER", "--with-duplicates"): 1,
        ("--tag", "entry", "--with-duplicates"): 1,
        ("--query", '"colour of the house"'): 1,
        ("--query", "RSI -divide"): 1,
    }
    for options, count in expected.items():
        found = as_json(data, "pairs", *options)
        assert len(found) == count, options
        taken = exported(data, tmp_path / "out.jsonl", *options)
        assert [pair["id"] for pair in taken] == [pair["id"] for pair in found]
    nothing = freya(data, "knowledge", "pairs", "--query", "zzzz")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "there are no such pairs\n")


def test_duplicates_are_told_with_why_they_gave_way(data: Path, twins: Path):
    imported(data, twins)
    none = freya(data, "knowledge", "duplicates")
    assert "`freya knowledge refine` looks for them" in none.stderr
    assert done(none) == ""
    done(freya(data, "knowledge", "refine"))
    (group,) = as_json(data, "duplicates")
    (gone,) = group["alike"]
    assert {group["pair"]["question"], gone["question"]} == {asked(1), asked(1, "should")}
    assert (group["count"], gone["overlap"]) == (1, 1.0)
    told = done(freya(data, "knowledge", "duplicates"))
    lines = told.splitlines()
    assert lines[0] == group["pair"]["question"]
    assert lines[1].startswith(f"{group['pair']['id']} · {SLUG} · twins.jsonl · quality ")
    assert lines[2].split() == ["GAVE", "WAY", "QUESTION", "QUESTIONS", "ANSWERS", "WORD", "FOR", "WORD"]
    assert lines[3].split()[0] == gone["id"]
    assert lines[3].split()[-1] == "1.00"
    assert as_json(data, "duplicates", "--collection", "other") == []
    assert as_json(data, "duplicates", "--topic", SLUG) == [group]
    shown = done(freya(data, "knowledge", "show", gone["id"]))
    assert "KEPT INSTEAD" in shown
    assert as_json(data, "show", gone["id"])["duplicates"][0]["overlap"] == 1.0


def test_variants_are_told_each_two_once(data: Path, tmp_path: Path):
    file = tmp_path / "variants.jsonl"
    answers = (
        "The relative strength index compares the mean gain of fourteen days with the mean loss of them.",
        "As the relative strength index, it sets mean gains of fourteen days against their mean losses.",
    )
    questions = ("What is the RSI?", "What is RSI?")
    lines = [pair_line(question, answer) for question, answer in zip(questions, answers, strict=True)]
    file.write_text("\n".join(lines), encoding="utf-8")
    imported(data, file)
    done(freya(data, "knowledge", "refine"))
    assert as_json(data, "duplicates") == []
    (group,) = as_json(data, "duplicates", "--variants")
    (other,) = group["alike"]
    assert {group["pair"]["question"], other["question"]} == set(questions)
    assert other["overlap"] < 0.5
    told = done(freya(data, "knowledge", "duplicates", "--variants", "--limit", "1"))
    assert told.splitlines()[2].split()[0] == "VARIANT"
    assert json.loads(done(freya(data, "knowledge", "duplicates", "--variants", "--json"))) == [group]


def test_pair_to_go_on_after_that_never_was_is_refused(data: Path, twins: Path):
    imported(data, twins)
    for command in ("pairs", "duplicates"):
        refused = freya(data, "knowledge", command, "--after", "pair_none")
        assert refused.exit_code == 1
        assert "there is no pair 'pair_none' to go on after" in refused.stderr


def test_nothing_known_is_told(tmp_path: Path):
    for command in ("pairs", "duplicates"):
        refused = freya(tmp_path / "nowhere", "knowledge", command)
        assert refused.exit_code == 1
        assert "nothing is known yet" in refused.stderr
