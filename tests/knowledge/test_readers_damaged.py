"""Malformed files: what can be read is given, everything else is counted with its place, and nothing crashes."""

import codecs
import gzip
import json
import random

import pytest

from knowledge import SourceUnreadable
from knowledge.readers import open_source
from tests.knowledge.samples import ATR, GAS, MACD, RSI, Account, account, as_objects, export_document

PAIRS = [RSI, MACD, ATR]


def dump(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)


def broken(position: int, old: str, new: str) -> str:
    """Three pairs in a list under a topic, with a fault in one of them."""
    items = [dump(item) for item in as_objects(PAIRS)]
    assert old in items[position]
    items[position] = items[position].replace(old, new, 1)
    return '{"topic": "RSI", "qa_pairs": [' + ", ".join(items) + '], "total_pairs": 3}'


WHOLE = dump({"topic": "RSI", "qa_pairs": as_objects(PAIRS)})
LINES = "\n".join(dump(item) for item in as_objects(PAIRS)) + "\n"
DEEP = '{"question": "q?", "answer": "a"}'

# name of the file, what it holds, how many pairs are accepted, rejected; whether the file is damaged
VARIANTS: dict[str, tuple[str, str | bytes, int, int, bool]] = {
    "nothing wrong": ("a.json", WHOLE, 3, 0, False),
    "cut in the first question": ("a.json", WHOLE[: WHOLE.index("What is RSI") + 3], 0, 1, True),
    "cut in the second answer": ("a.json", WHOLE[: WHOLE.index("MACD subtracts") + 4], 1, 1, True),
    "cut after a pair": ("a.json", WHOLE[: WHOLE.index("}") + 1], 1, 0, True),
    "cut after a comma": ("a.json", WHOLE[: WHOLE.index("}, ") + 2], 1, 0, True),
    "cut in a key": ("a.json", WHOLE[: WHOLE.index('"answer": "MACD') + 4], 1, 1, True),
    "cut before the last bracket": ("a.json", WHOLE[:-1], 3, 0, True),
    "quotes inside an answer": ("a.json", broken(1, "MACD subtracts", 'MACD "subtracts"'), 2, 1, False),
    "quotes inside the last answer": ("a.json", broken(2, "true ranges", '"true" ranges'), 2, 1, False),
    "quote missing at the end of an answer": ("a.json", broken(0, '100."}', "100.}"), 2, 1, False),
    "quote missing at the end of a question": ("a.json", broken(1, 'work?", ', "work?, "), 2, 1, False),
    "quote missing at the end of the last answer": ("a.json", broken(2, 'day."}', "day.}"), 2, 1, False),
    "quote missing before an answer": ("a.json", broken(0, '"RSI is', "RSI is"), 2, 1, False),
    "colon missing": ("a.json", broken(1, '"answer": ', '"answer" '), 3, 0, False),
    "comma missing between fields": ("a.json", broken(1, '", "answer', '" "answer'), 3, 0, False),
    "comma missing between pairs": ("a.json", WHOLE.replace("}, {", "} {"), 3, 0, False),
    "bracket missing at the end of a pair": ("a.json", broken(2, "}", ""), 3, 0, False),
    "commas too many": ("a.json", WHOLE.replace("}, {", "},, {").replace("}]", "},]"), 3, 0, False),
    "a comma at the end": ("a.json", WHOLE.replace('."}', '.",}') + ",", 3, 0, False),
    "comments": ("a.json", "// first\n" + WHOLE.replace("}, {", "}, /* and */ {") + "\n# last\n", 3, 0, False),
    "single quotes and Python's words": ("a.json", str({"topic": None, "qa_pairs": as_objects(PAIRS)}), 3, 0, False),
    "keys without quotes": ("a.json", WHOLE.replace('"question"', "question"), 3, 0, False),
    "escapes that do not exist": ("a.json", WHOLE.replace("RSI is", "RSI\\q is\\x"), 3, 0, False),
    "line breaks inside texts": ("a.json", WHOLE.replace("RSI is", "RSI\nis\tso"), 3, 0, False),
    "an item that is no JSON": ("a.json", WHOLE.replace("}, {", "}, oops, {", 1), 3, 1, False),
    "NaN for an answer": ("a.json", broken(1, f'"{MACD[1]}"', "NaN"), 2, 1, False),
    "a huge number for an answer": ("a.json", broken(1, f'"{MACD[1]}"', "1" * 6000), 2, 1, False),
    "an endless number for an answer": ("a.json", broken(1, f'"{MACD[1]}"', "1e99999"), 2, 1, False),
    "a list for an answer": ("a.json", broken(1, f'"{MACD[1]}"', '["a", 2]'), 2, 1, False),
    "the same key twice in a pair": ("a.json", broken(1, '"answer": ', '"answer": "Older.", "answer": '), 3, 0, False),
    "the same key twice above": ("a.json", '{"qa_pairs": [' + DEEP + '], "qa_pairs": [' + DEEP + "]}", 2, 0, False),
    "two documents": ("a.json", WHOLE + "\n\n" + dump(as_objects([GAS])), 4, 0, False),
    "lines in a file for JSON": ("a.json", LINES, 3, 0, False),
    "JSON in a file for lines": ("a.jsonl", json.dumps(json.loads(WHOLE), indent=2), 3, 0, False),
    "JSON in a text file": ("a.txt", WHOLE, 3, 0, False),
    "JSON called CSV": ("a.csv", WHOLE, 3, 0, False),
    "JSON in a fence with talk around it": ("a.json", f"Here it is:\n```json\n{WHOLE}\n```\nEnjoy!", 3, 0, False),
    "a fence in Markdown": ("a.md", f"```json\n{WHOLE}\n```\n", 3, 0, False),
    "talk after the document": ("a.json", WHOLE + "\nThat was all, folks.", 3, 0, False),
    "a mark of byte order": ("a.json", codecs.BOM_UTF8 + WHOLE.encode(), 3, 0, False),
    "UTF-16": ("a.json", WHOLE.encode("utf-16"), 3, 0, False),
    "UTF-16 without a mark": ("a.json", WHOLE.encode("utf-16-be"), 3, 0, False),
    "UTF-32": ("a.json", WHOLE.encode("utf-32"), 3, 0, False),
    "UTF-16 cut in a character": ("a.json", WHOLE.encode("utf-16")[:-101], 2, 1, True),
    "Latin letters in single bytes": ("a.json", WHOLE.replace("RSI is", "Größe café is").encode("cp1252"), 3, 0, False),
    "two encodings in one file": ("a.json", WHOLE.encode().replace(b"RSI is", b"caf\xe9 \xe2\x82\xac is"), 3, 0, False),
    "emoji and text from right to left": ("a.json", WHOLE.replace("RSI is", "📈 مؤشر القوة is"), 3, 0, False),
    "half a surrogate": ("a.json", WHOLE.replace("RSI is", "\\ud83d is"), 3, 0, False),
    "half a surrogate beside a whole one": ("a.json", WHOLE.replace("RSI is", "\\ud83d\\ude00\\ude00 \\q is"), 3, 0, False),
    "NUL written as an escape": ("a.json", WHOLE.replace("RSI is", "RSI\\u0000 is"), 3, 0, False),
    "NUL bytes": ("a.json", WHOLE.replace("RSI is", "RSI\x00 is"), 3, 0, False),
    "carriage returns": ("a.json", json.dumps(json.loads(WHOLE), indent=1).replace("\n", "\r"), 3, 0, False),
    "HTML": ("a.json", WHOLE.replace("RSI is", "<p>RSI&nbsp;is</p>"), 3, 0, False),
    "an answer of two million characters": ("a.json", broken(1, MACD[1], "x" * 2_000_000), 2, 1, False),
    "an answer with a hundred thousand escapes": ("a.json", broken(1, MACD[1], "\\n\\t" * 50_000 + "x"), 3, 0, False),
    "a pair nested too deep": ("a.json", '{"qa_pairs": [' + DEEP + "," + "[" * 300 + DEEP + "]" * 300 + "]}", 1, 1, False),
    "a field nested too deep": ("a.json", '[{"question": "q?", "answer": "a", "x": ' + "[" * 9999 + "]" * 9999 + "}]", 0, 1, False),
    "brackets without end": ("a.json", "[" * 100_000, 0, 1, True),
    "no answers at all": ("a.json", dump([{"question": question} for question, _ in PAIRS]), 0, 3, False),
    "lines of which two are no JSON": ("a.jsonl", "nothing\n" + LINES + '{"question": "cut', 3, 2, False),
    "a line that ends too early": ("a.jsonl", LINES.replace('."}\n', ".\n", 1), 2, 1, False),
    "lines with carriage returns and blanks": ("a.jsonl", LINES.replace("\n", "\r\n\r\n"), 3, 0, False),
    "lines in UTF-16": ("a.jsonl", LINES.encode("utf-16"), 3, 0, False),
    "lines that hold several": ("a.jsonl", f"{WHOLE}\n{dump({'topic': 'GAS', 'pairs': as_objects([GAS])})}\n", 4, 0, False),
    "packed and cut off": ("a.json.gz", gzip.compress(WHOLE.encode(), 0)[:-120], 2, 1, True),
    "packed twice in a row": ("a.json.gz", gzip.compress(WHOLE[:99].encode()) + gzip.compress(WHOLE[99:].encode()), 3, 0, False),
    "packed under another name": ("a.json", gzip.compress(WHOLE.encode()), 3, 0, False),
    "not packed under the name of an archive": ("a.json.gz", WHOLE, 3, 0, False),
    "an empty file": ("a.json", "", 0, 0, False),
    "blanks": ("a.json", " \n\t", 0, 0, False),
    "a number": ("a.json", "5", 0, 0, False),
    "null": ("a.json", "null", 0, 0, False),
    "a text": ("a.json", '"What is RSI?"', 0, 0, False),
}  # fmt: skip


def read(tmp_path, variant: str) -> Account:
    name, content, *_ = VARIANTS[variant]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return account(path)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_pair_is_accepted_or_rejected_with_a_reason(tmp_path, variant):
    *_, accepted, rejected, damaged = VARIANTS[variant]
    found = read(tmp_path, variant)
    assert found.counts == (accepted, rejected), [found.reasons, found.doubts]
    assert (found.damage is not None) == damaged
    assert all(remark.place and remark.reason for remark in found.report.rejected)


@pytest.mark.parametrize(
    ("variant", "place", "reason"),
    [
        (
            "quotes inside an answer",
            "qa_pairs[1] (line 1, byte",
            "cannot be read: 'subtracts\" t' stands where",
        ),
        (
            "an item that is no JSON",
            "qa_pairs[1] (line 1, byte",
            "cannot be read: 'oops, {\"ques' is no value",
        ),
        ("a pair nested too deep", "qa_pairs[1]", "is nested deeper than 100 levels"),
        ("cut in the second answer", "qa_pairs[1] (line 1", "cannot be read: it breaks off inside a text"),
        ("a line that ends too early", "line 1", "cannot be read: it breaks off"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_cause(tmp_path, variant, place, reason):
    (remark,) = read(tmp_path, variant).report.rejected
    assert remark.place.startswith(place)
    assert remark.reason.startswith(reason)


@pytest.mark.parametrize(
    ("variant", "doubt"),
    [
        ("commas too many", "a comma too many, 3 times; read all the same"),
        ("comments", "line 1, byte 0: a comment, 4 times; read all the same"),
        ("the same key twice in a pair", "qa_pairs[1]: has the key 'answer' more than once"),
        ("the same key twice above", "the document: has the key 'qa_pairs' more than once"),
        ("Latin letters in single bytes", "is not valid UTF-8; read as windows-1252"),
        ("talk after the document", "text that is no JSON outside of the document"),
        ("single quotes and Python's words", "None for a value; read all the same"),
    ],
)
def test_what_was_mended_is_said(tmp_path, variant, doubt):
    assert any(doubt in said for said in read(tmp_path, variant).doubts), read(tmp_path, variant).doubts


def test_damage_says_where_and_what_was_read_before(tmp_path):
    damage = read(tmp_path, "cut in the second answer").damage
    assert damage is not None
    assert "is damaged in qa_pairs (RSI) after pair 1 (line 1, byte" in damage
    assert "breaks off inside a text. 1 pairs before it were read" in damage
    packed = read(tmp_path, "packed and cut off").damage
    assert packed is not None
    assert "the gzip archive is cut off" in packed


def test_letters_of_other_encodings_are_read_right(tmp_path):
    assert read(tmp_path, "Latin letters in single bytes").pairs[0].answer.startswith("Größe café is")
    assert read(tmp_path, "two encodings in one file").pairs[0].answer.startswith("café € is")
    assert read(tmp_path, "half a surrogate beside a whole one").pairs[0].answer.startswith("😀")


def test_topics_survive_damage_further_down(tmp_path):
    assert read(tmp_path, "quotes inside the last answer").topics == ["RSI", "RSI"]


def test_session_whose_head_is_damaged_keeps_its_pairs(tmp_path):
    document = dump(export_document([("Momentum", [RSI, MACD]), ("Volatility", [ATR])]))
    path = tmp_path / "a.json"
    path.write_text(document.replace('"Momentum"', '"Mo"men"tum"'), encoding="utf-8")
    found = account(path)
    assert found.counts == (3, 0)
    assert any("sessions[0]" in doubt and "was left" in doubt for doubt in found.doubts)


@pytest.mark.parametrize("name", ["folder.json", "folder"])
def test_folder_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(SourceUnreadable, match="is a folder, and no file in it"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("seed", range(150))
def test_file_cut_anywhere_gives_each_whole_pair_and_counts_the_one_begun(tmp_path, seed):
    chance = random.Random(seed)  # noqa: S311  # to be repeated, not secret
    pairs = [
        (f"Question {n}?", f"Answer {n} " + 'x\\"ü' * chance.randrange(30))
        for n in range(chance.randrange(1, 12))
    ]
    items = [dump(item) for item in as_objects(pairs)]
    text = '{"topic": "T", "qa_pairs": [' + ", ".join(items) + "]}"
    starts = [text.index(item) for item in items]
    ends = [start + len(item) for start, item in zip(starts, items, strict=True)]
    cut = chance.randrange(1, len(text))
    path = tmp_path / "a.json"
    path.write_bytes(text[:cut].encode())
    found = account(path)
    whole = sum(end <= cut for end in ends)
    begun = sum(start + len('{"question": ') < cut < end for start, end in zip(starts, ends, strict=True))
    unsure = sum(start < cut <= start + len('{"question": ') for start in starts)
    assert [pair.question for pair in found.pairs] == [question for question, _ in pairs[:whole]]
    assert begun <= len(found.report.rejected) <= begun + unsure
    assert found.damage is not None


@pytest.mark.parametrize("seed", range(60))
def test_bytes_changed_at_random_never_crash_the_reader(tmp_path, seed):
    chance = random.Random(seed)  # noqa: S311  # to be repeated, not secret
    content = bytearray(dump(export_document([("M", PAIRS * 3), ("V", [GAS] * 4)])).encode())
    for _ in range(chance.randrange(1, 12)):
        content[chance.randrange(len(content))] = chance.choice(b'{}[]",:\\\x00\xff x')
    path = tmp_path / "a.json"
    path.write_bytes(content)
    found = account(path)
    assert len(found.pairs) + len(found.report.rejected) <= 13 + 12 * 2


_FAULTS = [
    ("It is the", 'It "is" the'),
    ('said."', "said."),
    ('"It is', "It is"),
    ('"What', "What"),
    ("What is", 'What "is'),
    ('?"', "?"),
]


@pytest.mark.parametrize("seed", range(120))
def test_faults_in_some_pairs_cost_these_pairs_and_no_others(tmp_path, seed):
    chance = random.Random(seed)  # noqa: S311  # to be repeated, not secret
    sessions: list[str] = []
    good: list[str] = []
    present = 0
    for number in range(chance.randrange(1, 4)):
        items: list[str] = []
        for index in range(chance.randrange(2, 7)):
            present += 1
            question = f"What is {number}-{index}?"
            pair: dict[str, object] = {"question": question, "answer": "It is the {a} [b], as is said."}
            pair |= {"tags": ["x", "y"]} if chance.random() < 0.3 else {}
            pair = {"id": index, **pair} if chance.random() < 0.3 else pair
            text = dump(pair)
            if chance.random() < 0.25:
                text = text.replace(*chance.choice(_FAULTS))
            else:
                good.append(question)
            items.append(text)
        listed = chance.choice([", ", ",\n"]).join(items)
        sessions.append(f'{{"topic": "T{number}", "qa_pairs": [{listed}]}}')
    path = tmp_path / "a.json"
    path.write_text(f'{{"metadata": {{"x": 1}}, "sessions": [{", ".join(sessions)}]}}', encoding="utf-8")
    found = account(path)
    assert [pair.question for pair in found.pairs] == good
    assert found.counts == (len(good), present - len(good))
    assert found.damage is None
