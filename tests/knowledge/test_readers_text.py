"""Research reports and lists of questions and answers in plain text and Markdown."""

from datetime import date

import pytest

from knowledge.readers import Research, SourceKind
from tests.knowledge.samples import ATR, GAS, MACD, RSI, account, pair_block, report_text, write_report

BLOCKS = [pair_block(1, *RSI), pair_block(2, "Wie groß?", "Größe – café."), pair_block(3, *ATR)]
REPORT = report_text(BLOCKS)

REPORTS: dict[str, tuple[bytes, int, int, bool]] = {
    "as it comes": (REPORT.encode(), 3, 0, False),
    "UTF-8 with a mark": (REPORT.encode("utf-8-sig"), 3, 0, False),
    "UTF-16": (REPORT.encode("utf-16"), 3, 0, False),
    "single bytes": (REPORT.encode("cp1252"), 3, 0, False),
    "line feeds and returns": (REPORT.replace("\n", "\r\n").encode(), 3, 0, False),
    "returns alone": (REPORT.replace("\n", "\r").encode(), 3, 0, False),
    "NUL bytes": (REPORT.replace("oscillator", "oscil\x00lator", 1).encode(), 3, 0, False),
    "colours without their first byte": (REPORT.replace("\x1b", "").encode(), 3, 0, False),
    "colours written out": (REPORT.replace("\x1b", "\\x1b").encode(), 3, 0, False),
    "colours inside words": (REPORT.replace("answer char", "ans\x1b[1mwer ch\x1b[0mar").encode(), 3, 0, False),
    "cut in the last answer": (REPORT[: REPORT.index("true ranges")].encode(), 2, 1, True),
    "cut in a heading": (REPORT[: REPORT.index("3:\x1b") + 1].encode(), 2, 0, False),
    "cut after a heading": (REPORT[: REPORT.index("3:\x1b") + 7].encode(), 2, 1, True),
    "an answer to be written": (report_text([pair_block(1, *RSI), pair_block(2, "Why?", "TODO")]).encode(), 1, 1, False),
    "an answer that is empty": (report_text([pair_block(1, *RSI), pair_block(2, "Why?", "")]).encode(), 1, 1, False),
    "no counts in a pair": (report_text([pair_block(1, *RSI), "Pair 2:\nquestion: q\n", BLOCKS[2]]).encode(), 2, 1, False),
    "numbers beyond counting": (REPORT.replace("Pair 2", "Pair " + "9" * 5000).encode(), 2, 0, False),
}  # fmt: skip


@pytest.mark.parametrize("variant", REPORTS)
def test_each_pair_of_a_report_is_accepted_or_rejected(tmp_path, variant):
    content, accepted, rejected, damaged = REPORTS[variant]
    path = tmp_path / "report.txt"
    path.write_bytes(content)
    found = account(path)
    assert found.counts == (accepted, rejected), found.reasons
    assert (found.damage is not None) == damaged
    assert set(found.topics) <= {"RSI"}


@pytest.mark.parametrize(
    "variant", ["as it comes", "UTF-16", "single bytes", "returns alone", "colours inside words"]
)
def test_character_counts_hold_in_each_encoding(tmp_path, variant):
    path = tmp_path / "report.txt"
    path.write_bytes(REPORTS[variant][0])
    found = account(path)
    assert found.pairs[1].answer == "Größe – café."
    assert not [doubt for doubt in found.doubts if "characters" in doubt]


def test_report_with_several_sections_gives_each_its_topic_and_checks_each_total(tmp_path):
    first = report_text([pair_block(1, *RSI), pair_block(2, *MACD)], topic="Momentum")
    second = report_text([pair_block(1, *ATR)], topic="Volatility", declared=2)
    path = tmp_path / "report.txt"
    path.write_text(first + second, encoding="utf-8")
    found = account(path)
    assert [(pair.session.topic, pair.key) for pair in found.pairs] == [
        ("Momentum", "1:1"),
        ("Momentum", "1:2"),
        ("Volatility", "2:1"),
    ]
    assert found.report.declared == 4
    assert found.doubts == ["section 2: declares 2 pairs and holds 1", "total: declares 4 pairs and holds 3"]


def test_report_says_how_many_of_its_searches_found_something(tmp_path):
    found = account(write_report(tmp_path / "report.txt", [RSI, MACD], searches=(1200, 890)))
    assert found.report.research == Research(searches=1200, successful=890, completed=date(2025, 11, 2))
    assert account(write_report(tmp_path / "none.txt", [RSI])).report.research is None


def test_searches_of_several_sections_are_counted_together(tmp_path):
    parts = [
        report_text([pair_block(1, *pair)], searches=(100, found)) for pair, found in ((RSI, 90), (MACD, 40))
    ]
    path = tmp_path / "report.txt"
    path.write_text("\n".join(parts), encoding="utf-8")
    assert account(path).report.research == Research(
        searches=200, successful=130, completed=date(2025, 11, 2)
    )


def test_searches_that_an_answer_quotes_are_not_those_of_the_report(tmp_path):
    quoted = "Its header says:\nSearch Queries Executed: 7\nSuccessful Searches: 7\nand so on."
    path = write_report(tmp_path / "report.txt", [("What does a header say?", quoted), RSI])
    assert account(path).report.research is None


def test_essay_without_pairs_says_how_many_searches_it_took(tmp_path):
    path = tmp_path / "essay.txt"
    path.write_text(report_text([], searches=(100, 60)).split("Total Question")[0], encoding="utf-8")
    found = account(path)
    assert found.report.nothing is not None
    assert found.report.research == Research(searches=100, successful=60, completed=date(2025, 11, 2))


@pytest.mark.parametrize("searches", [(10, 11), (10_000_000_000, 1)])
def test_searches_that_cannot_be_are_not_kept(tmp_path, searches):
    assert account(write_report(tmp_path / "report.txt", [RSI], searches=searches)).report.research is None


def test_answer_that_quotes_a_report_starts_no_section(tmp_path):
    answer = "A report says:\nTotal Question-Answer Pairs: 9\n\nPair 1:\nquestion: and so on."
    path = tmp_path / "report.txt"
    path.write_text(report_text([pair_block(1, "How?", answer), pair_block(2, *RSI)]), encoding="utf-8")
    found = account(path)
    assert [pair.answer for pair in found.pairs] == [answer, RSI[1]]
    assert found.doubts == []


LISTS = {
    "letters": "Q: {0}\nA: {1}\n\nQ: {2}\nA: {3}\n",
    "words": "Question: {0}\nAnswer: {1}\n\nQuestion: {2}\nAnswer: {3}\n",
    "numbers": "Q1. {0}\nA1. {1}\n\nQ2. {2}\nA2. {3}\n",
    "words with numbers": "Question 1: {0}\n\nAnswer 1: {1}\n\n---\n\nQuestion 2: {2}\n\nAnswer 2: {3}\n",
    "bold letters": "**Q: {0}**\n**A:** {1}\n\n**Q: {2}**\n**A:** {3}\n",
    "bold marks in a numbered list": "1. **Q:** {0}\n   **A:** {1}\n\n2. **Q:** {2}\n   **A:** {3}\n",
    "bold words with numbers": "**Question 1:** {0}\n**Answer:** {1}\n\n**Question 2:** {2}\n**Answer:** {3}\n",
    "bullets": "- Q: {0}\n- A: {1}\n- Q: {2}\n- A: {3}\n",
    "headings with marks": "### Q1: {0}\n\n{1}\n\n### Q2: {2}\n\n{3}\n",
    "headings that ask": "## {0}\n\n{1}\n\n## {2}\n\n{3}\n",
    "bold lines that ask": "**{0}**\n\n{1}\n\n**{2}**\n\n{3}\n",
    "numbered lines that ask": "1. {0}\n{1}\n\n2. {2}\n{3}\n",
    "returns and line feeds": "Q: {0}\r\nA: {1}\r\n\r\nQ: {2}\r\nA: {3}\r\n",
}


@pytest.mark.parametrize("suffix", [".txt", ".md"])
@pytest.mark.parametrize("variant", LISTS)
def test_list_of_questions_and_answers_is_read(tmp_path, variant, suffix):
    path = tmp_path / f"hash_ribbons{suffix}"
    path.write_text(LISTS[variant].format(*RSI, *GAS), encoding="utf-8", newline="")
    found = account(path)
    assert [(pair.question, pair.answer) for pair in found.pairs] == [RSI, GAS]
    assert found.report.rejected == []
    assert found.topics == ["hash ribbons"] * 2
    assert found.report.kind is SourceKind.QUESTION_LIST


def test_headings_are_topics_and_answers_keep_their_own_headings(tmp_path):
    path = tmp_path / "list.md"
    path.write_text(
        "# Momentum\n\nQ: What is RSI?\nA: An oscillator.\n\n## Details\n\n```\n# not a heading\nQ: nor a question\n```\n\n"
        "# Volatility\n\nQ: What is ATR?\nA: A mean.\n",
        encoding="utf-8",
    )
    found = account(path)
    assert found.topics == ["Momentum", "Volatility"]
    assert (
        found.pairs[0].answer
        == "An oscillator.\n\n## Details\n\n```\n# not a heading\nQ: nor a question\n```"
    )


def test_question_or_answer_alone_is_rejected_with_its_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(
        "A: before any question\nQ: What?\nA: That.\nQ: Why?\n\nQ: How?\nA: TODO\n", encoding="utf-8"
    )
    found = account(path)
    assert found.counts == (1, 3)
    assert [(remark.place, remark.reason) for remark in found.report.rejected] == [
        ("line 1", "has no question"),
        ("line 4", "has no answer"),
        ("line 6", "has a placeholder for an answer: 'TODO'"),
    ]


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", "an empty file"),
        ("CRYPTO INDICATOR Slippage\nCRYPTO INDICATOR Borrow Rate\n", "a list of 2 topics without"),
        ("SESSION 26 COMPLETE\nQ&A Pairs Generated: 500\nAll done.", "a summary that speaks of 500 pairs"),
        ("An essay. Why does it matter? It does.", "a report without question-answer pairs"),
        ("1. What is RSI?\n2. What is ATR?\n3. Why?\n", "a template: 3 questions whose answers"),
        ("Q: What?\nA:\n\nQ: Why?\nA: [answer]\n", "a template: 2 questions whose answers"),
    ],
)
def test_text_without_pairs_is_no_error_and_says_what_it_is(tmp_path, text, nothing):
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    found = account(path)
    assert found.pairs == []
    assert found.report.nothing is not None
    assert found.report.nothing.startswith(nothing)
    assert found.damage is None
