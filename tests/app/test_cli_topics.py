"""`freya knowledge topics`, on real stores: the catalogue, and what a user adds to it."""

from pathlib import Path
from typing import Any  # JSON

import psycopg
import pytest

from tests.app.cli_data import data, freya, seed, surroundings
from tests.app.cli_pipeline import (
    SLUG,
    as_json,
    done,
    imported,
    nothing_known,
    pair_line,
    quickly,
    twins,
)

__all__ = ["data", "nothing_known", "quickly", "seed", "surroundings", "twins"]
HOUSES = ("add", "house-prices", "--name", "House Prices", "--category", "Macro", "--alias", "Houses")


def topics(data: Path, *arguments: str | Path) -> str:
    return done(freya(data, "knowledge", "topics", *arguments))


def listed(data: Path, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = as_json(data, "topics", *options)
    return found


def test_topic_that_is_added_takes_in_what_was_nowhere(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    unmapped = topics(data, "--unmapped").splitlines()
    ((collection, pairs, *_, name),) = [line.split() for line in unmapped[1:]]
    assert (collection, pairs, name) == ("technical", "1", "Houses")
    told = topics(data, *HOUSES, "--session", "50", "--subcategory", "Land")
    assert told.splitlines() == ["added    house-prices"]
    (own,) = listed(data, "--own")
    assert {name: own[name] for name in ("slug", "aliases", "session", "own", "pairs")} == {
        "slug": "house-prices",
        "aliases": ["Houses"],
        "session": 50,
        "own": True,
        "pairs": 1,
    }
    assert [each["slug"] for each in listed(data, "--session", "50", "--category", "land")] == [
        "house-prices"
    ]
    nothing = freya(data, "knowledge", "topics", "--unmapped")
    assert (nothing.stdout, nothing.exit_code) == ("", 0)
    assert "every topic of a source has its place" in nothing.stderr
    (gap,) = as_json(data, "gaps", "--category", "Macro")["topics"]
    assert (gap["slug"], gap["missing"]) == ("house-prices", 99)
    assert "added         by a user" in done(freya(data, "knowledge", "show", "--topic", "house-prices"))


def test_name_is_said_to_belong_somewhere_or_nowhere_and_that_is_taken_back(data: Path, twins: Path):
    imported(data, twins)
    done(freya(data, "knowledge", "refine"))
    assert topics(data, "map", "houses", SLUG).splitlines() == [
        "mapped   1 name",
        "moved    1 topic of sources",
    ]
    by_name = {each["topic"]: each for each in as_json(data, "status", "--topics")["topics"]}
    assert (by_name["Houses"]["slug"], by_name["Houses"]["mapped_by"]) == (SLUG, "hand")
    topics(data, "map", "Houses", "--none")
    assert topics(data, "--by-hand").split() == ["TOPIC", "IN", "SOURCES", "-", "Houses"]
    assert freya(data, "knowledge", "topics", "--unmapped").stdout == ""
    assert "Houses (by hand)" in done(freya(data, "knowledge", "gaps"))
    assert topics(data, "map", "Houses", "--undo").splitlines()[0] == "unmapped 1 name"
    assert [each["topic"] for each in as_json(data, "topics", "--unmapped")] == ["Houses"]
    later = freya(data, "knowledge", "topics", "map", "Batch 7", SLUG)
    assert "no source uses such a name yet" in later.stderr


def test_alias_of_a_topic_that_ships_is_added_and_taken_back(data: Path, twins: Path):
    imported(data, twins)
    assert topics(data, "alias", SLUG, "Houses", "--no-wait").splitlines() == [f"added    {SLUG}"]
    (own,) = listed(data, "--own")
    assert (own["slug"], own["own"], own["added"]) == (SLUG, False, ["Houses"])
    (job,) = as_json(data, "jobs")
    assert (job["kind"], job["state"]) == ("refine", "queued")
    topics(data, "alias", SLUG, "Wilderometer", "--no-wait")
    assert len(as_json(data, "jobs")) == 1
    assert topics(data, "alias", SLUG, "--remove", "Houses", "Wilderometer").splitlines() == [
        f"removed  {SLUG}"
    ]
    assert listed(data, "--own") == []


def test_what_was_added_is_carried_over_to_another_database_as_toml(data: Path, tmp_path: Path):
    topics(data, *HOUSES, "--no-wait")
    topics(data, "alias", SLUG, "Wilderometer", "--no-wait")
    topics(data, "map", "Batch 7", "house-prices")
    file = tmp_path / "catalogue.toml"
    assert topics(data, "export", file) == ""
    text = file.read_text(encoding="utf-8")
    assert topics(data, "export") == text
    for slug in ("house-prices", SLUG):
        topics(data, "remove", slug, "--no-wait")
    assert topics(data, "export") == ""
    change = as_json(data, "topics", "import", file, "--no-wait")
    assert (change["added"], change["mapped"]) == (["house-prices", SLUG], 1)
    assert topics(data, "export") == text
    again = topics(data, "import", file)
    assert again.splitlines() == ["nothing changed: it was so before"]
    assert sorted(path.name for path in tmp_path.glob("*catalogue*")) == ["catalogue.toml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", SLUG, "--name", "Mine", "--category", "C"), f"{SLUG} ships with Freya"),
        (("add", "mine", "--name", "RSI", "--category", "C"), f"'RSI' means {SLUG} already"),
        (("add", "No Slug", "--name", "Mine", "--category", "C"), "slug: "),
        (("add", "mine", "--name", "", "--category", "C"), "name: "),
        (("add", "mine", "--name", "x" * 401, "--category", "C"), "name: "),
        (("add", "mine", "--name", "Mine", "--category", "C", "--collection", "No Name"), "collection: "),
        (("alias", SLUG, "?"), "'?' cannot be looked for in a text"),
        (("alias", "rsi", "Wilderometer"), f"did you mean '{SLUG}'?"),
        (("map", "Batch 7", "no-such-topic"), "has no topic 'no-such-topic'"),
        (("map", "", SLUG), "name: "),
        (("map", "Batch 7", "--undo"), "nothing was said by hand of 'Batch 7'"),
        (("remove", SLUG), "cannot be removed"),
        (("import", "missing.toml"), "missing.toml cannot be read"),
        (("import", "."), "cannot be read"),
        (("import", "latin.toml"), "latin.toml is not in UTF-8 (byte 25)"),
        (("export", "no/such/folder.toml"), "does not exist"),
    ],
)
def test_what_cannot_be_is_refused_and_harms_nothing(
    data: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
):
    (tmp_path / "latin.toml").write_bytes('[[mappings]]\nname = "café"'.encode("latin-1"))
    result = freya(data, "knowledge", "topics", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert topics(data, "export") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("map", "Batch 7"), "say the slug of a topic, or --none, or --undo"),
        (("map", "Batch 7", SLUG, "--none"), "say the slug of a topic, or --none, or --undo"),
        (("--unmapped", "--own"), "--unmapped takes --collection only"),
        (("--unmapped", "--by-hand"), "--unmapped takes --collection only"),
        (("--json", "remove", SLUG), "give options after remove"),
        (("add", "mine"), "Missing option '--name'"),
        (
            ("add", "mine", "--name", "Mine", "--category", "C", "--session", "0"),
            "greater than or equal to 1",
        ),
    ],
)
def test_wrong_usage_is_told(data: Path, arguments: tuple[str, ...], said: str):
    result = freya(data, "knowledge", "topics", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")


def test_topic_is_replaced_only_when_that_is_said(data: Path, database_url: str):
    topics(data, *HOUSES, "--no-wait")
    again = freya(data, "knowledge", "topics", *HOUSES, "--no-wait")
    assert again.exit_code == 1
    assert "--replace" in again.stderr
    told = topics(
        data, "add", "house-prices", "--name", "Homes", "--category", "Macro", "--replace", "--no-wait"
    )
    assert told.splitlines() == ["changed  house-prices"]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name FROM knowledge_catalogue").fetchall() == [("Homes",)]


def test_pair_that_is_imported_later_is_placed_as_was_said(data: Path, tmp_path: Path):
    topics(data, *HOUSES)
    file = tmp_path / "later.jsonl"
    file.write_text(pair_line("Who buys?", "Those who can.", "Houses crypto trading"), encoding="utf-8")
    imported(data, file)
    done(freya(data, "knowledge", "refine"))
    (own,) = listed(data, "--own")
    assert own["pairs"] == 1
