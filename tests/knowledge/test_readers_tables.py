"""Tables of pairs: CSV, TSV and Parquet."""

import csv
import gzip
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge import SourceUnreadable
from knowledge.readers import SourceKind, open_source
from tests.knowledge.samples import ATR, MACD, RSI, account

PAIRS = [RSI, MACD, ATR]


def table(rows: Sequence[Sequence[object]], delimiter: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


ROWS = [("Topic", "Question", "Answer", "Level"), *(("RSI", *pair, "easy") for pair in PAIRS)]
PLAIN = table([("question", "answer"), *PAIRS])

# name of the file, what it holds, how many pairs are accepted and rejected
TABLES: dict[str, tuple[str, str | bytes, int, int]] = {
    "commas": ("a.csv", table(ROWS), 3, 0),
    "semicolons": ("a.csv", table(ROWS, ";"), 3, 0),
    "bars": ("a.csv", table(ROWS, "|"), 3, 0),
    "tabs": ("a.tsv", table(ROWS, "\t"), 3, 0),
    "tabs under another name": ("a.txt", table(ROWS, "\t"), 3, 0),
    "a mark of byte order": ("a.csv", table(ROWS).encode("utf-8-sig"), 3, 0),
    "UTF-16": ("a.csv", table(ROWS, "\t").encode("utf-16"), 3, 0),
    "single bytes": ("a.csv", table([*ROWS, ("R", "Größe?", "Café.", "")]).encode("cp1252"), 4, 0),
    "line feeds and returns": ("a.csv", table(ROWS, end="\r\n"), 3, 0),
    "returns alone": ("a.csv", table(ROWS, end="\r"), 3, 0),
    "quoted line breaks": ("a.csv", table([*ROWS, ("R", "Why?", 'So,\n\n"as" it\nis', "")]), 4, 0),
    "blank rows": ("a.csv", table(ROWS).replace("\n", "\n\n,,,\n"), 3, 0),
    "NUL bytes": ("a.csv", table(ROWS).replace("RSI is", "RSI\x00 is"), 3, 0),
    "no header": ("a.csv", table(PAIRS), 3, 0),
    "names that say nothing": ("a.csv", table([("x", "y"), *PAIRS]), 3, 0),
    "an answer missing": ("a.csv", PLAIN + "Why?,\nHow?\n", 3, 2),
    "a cell too many": ("a.csv", PLAIN + "Why?,one, two\n", 3, 1),
    "an open quote": ("a.csv", PLAIN.replace("MACD subtracts", '"MACD subtracts'), 2, 1),
    "an open quote at the end": ("a.csv", PLAIN + 'Why?,"So it is\n', 3, 1),
    "a quote inside": ("a.csv", PLAIN + 'Why?,It is "so" here\n', 4, 0),
    "a quote that ends too early": ("a.csv", PLAIN + '"Why?","It is "so" here"\n', 4, 0),
    "a huge cell": ("a.csv", PLAIN + f"Why?,{'x' * 300_000}\n", 4, 0),
    "a cell that is too huge": ("a.csv", PLAIN + f"Why?,{'x' * 1_000_001}\n", 3, 1),
    "cut off": ("a.csv", PLAIN[: PLAIN.index("ATR is") - 3], 2, 1),
    "packed": ("a.csv.gz", gzip.compress(table(ROWS).encode()), 3, 0),
    "a header alone": ("a.csv", "question,answer\n", 0, 0),
    "no questions": ("a.csv", "name,price\nBTC,5\nETH,7\n", 0, 0),
    "nothing": ("a.csv", "", 0, 0),
}


@pytest.mark.parametrize("variant", TABLES)
def test_each_row_is_accepted_or_rejected(tmp_path, variant):
    name, content, accepted, rejected = TABLES[variant]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = account(path)
    assert found.counts == (accepted, rejected), [found.reasons, found.pairs]
    assert found.damage is None
    assert (found.report.nothing is None) == (accepted > 0)


def test_columns_say_what_they_are(tmp_path):
    header = ("id", "Indicator Name", "Category", "Question Text", "Answer", "tags", "answer_length")
    rows = [header, ("7", "RSI", "Momentum", *RSI, "fast, good", "3")]
    path = tmp_path / "a.csv"
    path.write_text(table(rows), encoding="utf-8")
    found = account(path)
    (pair,) = found.pairs
    assert (pair.question, pair.answer) == RSI
    assert (pair.session.topic, pair.session.category) == ("RSI", "Momentum")
    assert pair.tags == ("fast", "good")
    assert pair.attributes == {"id": 7, "answer_length": 3}
    assert found.report.kind is SourceKind.TABLE
    assert found.doubts == [f"line 2: declares 3 answer characters and holds {len(RSI[1])}"]


def test_quoted_line_breaks_are_kept_and_lines_are_counted_with_them(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('question,answer\nWhy?,"So,\n\nreally."\nHow?,\n', encoding="utf-8")
    found = account(path)
    assert found.pairs[0].answer == "So,\n\nreally."
    assert found.report.rejected[0].place == "line 5"


def test_row_that_swallowed_others_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('question,answer\nA?,"open\nB?,fine\nC?,fine\n', encoding="utf-8")
    found = account(path)
    assert [pair.question for pair in found.pairs] == ["B?", "C?"]
    (remark,) = found.report.rejected
    assert (remark.place, remark.reason) == ("line 2", "cannot be read: has a quote that is not closed")


def test_table_without_questions_says_what_it_holds(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,price\nBTC,5\n", encoding="utf-8")
    assert account(path).report.nothing == "a table without questions and answers: name, price"


def test_parquet_is_read_with_its_nested_columns(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    rows = [
        {"topic": "RSI", "question": RSI[0], "answer": RSI[1], "tags": ["a", "b"]},
        {"topic": "ATR", "question": ATR[0], "answer": ATR[1], "tags": None},
        {"topic": "ATR", "question": "What?", "answer": None, "tags": []},
    ]
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    found = account(path)
    assert found.counts == (2, 1)
    assert found.topics == ["RSI", "ATR"]
    assert found.pairs[0].tags == ("a", "b")
    assert found.report.rejected[0].place == "row 3"
    path.write_bytes(path.read_bytes()[:-20])
    assert "damaged Parquet file" in (account(path).damage or "")


def row_groups(path: Path, texts: Sequence[str]) -> list[tuple[int, int]]:
    """Write a row group of a hundred pairs for each text; where its answers begin and end."""
    arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    schema = arrow.schema([("question", arrow.string()), ("answer", arrow.string())])
    with parquet.ParquetWriter(path, schema, use_dictionary=False, write_page_checksum=True) as writer:
        for text in texts:
            rows = [{"question": f"What is {text} {n}?", "answer": f"It is {text}, {n}."} for n in range(100)]
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
    columns = [parquet.ParquetFile(path).metadata.row_group(n).column(1) for n in range(len(texts))]
    return [(one.data_page_offset, one.data_page_offset + one.total_compressed_size) for one in columns]


def overwrite(path: Path, start: int, end: int) -> None:
    data = bytearray(path.read_bytes())
    data[start:end] = b"\xff" * (end - start)
    path.write_bytes(data)


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_damaged_row_group_is_rejected_row_by_row_and_the_others_are_read(tmp_path, damaged):
    path = tmp_path / "a.parquet"
    start, end = row_groups(path, ["one", "two", "three"])[damaged]
    overwrite(path, (start + end) // 2, end)
    found = account(path)
    assert found.counts == (200, 100)
    assert found.damage is None
    places = [remark.place for remark in found.report.rejected]
    assert places == [f"row {number}" for number in range(100 * damaged + 1, 100 * damaged + 101)]
    assert {remark.reason.partition(" is damaged: ")[0] for remark in found.report.rejected} == {
        f"cannot be read: its row group ({damaged + 1} of 3)"
    }


def test_parquet_of_damaged_row_groups_alone_is_rejected_whole(tmp_path):
    path = tmp_path / "a.parquet"
    for start, end in row_groups(path, ["one", "two"]):
        overwrite(path, start, end)
    found = account(path)
    assert found.counts == (0, 200)
    assert found.report.nothing is not None


def test_row_whose_text_is_no_utf8_is_rejected_alone(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    answers = arrow.array([b"It is one.", b"It is \xff\xfe.", b"It is three."], arrow.binary()).view(
        arrow.string()
    )
    asked = arrow.array(["What is one?", "What is two?", "What is three?"])
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"question": asked, "answer": answers}), path)
    found = account(path)
    assert found.counts == (2, 1)
    (remark,) = found.report.rejected
    assert remark.place == "row 2"
    assert "not UTF-8" in remark.reason


def test_parquet_without_its_library_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1\x00\x00PAR1")
    with pytest.raises(SourceUnreadable, match=r'pip install "freya-agents\[parquet\]"'):
        list(open_source(path).pairs())
