"""Texts in other encodings than UTF-8: found by themselves, told where that is not sure, and read as told."""

import json
import tracemalloc

import pytest

from knowledge import Outcome, UnknownEncoding
from knowledge.readers import encoding_named, open_source
from knowledge.readers.content import opened
from knowledge.readers.encodings import NAMES
from knowledge.readers.mojibake import repaired
from tests.knowledge.samples import Account, Pair, account, as_objects

RUSSIAN = [
    ("Что такое индекс относительной силы?", "Индекс измеряет скорость изменения цены от 0 до 100."),
    ("Как читать MACD?", "MACD - это разность двух скользящих средних: быстрой и медленной."),
]
JAPANESE = [
    ("RSIとは何ですか？", "RSIは価格変動の勢いを0から100までの数値で示す指標です。"),
    ("移動平均線の使い方は？", "一定期間の終値を平均した線で、トレンドの方向を見るために使います。"),
]
CHINESE = [
    ("什么是相对强弱指数？", "相对强弱指数衡量价格变动的速度，数值在0到100之间。"),
    ("如何使用移动平均线？", "移动平均线平滑了价格的波动，用来判断趋势的方向。"),
]
TAIWANESE = [
    ("什麼是相對強弱指數？", "相對強弱指數衡量價格變動的速度，數值在0到100之間。"),
    ("如何使用移動平均線？", "移動平均線平滑了價格的波動，用來判斷趨勢的方向。"),
]
KOREAN = [
    ("상대강도지수란 무엇입니까?", "상대강도지수는 가격 변동의 속도를 0에서 100까지 나타내는 지표입니다."),
    ("이동평균선은 어떻게 사용합니까?", "일정 기간의 종가를 평균하여 추세의 방향을 보여 줍니다."),
]
GERMAN = [
    (
        "Was misst der RSI?",
        "Der RSI misst die Stärke der Kursänderungen. Werte über 70 gelten als überkauft.",
    ),
    (
        "Wie groß ist die Größe?",
        "Für häufige Fälle genügt die übliche Näherung; früher wählte man größere Fenster.",
    ),
]
POLISH = [
    (
        "Czym jest wskaźnik siły względnej?",
        "Mierzy szybkość zmian ceny między 0 a 100. Powyżej 70 rynek jest wykupiony.",
    ),
    (
        "Jak używać średniej kroczącej?",
        "Średnia krocząca wygładza ceny i pokazuje kierunek trendu, lecz się opóźnia.",
    ),
]
GREEK = [
    ("Τι είναι ο δείκτης σχετικής ισχύος;", "Ο δείκτης μετρά την ταχύτητα μεταβολής της τιμής από 0 έως 100.")
]
HEBREW = [
    ("מהו מדד העוצמה היחסית?", "מדד העוצמה היחסית מודד את מהירות השינוי במחיר בין 0 ל-100."),
    ("איך קוראים ממוצע נע?", "הממוצע הנע מחליק את המחירים ומראה את כיוון המגמה."),
]
ARABIC = [
    (
        "ما هو مؤشر القوة النسبية؟",
        "يقيس مؤشر القوة النسبية سرعة تغير السعر بين 0 و100. فوق 70 يعتبر السوق مفرطا.",
    )
]
TURKISH = [
    (
        "Göreceli güç endeksi nedir?",
        "Fiyat değişimlerinin hızını 0 ile 100 arasında ölçer; 70'in üzeri aşırı alım sayılır.",
    )
]
THAI = [("ดัชนีกำลังสัมพัทธ์คืออะไร?", "ดัชนีกำลังสัมพัทธ์วัดความเร็วของการเปลี่ยนแปลงราคาระหว่าง 0 ถึง 100")]

# the codec that wrote a file, its pairs, and what it is read as
FOUND: list[tuple[str, list[Pair], str | None]] = [
    ("cp1251", RUSSIAN, "windows-1251"),
    ("koi8_r", RUSSIAN, "koi8-r"),
    ("iso8859_5", RUSSIAN, "iso-8859-5"),
    ("cp866", RUSSIAN, "cp866"),
    ("mac_cyrillic", RUSSIAN, "mac-cyrillic"),
    ("shift_jis", JAPANESE, "shift-jis"),
    ("euc_jp", JAPANESE, "euc-jp"),
    ("iso2022_jp", JAPANESE, "iso2022-jp"),
    ("gb18030", CHINESE, "gb18030"),
    ("hz", CHINESE, "hz"),
    ("big5", TAIWANESE, "big5"),
    ("euc_kr", KOREAN, "euc-kr"),
    ("iso2022_kr", KOREAN, "iso2022-kr"),
    ("cp1252", GERMAN, "windows-1252"),
    ("mac_roman", GERMAN, "mac-roman"),
    ("cp850", GERMAN, "cp850"),
    ("cp1250", POLISH, "windows-1250"),
    ("iso8859_2", POLISH, "iso-8859-2"),
    ("cp1253", GREEK, "windows-1253"),
    ("cp1255", HEBREW, "windows-1255"),
    ("cp1256", ARABIC, "windows-1256"),
    ("iso8859_6", ARABIC, "iso-8859-6"),
    ("cp1254", TURKISH, "windows-1254"),
    ("cp874", THAI, "cp874"),
    ("utf_7", RUSSIAN, "utf-7"),
    ("utf_16_le", CHINESE, "utf-16-le"),
    ("utf_16_be", JAPANESE, "utf-16-be"),
    ("utf_32_le", KOREAN, "utf-32-le"),
    ("utf_32_be", RUSSIAN, "utf-32-be"),
    ("utf_16", CHINESE, None),
    ("utf_32", CHINESE, None),
    ("utf_8_sig", CHINESE, None),
]  # fmt: skip


def as_json(pairs: list[Pair]) -> str:
    return json.dumps(as_objects(pairs), ensure_ascii=False)


def as_csv(pairs: list[Pair]) -> str:
    return "question,answer\r\n" + "".join(f'"{question}","{answer}"\r\n' for question, answer in pairs)


def as_list(pairs: list[Pair]) -> str:
    return "".join(f"Q: {question}\nA: {answer}\n\n" for question, answer in pairs)


def texts(found: Account) -> list[Pair]:
    return [(pair.question, pair.answer) for pair in found.pairs]


@pytest.mark.parametrize("form", [as_json, as_csv, as_list])
@pytest.mark.parametrize(("codec", "pairs", "name"), FOUND, ids=[codec for codec, *_ in FOUND])
def test_encoding_is_found_and_told(tmp_path, codec, pairs, name, form):
    path = tmp_path / "pairs.txt"
    path.write_bytes(form(pairs).encode(codec))
    found = account(path)
    assert texts(found) == pairs
    assert found.report.encoding == name


def test_encoding_that_is_not_sure_is_noted_with_what_to_do(tmp_path):
    path = tmp_path / "few.csv"
    path.write_bytes(as_csv([("What is it?", "A naïve view of it.")]).encode("cp1252"))
    found = account(path)
    assert texts(found) == [("What is it?", "A naïve view of it.")]
    assert any("It may be cp850 instead: `--encoding NAME` reads it so" in doubt for doubt in found.doubts)


def test_bytes_that_stand_alone_in_utf8_are_read_each_and_noted(tmp_path):
    path = tmp_path / "mixed.json"
    whole = as_json([("Was heißt “Größe”?", "Größe – das heißt STRAY Maß, für alle Fälle.")])
    path.write_bytes(whole.encode().replace(b"STRAY", b"\xe4\x93"))
    found = account(path)
    assert texts(found) == [("Was heißt “Größe”?", "Größe – das heißt ä“ Maß, für alle Fälle.")]
    assert any("is not valid UTF-8; read as windows-1252 here" in doubt for doubt in found.doubts)


def test_files_of_two_encodings_joined_are_read_each_in_its_own(tmp_path):
    path = tmp_path / "joined.jsonl"
    lines = [json.dumps(pair, ensure_ascii=False) for pair in as_objects(RUSSIAN + CHINESE)]
    path.write_bytes(
        b"\n".join(
            [lines[0].encode("cp1251"), lines[1].encode("cp1251"), *(line.encode() for line in lines[2:])]
        )
    )
    found = account(path)
    assert texts(found) == RUSSIAN + CHINESE
    assert any("read as windows-1251 here" in doubt for doubt in found.doubts)


def test_bytes_that_an_encoding_does_not_have_are_counted_with_their_line(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_bytes(as_csv(JAPANESE).encode("shift_jis").replace("指標".encode("shift_jis"), b"\x81\xff"))
    found = account(path)
    assert len(found.pairs) == 2
    assert "line 2: holds a character that is no shift-jis; it is \ufffd now" in found.doubts


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Itâ€™s â€œgoodâ€\x9d", "It’s “good”"),
        ("A “real” quote and itâ€™s one", "A “real” quote and it’s one"),
        ("Itâ\x80\x99s", "It’s"),
        ("GrÃ¶Ã\x9fe", "Größe"),
        ("naÃ¯ve", "naïve"),
        ("ItÃ¢â‚¬â„¢s", "It’s"),
        ("РџСЂРёРІРµС‚", "Привет"),
        ("ðŸ˜€ up", "😀 up"),
    ],
)
def test_text_that_was_encoded_twice_is_put_right(written, meant):
    assert repaired(written) == meant


@pytest.mark.parametrize(
    "text",
    ["“CAFÉ”", "AMANHÃ”", "NÃO", "SPÓŁKA", "Він і Її", "Größe × 3 °C", "L’ÂGE d’or", "😀", "价格", "plain"],
)
def test_text_that_only_looks_encoded_twice_is_left_alone(text):
    assert repaired(text) == text


def test_pairs_that_were_encoded_twice_are_noted_once(tmp_path):
    path = tmp_path / "twice.json"
    path.write_text(
        as_json([(question, answer.encode().decode("latin-1")) for question, answer in GERMAN]), "utf-8"
    )
    found = account(path)
    assert texts(found) == GERMAN
    assert found.doubts == [
        "[0]: holds letters that were encoded twice, such as â€™; put right, in 2 pairs in all"
    ]


@pytest.mark.parametrize("name", NAMES.values())
def test_each_name_that_is_told_can_be_given(name):
    assert encoding_named(name).name == name


@pytest.mark.parametrize("name", ["klingon", "", "base64", "idna", "unicode_escape", "a\x00b", "../x"])
def test_what_is_no_encoding_of_text_is_refused(tmp_path, name):
    with pytest.raises(UnknownEncoding, match="Name one as Python does, such as windows-1252, windows-1251"):
        open_source(tmp_path / "any.json", name)


@pytest.mark.parametrize("extra", [b"", "{“UTF-8”}\n".encode() * 200_000])
def test_large_file_in_another_encoding_is_read_in_little_memory(tmp_path, extra):
    path = tmp_path / "large.jsonl"
    path.write_bytes(as_json(RUSSIAN).encode("cp1251") * 60_000 + extra)
    tracemalloc.start()
    content = opened(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content.encoding == "windows-1251"
    assert len(content) > path.stat().st_size > 12 << 20
    assert peak < 12 << 20
    content.close()


async def test_import_in_another_encoding_replaces_what_was_read_wrong(importer, store, tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(
        "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in as_objects(RUSSIAN)).encode("koi8_r")
    )
    wrong = await importer.import_file(path, encoding="cp1251")
    assert (wrong.outcome, wrong.encoding, wrong.added) == (Outcome.IMPORTED, "windows-1251", 2)
    right = await importer.import_file(path, encoding="koi8-r")
    assert (right.outcome, right.encoding, right.added, right.removed) == (Outcome.IMPORTED, "koi8-r", 2, 2)
    again = await importer.import_file(path, encoding="koi8-r")
    assert (again.added, again.changed, again.removed) == (0, 0, 0)
    assert (await importer.import_file(path)).outcome is Outcome.ALREADY
    assert await store.counts() == {"technical": 2}


async def test_import_in_an_encoding_that_there_is_not_is_refused_before_anything_is_stored(
    importer, store, tmp_path
):
    (tmp_path / "pairs.json").write_text(as_json(GERMAN), "utf-8")
    with pytest.raises(UnknownEncoding, match="There is no encoding 'klingon'"):
        await importer.import_paths([tmp_path], encoding="klingon")
    assert await store.counts() == {}
