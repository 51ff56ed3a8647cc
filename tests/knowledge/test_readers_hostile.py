"""Files that nobody would write on purpose: odd tables, other languages, archives, what is no source, and what grows without end."""

import contextlib
import gzip
import json
import os
import random
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge import Outcome, SourceUnreadable
from knowledge.readers import content_hash, open_source
from tests.knowledge.samples import ATR, MACD, RSI, Account, account, as_objects

PAIRS = [RSI, MACD, ATR]
WHOLE = json.dumps({"qa_pairs": as_objects(PAIRS)})
ROWS = "".join(f'"{question}","{answer}"\n' for question, answer in PAIRS)
TABLE = f"question,answer\n{ROWS}"
BARS = "".join(f"| {question} | {answer} |\n" for question, answer in PAIRS)


ODD = [b"\x00", b"\xff", b'"', b"\n", b"\r", b"{", b"}", b"[", b"]", b",", b"|", b"\\", b"'", b"\xef\xbb\xbf", b"\x1b[31m", b"\xed\xa0\x80", b"~{", b"\x1b$B", b"+AGE-", b"\xc3\xa9"]  # fmt: skip


def marked(question: str, answer: str) -> str:
    return "".join(f"{question}{pair[0]}\n{answer}{pair[1]}\n\n" for pair in PAIRS)


# what is odd: the file's name, what it holds, how many pairs are accepted and rejected
VARIANTS: dict[str, tuple[str, str | bytes, int, int]] = {
    "tables joined with their headers": ("a.csv", "\ufeff" + TABLE + "\ufeff" + TABLE, 6, 0),
    "a title above the header": ("a.csv", "Exported in May\n\n" + TABLE, 3, 0),
    "a delimiter said as Excel does": ("a.csv", "sep=;\nQuestion;Answer\nWhat is a?;It is a\n", 1, 0),
    "single quotes around cells": ("a.csv", "'question','answer'\n'What, then?','It, too'\n", 1, 0),
    "blanks before quotes": ("a.csv", 'question, answer\n"What, then?", "It, too"\n', 1, 0),
    "quotes escaped by backslashes": ("a.csv", 'question,answer\n"What is \\"a\\", now?","It is"\n', 1, 0),
    "each quote left open": ("a.csv", "question,answer\n" + 'What is it?,"open\n' * 50, 0, 50),
    "an end of file as DOS writes it": ("a.csv", TABLE + "\x1a", 3, 0),
    "a header alone": ("a.csv", "question,answer\n", 0, 0),
    "a table of Markdown": ("a.md", "| Question | Answer |\n|---|:--|\n" + BARS, 3, 0),
    "a table of Markdown in prose": ("a.md", f"# FAQ\n\nRead on.\n\n| Question | Answer |\n|---|---|\n{BARS}\nEnd.\n", 3, 0),
    "bars in a table of Markdown": ("a.md", "| Question | Answer |\n|---|---|\n| What is \\|a\\|? | The size |\n", 1, 0),
    "a list whose header names the fields": ("a.json", json.dumps([["question", "answer"], *map(list, PAIRS)]), 3, 0),
    "lines with record separators": ("a.jsonl", "".join(f"\x1e{json.dumps(one)}\n" for one in as_objects(PAIRS)), 3, 0),
    "lines behind what a log writes": ("a.jsonl", "".join(f"2026-01-02 INFO {json.dumps(one)}\n" for one in as_objects(PAIRS)), 3, 0),
    "lines that end in carriage returns": ("a.jsonl", "\r".join(map(json.dumps, as_objects(PAIRS))), 3, 0),
    "zeros behind the end": ("a.json", WHOLE.encode() + b"\x00" * 5000, 3, 0),
    "answers of which nothing is seen": ("a.json", json.dumps(as_objects([("What?", "\u200d\u2060"), ("Why?", "\u202e\u202c"), ("How?", "\u3164\u2800")])), 0, 3),
    "packed twice": ("a.json.gz", gzip.compress(gzip.compress(WHOLE.encode())), 3, 0),
    "packed, with something behind it": ("a.json.gz", gzip.compress(WHOLE.encode()) + b"garbage", 3, 0),
    "YAML": ("a.yaml", marked("- question: ", "  answer: "), 3, 0),
    "Spanish": ("a.txt", marked("Pregunta: ", "Respuesta: "), 3, 0),
    "French": ("a.txt", marked("Question : ", "Réponse : "), 3, 0),
    "Russian": ("a.txt", marked("Вопрос: ", "Ответ: "), 3, 0),
    "Chinese": ("a.txt", marked("问：", "答："), 3, 0),
    "Japanese": ("a.txt", marked("質問：", "回答："), 3, 0),
    "Korean": ("a.txt", marked("질문: ", "답변: "), 3, 0),
    "Arabic": ("a.txt", marked("\u200fسؤال: ", "\u200fجواب: "), 3, 0),
    "Hebrew": ("a.txt", marked("שאלה: ", "תשובה: "), 3, 0),
    "French fields": ("a.csv", TABLE.replace("answer", "réponse", 1), 3, 0),
    "Chinese fields": ("a.csv", TABLE.replace("question,answer", "问题,答案"), 3, 0),
}  # fmt: skip


def read(tmp_path: Path, variant: str) -> Account:
    name, content, *_ = VARIANTS[variant]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return account(path)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_pair_is_accepted_or_rejected(tmp_path, variant):
    found = read(tmp_path, variant)
    assert found.counts == VARIANTS[variant][2:], [found.reasons, found.doubts]
    assert found.damage is None


def test_cells_are_read_without_what_escapes_them(tmp_path):
    assert read(tmp_path, "quotes escaped by backslashes").pairs[0].question == 'What is "a", now?'
    assert read(tmp_path, "bars in a table of Markdown").pairs[0].question == "What is |a|?"
    assert read(tmp_path, "single quotes around cells").pairs[0].answer == "It, too"


def test_open_quotes_are_named_with_their_lines(tmp_path):
    rejected = read(tmp_path, "each quote left open").report.rejected
    assert [remark.place for remark in rejected] == [f"line {number}" for number in range(2, 52)]
    assert {remark.reason for remark in rejected} == {"cannot be read: has a quote that is not closed"}


@pytest.mark.parametrize("name", ["a.json.gz", "a.csv.gz", "a.md.gz"])
def test_archive_whose_checksum_is_wrong_gives_its_pairs_and_says_so(tmp_path, name):
    held = {"a.json.gz": WHOLE, "a.csv.gz": TABLE, "a.md.gz": marked("Q: ", "A: ")}[name]
    packed = gzip.compress(held.encode())
    (tmp_path / name).write_bytes(packed[:-8] + b"\0\0\0\0" + packed[-4:])
    found = account(tmp_path / name)
    assert found.counts == (3, 0)
    assert found.damage is not None
    assert "incorrect data check" in found.damage


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.7\n", "is a PDF. Save what it holds as text, CSV or JSON"),
        (b"PK\x03\x04....xl/workbook.xml", "is an Excel workbook. Save its sheet of pairs as CSV"),
        (b"PK\x03\x04....word/document.xml", "is a Word document"),
        (b"PK\x03\x04....notes.txt", "is a ZIP archive. Unpack it"),
        (b"notes.txt".ljust(257, b"\0") + b"ustar", "is a tar archive. Unpack it"),
        (b"\x28\xb5\x2f\xfd....", "is an archive of zstd. Unpack it"),
        (b"SQLite format 3\x00", "is a database of SQLite. Export its table"),
        (b"<!DOCTYPE html><html>Q: What?\nA: This.</html>", "is an HTML page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><faq/>", "is XML"),
        (b"{\\rtf1 Q: What?}", "is a text in RTF"),
        (b"# pairs\n[[pairs]]\nquestion = 'What?'\n", "is TOML or an INI file"),
    ],
)
def test_what_is_no_source_is_refused_with_what_to_do(tmp_path, content, says):
    path = tmp_path / "pairs.txt"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=says):
        open_source(path)


def test_markup_without_a_declaration_says_that_it_is_not_read(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("<faq><question>What?</question><answer>This.</answer></faq>")
    found = account(path)
    assert found.report.nothing is not None
    assert found.report.nothing.startswith("XML or HTML, which is not read")


def test_answer_that_is_too_long_makes_no_template(tmp_path):
    path = tmp_path / "pairs.json"
    path.write_text(json.dumps(as_objects([("What?", "x" * 1_000_001)])))
    assert account(path).report.nothing == "JSON with 1 pairs of which none can be taken"


@pytest.mark.parametrize("function", [content_hash, open_source])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, function):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "endless.json").symlink_to("/dev/zero")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    for name, says in {
        "pipe": "is no file but a pipe or device",
        "endless": "is no file",
        "loop": "Too many levels",
    }.items():
        with pytest.raises(SourceUnreadable, match=says):
            function(tmp_path / f"{name}.json")


# of so many parts one half as large takes about half as long, where nothing looks back
GROWING = {
    "comments before it": lambda size: "/* x */ " * size + "5",
    "comments that end nowhere": lambda size: "[" + "/* " * size,
    "lists in lists": lambda size: "[" * size,
    "objects in objects": lambda size: '{"a":' * size,
    "topics of a pair each": lambda size: json.dumps({f"Topic {n}": as_objects([(f"What {n}?", "This.")]) for n in range(size // 10)}),
    "pairs of which each is broken": lambda size: "[" + ",".join(['{"question":"What "is?","answer":"x"}'] * (size // 10)) + "]",
    "quotes that are open": lambda size: "question,answer\n" + 'What?,"open\n' * (size // 4),
    "backslashes": lambda size: '[{"question":"What?","answer":"' + "\\" * size,
    "one line of words": lambda size: "word " * size * 4,
    "keys": lambda size: json.dumps({f"key {n}": n for n in range(size)}),
}  # fmt: skip


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.uncounted
def test_time_grows_as_the_file_does(tmp_path, kind):
    path = tmp_path / ("a.csv" if kind.startswith("quotes") else "a.json")
    spent = []
    for size in (5_000, 20_000):
        path.write_text(GROWING[kind](size))
        begun = time.process_time()
        account(path)
        spent.append(time.process_time() - begun)
    assert spent[1] < 12 * spent[0] + 0.2, spent


def test_parquet_with_columns_that_python_has_no_values_for_is_read(tmp_path):
    path = tmp_path / "pairs.parquet"
    columns = {
        "question": pa.array([question for question, _ in PAIRS]).dictionary_encode(),
        "answer": pa.array([answer.encode() for _, answer in PAIRS]),
        "at": pa.array([2**62, None, -(2**62)], pa.timestamp("ns")),
        "took": pa.array([1, 2, 3], pa.duration("ns")),
    }
    pq.write_table(pa.table(columns), path)
    found = account(path)
    assert [(pair.question, pair.answer) for pair in found.pairs] == PAIRS
    assert found.pairs[0].attributes["took"] == 1


async def test_file_that_changes_while_it_is_read_is_not_taken_for_whole(importer, tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(
        "".join(json.dumps(one) + "\n" for one in as_objects([(f"What is {n}?", "It.") for n in range(600)]))
    )

    def written(_: object) -> None:
        os.utime(path, (1, 1))

    result = await importer.import_file(path, progress=written)
    assert result.outcome is Outcome.DAMAGED
    assert (
        result.reason == "pairs.jsonl changed while it was read. Import it again when nothing writes to it."
    )
    assert (await importer.import_file(path)).outcome is Outcome.IMPORTED


async def test_folder_without_sources_is_refused_and_capitals_in_names_are_sources(importer, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "PAIRS.JSON").write_text(WHOLE)
    none, some = await importer.import_paths([tmp_path / "none", tmp_path / "some"])
    assert (none.outcome, none.reason) == (
        Outcome.REFUSED,
        "none is a folder, and no file in it is called as sources are.",
    )
    assert (some.name, some.read) == ("PAIRS.JSON", 3)


@pytest.mark.parametrize("seed", range(20))
def test_files_changed_at_random_never_crash_a_reader(tmp_path, seed):
    chance = random.Random(seed)  # noqa: S311  # to be repeated, not secret
    contents = [
        content if isinstance(content, bytes) else content.encode() for _, content, *_ in VARIANTS.values()
    ]
    names = [name for name, *_ in VARIANTS.values()]
    for _ in range(20):
        number = chance.randrange(len(contents))
        changed = bytearray(contents[number])
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(changed) + 1)
            match chance.randrange(4):
                case 0:
                    changed[at:at] = chance.choice(ODD)
                case 1:
                    del changed[at : at + chance.randrange(1, 30)]
                case 2:
                    changed = changed[:at]
                case _:
                    changed[at:at] = chance.choice(contents)[:60]
        path = tmp_path / names[number]
        path.write_bytes(bytes(changed))
        with contextlib.suppress(SourceUnreadable):
            account(path)
