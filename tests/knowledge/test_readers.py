import gzip
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import SourceUnreadable
from knowledge.readers import PairRecord, Reader, SourceKind, content_hash, open_source
from knowledge.readers.text import clean, plain, unquoted, without_colours
from knowledge.store import pair_id
from tests.knowledge.samples import (
    ATR,
    GAS,
    MACD,
    RSI,
    export_document,
    pair_block,
    report_text,
    write_export,
    write_lines,
    write_report,
)


def read(path: Path) -> tuple[list[PairRecord], Reader]:
    reader = open_source(path)
    return list(reader.pairs()), reader


def read_until_damage(path: Path) -> tuple[list[PairRecord], str]:
    found: list[PairRecord] = []
    with pytest.raises(SourceUnreadable) as raised:
        found.extend(_append_all(open_source(path), found))
    return found, str(raised.value)


def _append_all(reader: Reader, found: list[PairRecord]) -> list[PairRecord]:
    for pair in reader.pairs():
        found.append(pair)  # noqa: PERF402  # what came before the damage is what the test looks at
    return []


def texts(pairs: list[PairRecord]) -> list[tuple[str, str]]:
    return [(pair.question, pair.answer) for pair in pairs]


def test_report_gives_its_pairs_and_not_its_essay(tmp_path):
    pairs, reader = read(write_report(tmp_path / "report.txt", [RSI, MACD]))
    assert texts(pairs) == [RSI, MACD]
    assert [pair.ordinal for pair in pairs] == [1, 2]
    assert pairs[0].session.topic == "RSI"
    assert reader.report.kind is SourceKind.RESEARCH_REPORT
    assert (reader.report.declared, reader.report.read) == (2, 2)
    assert reader.report.rejected == reader.report.mismatched == []


def test_colour_codes_in_the_middle_of_words_are_taken_out(tmp_path):
    path = write_report(tmp_path / "report.txt", [RSI])
    coloured = path.read_text(encoding="utf-8").replace("Wilder", "Wil\x1b[1;31mder\x1b[0m")
    path.write_text(coloured.replace("question-answer", "que\x1b[0mstion-answer"), encoding="utf-8")
    pairs, reader = read(path)
    assert texts(pairs) == [RSI]
    assert reader.report.mismatched == []


def test_quotes_around_a_whole_question_are_taken_off():
    assert unquoted('"what is RSI"') == "what is RSI"
    assert unquoted("“what is RSI”") == "what is RSI"
    assert unquoted('"ADX" AND "RSI"') == '"ADX" AND "RSI"'
    assert unquoted('"') == '"'


def test_character_counts_are_compared_with_the_text_as_written(tmp_path):
    blocks = [pair_block(1, '"What is RSI?"', RSI[1]), pair_block(2, *MACD, counts=(19, 5))]
    path = tmp_path / "report.txt"
    path.write_text(report_text(blocks), encoding="utf-8")
    pairs, reader = read(path)
    assert texts(pairs) == [RSI, MACD]
    assert [(doubt.place, doubt.reason) for doubt in reader.report.mismatched] == [
        ("pair 2", f"declares 5 answer characters and holds {len(MACD[1])}")
    ]


def test_answer_that_quotes_its_own_end_is_read_whole_by_its_count(tmp_path):
    answer = (
        "A report ends an answer so:\nanswer characters: 12\nand then goes on.\nPair 1:\nis how it begins."
    )
    pairs, reader = read(write_report(tmp_path / "report.txt", [RSI, ("How do reports end?", answer), MACD]))
    assert texts(pairs) == [RSI, ("How do reports end?", answer), MACD]
    assert reader.report.mismatched == []


def test_pair_without_question_or_answer_is_rejected_with_its_place(tmp_path):
    blocks = [
        pair_block(1, *RSI),
        "Pair 2:\nno question here\nanswer characters: 4\n",
        "Pair 3:\nquestion: q\nquestion characters: 1\nnothing follows\nanswer characters: 4\n",
        pair_block(4, "What?", ""),
        pair_block(5, "", "Nothing was asked."),
    ]
    path = tmp_path / "report.txt"
    path.write_text(report_text(blocks), encoding="utf-8")
    pairs, reader = read(path)
    assert texts(pairs) == [RSI]
    assert [remark.place for remark in reader.report.rejected] == ["pair 2", "pair 3", "pair 4", "pair 5"]
    assert "empty answer" in reader.report.rejected[2].reason
    assert "empty question" in reader.report.rejected[3].reason
    assert reader.report.mismatched == []


def test_total_that_does_not_fit_is_reported(tmp_path):
    _, reader = read(write_report(tmp_path / "report.txt", [RSI, MACD], declared=3))
    assert reader.report.mismatched[-1].reason == "declares 3 pairs and holds 2"


def test_report_that_breaks_off_gives_what_it_has_and_says_where(tmp_path):
    path = write_report(tmp_path / "report.txt", [RSI, MACD])
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("exponential average")], encoding="utf-8")
    pairs, message = read_until_damage(path)
    assert texts(pairs) == [RSI]
    assert "breaks off in pair 2 (line" in message


@pytest.mark.parametrize(
    ("content", "nothing"),
    [
        ("Test research content for archiving system.", "a report without question-answer pairs"),
        (report_text([], declared=7), "a report that declares 7 pairs and holds none"),
    ],
)
def test_report_without_pairs_is_no_error(tmp_path, content, nothing):
    path = tmp_path / "research_report_test.txt"
    path.write_text(content, encoding="utf-8")
    pairs, reader = read(path)
    assert pairs == []
    assert reader.report.nothing == nothing


def test_report_without_a_topic_takes_it_from_its_name(tmp_path):
    path = tmp_path / "research_report_stock-to-flow_20251101_025200.txt"
    path.write_text(f"Total Question-Answer Pairs: 1\n\n{pair_block(1, *RSI)}", encoding="utf-8")
    pairs, _ = read(path)
    assert pairs[0].session.topic == "stock to flow"


def test_numbered_question_lists_are_read_with_their_headings_as_topics(tmp_path):
    path = tmp_path / "session-39.txt"
    path.write_text(
        "## Indicator 1\n\n### Pi Cycle Top: Q&A Pairs\n\n"
        "1.  **Q:** What is it?\n    **A:** Two averages\n    that cross.\n\n"
        "2.  **Q:** Which?\n    **A:** 111 and 350 days.\n\n---\n\n"
        "### MVRV Z-Score: Q&A Pairs\n\n1.  **Q:** What is MVRV?\n    **A:** A ratio.\n\n## Strategies\n1. **Buy**\n",
        encoding="utf-8",
    )
    pairs, reader = read(path)
    assert [(pair.session.topic, pair.session.ordinal, pair.ordinal, pair.question) for pair in pairs] == [
        ("Pi Cycle Top", 1, 1, "What is it?"),
        ("Pi Cycle Top", 1, 2, "Which?"),
        ("MVRV Z-Score", 2, 1, "What is MVRV?"),
    ]
    assert pairs[0].answer == "Two averages\n    that cross."
    assert pairs[2].answer == "A ratio."
    assert reader.report.kind is SourceKind.QUESTION_LIST


def test_question_list_without_headings_is_one_session_named_after_the_file(tmp_path):
    path = tmp_path / "hash_ribbons.txt"
    path.write_text("1. **Q:** What?\n   **A:** Ribbons.\n", encoding="utf-8")
    pairs, _ = read(path)
    assert [(pair.session.topic, pair.answer) for pair in pairs] == [("hash ribbons", "Ribbons.")]


def test_export_gives_sessions_with_topics_and_ids(tmp_path):
    path = write_export(tmp_path / "export.json", [("Momentum", [RSI, MACD]), ("Volatility", [ATR])])
    pairs, reader = read(path)
    assert texts(pairs) == [RSI, MACD, ATR]
    assert [(pair.session.ordinal, pair.session.topic, pair.ordinal) for pair in pairs] == [
        (1, "Momentum", 1),
        (1, "Momentum", 2),
        (2, "Volatility", 1),
    ]
    assert pairs[2].session.external_id == "201"
    assert (reader.report.declared, reader.report.read) == (3, 3)
    assert reader.report.mismatched == []


def test_gzip_is_read_whatever_it_is_called_and_is_the_same_source(tmp_path):
    path = write_export(tmp_path / "export.json", [("Momentum", [RSI])])
    packed = tmp_path / "packed.json"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert texts(read(packed)[0]) == [RSI]
    assert content_hash(packed) == content_hash(path)


def test_export_totals_that_do_not_fit_are_reported(tmp_path):
    path = write_export(tmp_path / "export.json", [("M", [RSI])], total_qa_pairs=9, total_sessions=4)
    _, reader = read(path)
    assert [doubt.reason for doubt in reader.report.mismatched] == [
        "declares 9 pairs and holds 1",
        "declares 4 sessions and holds 1",
    ]


def test_export_names_what_it_cannot_take(tmp_path):
    document = export_document([("Momentum", [RSI])])
    good = {"question": GAS[0], "answer": GAS[1], "tags": ["a", {"b": 1}]}
    bad = [
        {"question": "no answer"},
        {"question": 5, "answer": "a"},
        "text",
        ["a", [5]],
        {"question": " ", "answer": "a"},
    ]
    document["sessions"] = [
        "none",
        3,
        [1, 2],
        {"topic": "Chains", "qa_pairs": [*bad, good, {"question": "q", "answer": "\x00"}]},
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    pairs, reader = read(path)
    assert [(pair.ordinal, pair.question) for pair in pairs] == [(6, GAS[0])]
    assert [remark.place for remark in reader.report.rejected] == [
        "sessions[0]",
        "sessions[1]",
        "sessions[2]",
        *(f"sessions[3].qa_pairs[{index}]" for index in (0, 1, 2, 3, 4, 6)),
    ]
    assert pairs[0].tags == ("a",)
    assert pair_id("source", pairs[0]) == pair_id("source", replace(pairs[0], key="4:6"))


def test_topic_that_follows_the_pairs_is_still_theirs(tmp_path):
    path = tmp_path / "export.json"
    session = {"qa_pairs": [{"question": RSI[0], "answer": RSI[1]}], "topic": "Momentum"}
    nameless = {"qa_pairs": [{"question": GAS[0], "answer": GAS[1]}]}
    path.write_text(json.dumps({"sessions": [session, nameless], "metadata": {}}), encoding="utf-8")
    pairs, _ = read(path)
    assert [pair.session.topic for pair in pairs] == ["Momentum", "unnamed"]


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_export_gives_what_comes_before_the_damage(tmp_path, packed):
    sessions = [("Momentum", [RSI, MACD] * 40), ("Volatility", [(ATR[0], ATR[1] * 1000)] * 40)]
    content = json.dumps(export_document(sessions)).encode()
    cut = content.index(b"Volatility") + 2000
    path = tmp_path / "export.json.gz"
    # A level of 0 stores bytes as they are, so that a cut in the archive is the same cut in the content.
    path.write_bytes(gzip.compress(content, 0)[: cut + 20] if packed else content[:cut])
    pairs, message = read_until_damage(path)
    assert len(pairs) >= 80
    assert texts(pairs)[:2] == [RSI, MACD]
    assert "is damaged in sessions[1].qa_pairs (Volatility) after pair" in message
    assert len(content_hash(path)) == 64


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"metadata": {', "before the first pair (line 1, byte 14)"),
        (b'{"sessions": [{"topic": "a", "qa_pairs": []}, ', "before the first pair (line 1, byte 46)"),
        (
            b'{"sessions": [{"qa_pairs": [{"question": "q", "answer": "a"}, {"que',
            "in sessions[0].qa_pairs after pair 1",
        ),
    ],
)
def test_damage_is_placed(tmp_path, content, where):
    path = tmp_path / "export.json"
    path.write_bytes(content)
    pairs, message = read_until_damage(path)
    assert f"is damaged {where}" in message
    assert len(pairs) == ("after pair 1" in message)


def test_export_without_pairs_is_no_error(tmp_path):
    _, reader = read(write_export(tmp_path / "export.json", []))
    assert reader.report.nothing == "JSON without question-answer pairs: an object with metadata, sessions"


@pytest.mark.uncounted
def test_large_export_is_read_in_little_memory(tmp_path):
    path = write_export(tmp_path / "export.json", [("Momentum", [(RSI[0], RSI[1] * 300)] * 20)] * 40)
    assert path.stat().st_size > 15_000_000
    tracemalloc.start()
    count = sum(1 for _ in open_source(path).pairs())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 800
    assert peak < 3_000_000


def test_lines_give_pairs_with_topic_category_and_a_key_of_their_own(tmp_path):
    path = write_lines(tmp_path / "business.jsonl", [RSI, MACD, RSI])
    pairs, reader = read(path)
    assert texts(pairs) == [RSI, MACD, RSI]
    assert len({pair.key for pair in pairs}) == 3
    assert pairs[0].session.category == "trend"
    assert reader.report.kind is SourceKind.JSON_LINES


def test_lines_that_are_no_pairs_are_rejected_by_number(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [RSI])
    with path.open("a", encoding="utf-8") as file:
        file.write('not json\n\n{"topic": "a", "question": "q"}\n[1]\n')
        file.write('{"topic": "a", "question": " ", "answer": "a"}\n')
    pairs, reader = read(path)
    assert texts(pairs) == [RSI]
    assert [remark.place for remark in reader.report.rejected] == ["line 2", "line 4", "line 5", "line 6"]
    assert [remark.reason for remark in reader.report.rejected] == [
        "cannot be read: is no JSON object",
        "has no answer",
        "is no object with a question and an answer",
        "has an empty question",
    ]


def test_file_without_lines_is_no_error(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n", encoding="utf-8")
    assert read(path)[1].report.nothing == "a file without lines"


def test_damaged_lines_give_what_comes_before(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [RSI] * 3000)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 0)[:200_000])
    pairs, message = read_until_damage(packed)
    assert pairs
    assert f"{len(pairs)} pairs before it were read" in message


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("picture.txt", b"\x89PNG\x00\x01", "is a picture. Save what it holds as text"),
        ("noise.json", bytes(range(256)) * 8, "neither text, JSON nor a table"),
        ("packed.txt.gz", gzip.compress(b"%PDF-1.7", mtime=0), "is a PDF. Save what it holds"),
        ("half.txt", b"\xff\xfe\x00", "neither text, JSON nor a table"),
        ("broken.gz", b"\x1f\x8b\x00", "cannot be read"),
    ],
)
def test_what_is_no_source_is_refused_with_the_reason(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnreadable, match=says):
        open_source(tmp_path / name)


def test_file_that_is_not_there_is_refused(tmp_path):
    for attempt in (open_source, content_hash):
        with pytest.raises(SourceUnreadable, match="cannot be read: No such file"):
            attempt(tmp_path / "none.json")


@pytest.mark.slow
@pytest.mark.uncounted
def test_text_far_too_large_for_a_report_is_refused(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(b"text")
        file.truncate(70 << 20)
    path.write_bytes(path.read_bytes().replace(b"\x00", b"x"))
    with pytest.raises(SourceUnreadable, match="has 70 MB"):
        open_source(path)


def test_text_is_made_fit_for_the_database():
    assert clean(" a\x00b\ud800\x07 \r\n") == "ab?"
    assert without_colours("\x1b]0;title\x07a\x1b[1;31mb\x1b[0m") == "ab"
    assert plain("  What’s „RSI“ (ＲＳＩ)? ") == "what s rsi rsi"


def test_real_reports_hold_what_they_declare(shared_data):
    empty, read_pairs, declared = [], 0, 0
    for path in sorted((shared_data / "knowledge" / "reports").iterdir()):
        _, reader = read(path)
        read_pairs += reader.report.read
        declared += reader.report.declared or 0
        assert not reader.report.rejected
        assert not reader.report.mismatched
        if reader.report.nothing:
            empty.append(path.name)
    assert len(empty) == 2
    assert declared == 889
    assert read_pairs == 889 + 42  # one report lists pairs without declaring how many


@pytest.mark.slow
@pytest.mark.uncounted
def test_real_export_holds_what_it_declares(shared_data):
    reader = open_source(shared_data / "knowledge" / "rag_export.json.gz")
    assert sum(1 for _ in reader.pairs()) == reader.report.declared == 16_456
    assert not reader.report.rejected
    assert not reader.report.mismatched
