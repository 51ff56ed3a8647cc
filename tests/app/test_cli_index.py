"""`freya knowledge index` and `evaluate`: versions built, activated, taken back, compared."""

from pathlib import Path

import pytest
from typer.testing import Result

from app.cli import knowing_indexes
from knowledge import KnowledgeUnavailable, Versions
from tests.app.cli_data import data, freya, pairs, seed, surroundings
from tests.app.cli_pipeline import as_json, done, imported, nothing_known, pair_line, quickly, twins

__all__ = ["data", "nothing_known", "pairs", "quickly", "seed", "surroundings", "twins"]


def test_a_version_is_built_beside_the_live_one_activated_taken_back_and_pruned(data: Path, twins: Path):
    assert "there is no index yet" in freya(data, "knowledge", "index", "list").stderr
    imported(data, twins)
    assert "4 measured" in done(freya(data, "knowledge", "refine"))
    built = done(freya(data, "knowledge", "index", "build", "--without-low", "--note", "a trial"))
    assert built.startswith("version 2 is ready with ")
    versions = as_json(data, "index", "list")
    assert [(each["number"], each["state"]) for each in versions] == [(1, "live"), (2, "ready")]
    assert (versions[1]["recipe"]["low_tier"], versions[1]["note"]) == (False, "a trial")
    shown = done(freya(data, "knowledge", "index", "show", "2"))
    assert "state      ready" in shown
    assert "note       a trial" in shown
    assert "not evaluated yet" in shown
    assert as_json(data, "index", "show", "2")["report"] is None
    low = sum(each["pairs"] for each in as_json(data, "status")["tiers"] if each["tier"] == "low")
    activated = done(freya(data, "knowledge", "index", "activate", "2", "--yes"))
    assert activated == (
        f"version 2 is live with {3 - low} pairs\n"
        "in spite of this: Version 2 of the index was not evaluated.\n"
    )
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


def test_what_was_not_evaluated_is_activated_only_by_who_wants_it_nevertheless(
    data: Path, twins: Path, monkeypatch: pytest.MonkeyPatch
):
    imported(data, twins)
    done(freya(data, "knowledge", "index", "build"))
    said = "Version 2 of the index was not evaluated. `freya knowledge evaluate --version 2 --compare 1`, or"
    for options in ([], ["--json"], ["--no-wait"]):
        refused = freya(data, "knowledge", "index", "activate", "2", *options)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert said in refused.stderr
    assert [each["kind"] for each in as_json(data, "jobs")] == ["index"]

    def on_a_terminal(answer: str) -> Result:
        with monkeypatch.context() as patch:
            patch.setattr(knowing_indexes, "_is_asked", lambda: True)
            return freya(data, "knowledge", "index", "activate", "2", answers=answer)

    declined = on_a_terminal("n\n")
    assert declined.exit_code == 1
    assert "was not evaluated. Activate it nevertheless? [y/N]" in declined.stderr
    assert "nothing was changed" in declined.stderr
    assert "version 2 is live" in done(on_a_terminal("y\n"))
    done(freya(data, "knowledge", "index", "rollback"))
    again = as_json(data, "index", "activate", "2")["result"]
    assert (again["state"], again["objection"]) == ("live", None)


def test_a_version_has_the_passages_that_were_asked_for(data: Path, twins: Path):
    imported(data, twins)
    options = ["--passage-tokens", "64", "--passage-lead", "16", "--passage-later", "0.25"]
    built = as_json(data, "index", "build", *options)["result"]
    assert built["recipe"]["passages"] == {"tokens": 64, "lead_tokens": 16, "later": 0.25}
    shown = done(freya(data, "knowledge", "index", "show", "2"))
    assert "passages   64 tokens, found by 16, later ones count 0.25" in shown


def test_a_source_is_removed_from_the_store_and_from_every_version(data: Path, twins: Path, tmp_path: Path):
    imported(data, twins)
    other = tmp_path / "other.jsonl"
    other.write_text(pair_line("What is a limit order?", "An order at a price or better."), encoding="utf-8")
    imported(data, other)
    done(freya(data, "knowledge", "index", "build"))
    told = freya(data, "knowledge", "remove", "twins.jsonl")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "this deletes the pairs of twins.jsonl (4 read into technical); run it with --yes" in told.stderr
    assert done(freya(data, "knowledge", "remove", "twins.jsonl", "--yes")) == "removed 4 pairs\n"
    status = as_json(data, "status")
    assert [(each["stored"], set(each["indexed"].values())) for each in status["collections"]] == [(1, {1})]
    assert [source["name"] for source in status["sources"]] == ["other.jsonl"]
    assert [(each["state"], each["pairs"]) for each in as_json(data, "index", "list")][1] == ("ready", 1)
    again = freya(data, "knowledge", "remove", "twins.jsonl", "--yes")
    assert again.exit_code == 1
    assert "there is no source" in again.stderr
    imported(data, twins)
    assert as_json(data, "status")["collections"][0]["stored"] == 5


def test_of_two_sources_of_a_name_the_id_says_which_is_removed(data: Path, twins: Path):
    imported(data, twins)
    imported(data, twins, "lab")
    result = freya(data, "knowledge", "remove", "twins.jsonl", "--yes")
    assert result.exit_code == 1
    sources = as_json(data, "status")["sources"]
    assert all(source["id"] in result.stderr for source in sources)
    lab = next(source["id"] for source in sources if source["collection"] == "lab")
    assert as_json(data, "remove", lab, "--yes")["result"] == {"source": lab, "removed": 4, "behind": []}
    assert [each["name"] for each in as_json(data, "status")["collections"]] == ["technical"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["index", "activate", "9"], 1, "There is no version 9"),
        (["index", "show", "9"], 1, "There is no version 9"),
        (["index", "build", "9"], 1, "There is no version 9"),
        (["index", "rollback"], 1, "No version that was live before"),
        (["index", "activate", "0"], 2, "greater than or equal to 1"),
        (["index", "prune", "--keep", "0"], 2, "greater than or equal to 1"),
        (["index", "build", "1", "--without-low"], 2, "keeps its recipe"),
        (["index", "build", "1", "--model", "other"], 2, "keeps its recipe"),
        (["index", "build", "1", "--passage-tokens", "64"], 2, "keeps its recipe"),
        (["index", "build", "--passage-tokens", "31"], 2, "greater than or equal to 32"),
        (["index", "build", "--model", ""], 2, "model: "),
        (["index", "build", "--model", "/no/such/folder"], 1, "there is no folder /no/such/folder"),
        (["index", "build", "--model", "."], 1, "neither modules.json nor config.json"),
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


@pytest.mark.uncounted
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
    kept = done(freya(data, "knowledge", "index", "show", "1"))
    assert kept.endswith(told.partition("\n")[2])
    assert as_json(data, "index", "show", "1")["report"]["tasks"]["answers"]["cases"] == 12
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
