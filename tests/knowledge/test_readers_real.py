"""The example files as they lie: how many pairs each holds, and what the others are."""

import pytest

from tests.knowledge.samples import account

PARSED = {
    "_vortex_indicator_cryptocurrency_trading_technical_analysis_qa_pairs.json": (100, 0),
    "chaikin_money_flow_cmf_qa_pairs.json": (100, 0),
    "cme_institutionals_qa_pairs.json": (100, 0),
    "crypto-indicators-session-01-qa.json": (30, 0),
    "crypto-indicators-session-06-qa-template.json": (0, 30),
    "crypto-indicators-session-09-qa-FINAL.json": (30, 0),
    "foundations_f1_nested_circles_qa_batch1.json": (5, 0),
    "sample_qa_data.json": (3, 0),
    "session-21-stock-to-flow-qa-complete.json": (100, 0),
    "session-31-dex-metrics-batch.txt": (0, 0),
    "session26_complete.txt": (0, 0),
    "session_03_batch4.json": (5, 0),
    "session_10_current_structure.json": (12, 0),
    "zai_institutional_qa_20251105_052200.json": (9, 0),
}
NOTHING = {
    "crypto-indicators-session-06-qa-template.json": "a template: 30 questions whose answers are still to be written",
    "session-31-dex-metrics-batch.txt": "a list of 5 topics without question-answer pairs",
    "session26_complete.txt": "a summary that speaks of 500 pairs and holds none",
}


def test_parsed_files_are_all_known(shared_data):
    assert {path.name for path in (shared_data / "knowledge" / "parsed").iterdir()} == set(PARSED)


@pytest.mark.parametrize("name", PARSED)
def test_parsed_file_gives_its_pairs(shared_data, name):
    found = account(shared_data / "knowledge" / "parsed" / name)
    assert found.counts == PARSED[name]
    assert found.report.nothing == NOTHING.get(name)
    assert found.damage is None
    assert "unnamed" not in found.topics


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        ("session_10_current_structure.json", "total: declares 30 pairs and holds 12"),
        ("session_03_batch4.json", "total: declares 50 pairs and holds 5"),
        ("session_03_batch4.json", "qa_pairs[0]: declares 3100 answer characters and holds 3278"),
    ],
)
def test_parsed_file_that_declares_something_else_is_noted(shared_data, name, doubt):
    assert doubt in account(shared_data / "knowledge" / "parsed" / name).doubts


@pytest.mark.parametrize(
    ("name", "topic", "category"),
    [
        ("crypto-indicators-session-01-qa.json", "Simple Moving Average (SMA)", "Price-Based Technical Indicators"),
        ("cme_institutionals_qa_pairs.json", "DERIVATIVES CME & Institutionals", "derivatives"),
        ("foundations_f1_nested_circles_qa_batch1.json", "F.1 - The Nested Circle Framework", "Market Structure Foundations"),
        ("zai_institutional_qa_20251105_052200.json", "Bitcoin ETF Approval and Institutional Access", None),
    ],
)  # fmt: skip
def test_parsed_file_gives_topic_and_category(shared_data, name, topic, category):
    first = account(shared_data / "knowledge" / "parsed" / name).pairs[0]
    assert (first.session.topic, first.session.category) == (topic, category)


def test_stray_marks_of_models_are_taken_off(shared_data):
    pairs = account(shared_data / "knowledge" / "parsed" / "zai_institutional_qa_20251105_052200.json").pairs
    assert not [pair for pair in pairs if pair.question.startswith("**") or pair.answer.startswith("** ")]


def test_reports_say_how_many_of_their_searches_found_something(shared_data):
    told = [account(path).report.research for path in (shared_data / "knowledge" / "reports").iterdir()]
    found = [research for research in told if research is not None]
    assert (len(told), len(found)) == (12, 10)
    assert (sum(each.searches for each in found), sum(each.successful for each in found)) == (1000, 989)
    assert all(each.completed is not None for each in found)
