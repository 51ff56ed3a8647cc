from pathlib import Path

from benchmarks.bench_privacy import BARS, LARGEST_SHARE_ALTERED, altered, plain_lines, recall_by_kind
from benchmarks.bench_secrets import FINDERS, measure


def test_labelled_personal_data_is_found(shared_data: Path) -> None:
    counts = recall_by_kind(shared_data / "privacy" / "pii_labelled.jsonl")

    assert all(count["labelled"] for count in counts.values())
    missed = {kind: count["missed"] for kind, count in counts.items() if count["recall"] < BARS[kind]}
    assert missed == {}
    assert min(count["precision"] for count in counts.values()) >= 0.9


def test_logs_market_data_hashes_and_code_are_left_as_they_are() -> None:
    report = altered(list(plain_lines(2000, seed=11)))

    assert report["lines"] == 2000
    assert report["share"] <= LARGEST_SHARE_ALTERED, report["found"]


def test_keys_in_the_forms_of_services_and_passwords_are_found() -> None:
    report = measure(FINDERS["freya"](), each=4, seed=11)

    assert report["recall"] >= 0.95, report["missed_by_sort"]
    assert report["lines_with_false_alarm"] == 0
