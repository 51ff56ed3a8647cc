"""Sources written by tests, in the shapes that real ones have."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge import SourceUnreadable
from knowledge.readers import PairRecord, ReadReport, open_source
from knowledge.store import pair_id

YELLOW, CYAN, GREEN, OFF = "\x1b[33m", "\x1b[36m", "\x1b[32m", "\x1b[0m"

RSI = ("What is RSI?", "RSI is a momentum oscillator by Welles Wilder that runs from 0 to 100.")
MACD = ("How does MACD work?", "MACD subtracts the 26-day from the 12-day exponential average of the close.")
ATR = (
    "What does ATR measure?",
    "ATR is the mean of the true ranges, a measure of how far prices travel in a day.",
)
GAS = ("What are gas fees?", "A fee in ether that is paid to validators for computation.")

Pair = tuple[str, str]


def pair_block(number: int, question: str, answer: str, *, counts: tuple[int, int] | None = None) -> str:
    asked, answered = counts or (len(question), len(answer))
    return (
        f"{GREEN}Pair {number}:{OFF}\n{YELLOW}question:{OFF} {question}\n"
        f"{CYAN}question characters:{OFF} {asked:,}\n{YELLOW}answer:{OFF} {answer}\n"
        f"{CYAN}answer characters:{OFF} {answered:,}\n\n\n"
    )


def report_text(
    blocks: Sequence[str],
    *,
    declared: int | None = None,
    topic: str = "RSI",
    searches: tuple[int, int] | None = None,
) -> str:
    total = len(blocks) if declared is None else declared
    return (
        f"{CYAN}{'=' * 80}{OFF}\n{YELLOW}Topic:{OFF} {topic}\n{_research(searches)}{YELLOW}Success Rate:{OFF} 100.0%\n\n"
        "Executive Summary\n- An essay that speaks of a question: and of\nPair 1:\nwithout meaning it.\n\n"
        f"{YELLOW}Total Question-Answer Pairs:{OFF} {total}\n\n\n"
        + "".join(blocks)
        + f"{CYAN}CHARACTER COUNT SUMMARY{OFF}\n\nTotal Answer Characters: 1,000\n"
    )


def _research(searches: tuple[int, int] | None) -> str:
    if searches is None:
        return ""
    return (
        f"{YELLOW}Research Completed:{OFF} 2025-11-02 03:43:49\n"
        f"{YELLOW}Search Queries Executed:{OFF} {searches[0]:,}\n{YELLOW}Successful Searches:{OFF} {searches[1]:,}\n"
    )


def write_report(path: Path, pairs: Sequence[Pair], **options: object) -> Path:
    blocks = [pair_block(number, *pair) for number, pair in enumerate(pairs, 1)]
    path.write_text(report_text(blocks, **options), encoding="utf-8")  # type: ignore[arg-type]  # passed on
    return path


def export_document(sessions: Sequence[tuple[str, Sequence[Pair]]], **metadata: int) -> dict[str, object]:
    totals = {
        "total_sessions": len(sessions),
        "total_qa_pairs": sum(len(pairs) for _, pairs in sessions),
        **metadata,
    }
    return {
        "metadata": {"export_timestamp": "2025-11-02T07:57:28", **totals},
        "sessions": [
            {
                "session_id": 200 + number,
                "topic": topic,
                "qa_pairs": [{"question": question, "answer": answer} for question, answer in pairs],
            }
            for number, (topic, pairs) in enumerate(sessions)
        ],
    }


def write_export(path: Path, sessions: Sequence[tuple[str, Sequence[Pair]]], **metadata: int) -> Path:
    path.write_text(json.dumps(export_document(sessions, **metadata)), encoding="utf-8")
    return path


def write_lines(
    path: Path, pairs: Sequence[Pair], *, topic: str = "Momentum", category: str = "trend"
) -> Path:
    lines = [
        json.dumps({"topic": topic, "category": category, "question": question, "answer": answer})
        for question, answer in pairs
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass
class Account:
    """What came of reading a file: its pairs, its report, and why reading ended early, if it did."""

    pairs: list[PairRecord]
    report: ReadReport
    damage: str | None = None

    @property
    def counts(self) -> tuple[int, int]:
        """How many pairs were accepted and how many rejected."""
        assert len(self.pairs) == self.report.read
        return len(self.pairs), len(self.report.rejected)

    @property
    def topics(self) -> list[str]:
        return [pair.session.topic for pair in self.pairs]

    @property
    def reasons(self) -> list[str]:
        return [remark.reason for remark in self.report.rejected]

    @property
    def doubts(self) -> list[str]:
        return [f"{remark.place}: {remark.reason}" for remark in self.report.mismatched]


def account(path: Path) -> Account:
    """Read a file to its end or damage and check what holds for every file."""
    reader = open_source(path)
    found: list[PairRecord] = []
    damage = None
    try:
        for pair in reader.pairs():
            found.append(pair)  # noqa: PERF402  # what came before a damage counts
    except SourceUnreadable as error:
        damage = str(error)
    _check_storable(found)
    return Account(found, reader.report, damage)


def write_json(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def as_objects(pairs: Sequence[Pair], **more: object) -> list[dict[str, object]]:
    return [{"question": question, "answer": answer, **more} for question, answer in pairs]


def _check_storable(pairs: Sequence[PairRecord]) -> None:
    """The store would refuse what this refuses."""
    ids = [pair_id("source", pair) for pair in pairs]
    assert len(set(ids)) == len(ids)
    sessions = {pair.session.ordinal: pair.session.topic for pair in pairs}
    assert all(sessions[pair.session.ordinal] == pair.session.topic for pair in pairs)
    for pair in pairs:
        texts = [
            pair.question,
            pair.answer,
            pair.session.topic,
            *pair.tags,
            *map(str, pair.attributes.values()),
        ]
        assert all(text.strip() and "\x00" not in text for text in texts)
        "".join(texts).encode("utf-8")
        json.dumps(dict(pair.attributes), allow_nan=False)
        assert len(pair.session.topic) <= 300
