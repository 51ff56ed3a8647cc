import time
import unicodedata
from typing import Any

import pytest
from mnemonic import Mnemonic

from memory.privacy import DataKind, find

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
_XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
_SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def _found(text: str) -> list[tuple[str, str]]:
    return [(finding.kind.value, text[finding.start : finding.end]) for finding in find(text)]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("email", "john.doe+tag@sub.example.co.uk", "write to <{}>, please"),
        ("email", "jürgen@exämple.de", "mailto:{}"),
        ("url", "https://en.example.org/wiki/Foo_(bar)", "(see {})."),
        ("url", "www.example.com/path?x=1", "at {}, or"),
        ("ip", "203.0.113.7", "from {}:8080"),
        ("ip", "2001:db8:85a3::8a2e:370:7334", "[{}]"),
        ("ip", "fe80::1", "{}%eth0"),
        ("ip", "::ffff:203.0.113.7", "{}"),
        ("card", "5555 5555 5555 4444", "pay with {}."),
        ("card", "3782-822463-10005", "{}"),
        ("card", "630427373398", "my card {} is lost"),
        ("iban", "DE89 3704 0044 0532 0130 00", "to {} by Friday"),
        ("iban", "gb42nawi04454264788619", "my iban is {}"),
        ("ssn", "460-89-9847", "it is {}"),
        ("ssn", "219 09 9999", "SSN: {}"),
        ("phone", "+49 (0)30 901820", "ring {} tomorrow"),
        ("phone", "(415) 555-2671", "it is {} in the office"),
        ("phone", "07911 123456", "or {}"),
        ("phone", "020 7946 0958", "or {}"),
        ("phone", "(11) 91234-5678", "or {}"),
        ("phone", "467 3395", "Phone:\n{}\n"),
        ("phone", "78 651 450", "They do not answer at {}"),
        ("phone", "416 60 039", "{} office"),
        ("phone", "4155552671", '"phone": "{}"'),
        ("secret", "AKIAIOSFODNN7EXAMPLE", "id {}"),
        ("secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = {}"),
        ("secret", "ghp_" + "qT7mZx2RvK" * 3 + "b9WcLd", "{}"),
        ("secret", "sk-proj-abcdEFGH1234567890abcdEFGH1234567890", "with {}"),
        ("secret", "xoxb-582915037264-913746205518-qT7mZx2RvKb9WcLd4HnEyUs8", "{}"),
        ("secret", "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"[:35].ljust(35, "x"), "{}"),
        ("secret", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "{}"),
        ("secret", "glpat-qT7mZx2RvKb9WcLd4HnE", "gehört – é – {}, or not?"),
        ("secret", "NRAK-QT7MZX2RVKB9WCLD4HNEYUS8PFA", "my key is {}."),
        ("secret", _JWT, "cookie {}"),
        ("secret", "abcdef0123456789abcdef", "Authorization: Bearer {}"),
        ("secret", "9f8e7d6c5b4a39281706f5e4d3c2b1a0", '"client_secret": "{}"'),
        ("secret", "hunter2", "my password is {}"),
        ("secret", "Tr0ub4dor&3", "DB_PASSWORD={}"),
        ("secret", "s3cr3t", "postgres://app:{}@db:5432/x"),
        ("secret", _XPRV, "{}"),
        ("secret", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "{}"),
        ("secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "a\n{}\nb"),
        ("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "to {}"),
        ("wallet", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "to {}"),
        ("wallet", "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297", "to {}"),
        ("wallet", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "to {}"),
        ("wallet", "0xde709f2102306220921060314715629080e2fb77", "to {}"),
        ("seed phrase", _SEED, "I wrote down: {}, and lost it"),
        ("seed phrase", _SEED.replace(" ", "\n"), "{}"),
    ],
)
def test_personal_data_is_found_whole(kind: str, value: str, text: str) -> None:
    assert _found(text.format(value)) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "5555 5555 5555 4445",  # the check digit is wrong
        "id 9555555555554444",  # of no issuer
        "my order is 630427373398",  # twelve digits that no word calls a card
        "GB42NAWI04454264788618",
        "000-12-3456 and 666-12-3456 and 901-12-3456",
        "219099999",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
        "legal winner thank year wave sausage worth useful legal winner thank winner",
        "version 1.2.3.4, Chrome/120.0.0.0 on 127.0.0.1 and [::1]",
        "x@weights.mean() and git@github.com:freya/freya.git and lodash@4.17.21",
        "http://localhost:8000/v1 and http://redis:6379",
        "2024-01-02 10:11:12 1700000000 1700000000000 +1234567.89",
        "password = os.environ['X']; token = tokens[12345678]; password: str",
        "dead::beef 12:34:56 values[1::2] values[2000::2]",
    ],
)
def test_what_only_looks_like_personal_data_is_left(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize("language", sorted(Mnemonic.list_languages()))
def test_seed_phrases_of_every_list_and_length_are_found_whole(language: str, form: Any) -> None:
    for words in (12, 15, 18, 21, 24):
        phrase = Mnemonic(language).to_mnemonic(bytes(range(100, 100 + words * 4 // 3)))
        written = unicodedata.normalize(form, phrase.replace("\ufffd", ""))
        if "\ufffd" not in phrase:  # a word that the library's list has broken
            assert _found(f"Ok: {written}.") == [("seed phrase", written)]
            assert _found(written.upper()) == [("seed phrase", written.upper())]


@pytest.mark.parametrize("language", sorted(Mnemonic.list_languages()))
def test_words_of_a_list_without_the_checksum_are_left(language: str) -> None:
    known = Mnemonic(language)
    phrase = known.to_mnemonic(bytes(range(16))).split()
    wrong = next(
        written
        for word in known.wordlist[::-1]
        if not any(
            Mnemonic(other).check(written := " ".join([*phrase[:-1], word]))
            for other in Mnemonic.list_languages()
        )
    )

    assert _found(wrong) == []


@pytest.mark.parametrize(
    "text",
    [
        "Сегодня мы посчитали прибыль за месяц, и теперь завод, школа, город и театр ждут новый план работы на год вперёд.",
        "La casa de mi hermana está cerca del mar, y cada verano vamos todos juntos a comer pescado fresco con limón y sal.",
        "今日はとても良い天気なので、友だちと公園へ行って、写真を撮ったり、お弁当を食べたりしました。",
        "今天天气很好，我们一起去公园，在那里吃饭，看书，说话，然后回家。",
        "오늘은 날씨가 아주 좋아서 친구와 함께 공원에 가서 사진을 찍고 도시락을 먹고 집에 돌아왔습니다.",
        "Aujourd'hui il fait très beau et nous allons tous ensemble au parc manger du pain, du fromage et des fruits.",
    ],
)
def test_what_is_written_in_these_languages_is_no_seed_phrase(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    ("before", "language"),
    [
        ("Мой сид: ", "russian"),
        ("Seed: ", "english"),
        ("Mi semilla: ", "spanish"),
        ("助记词 ", "chinese_simplified"),
        ("Wiederherstellungsphrase: ", "english"),
        ("シード・フレーズ： ", "japanese"),
    ],
)
def test_a_word_before_that_names_it_does_for_a_checksum_in_other_languages(
    before: str, language: str
) -> None:
    words = " ".join(Mnemonic(language).wordlist[100:113])

    assert _found(before + words) == [("seed phrase", words)]


def test_a_seed_phrase_with_a_wrong_word_is_found_beside_a_word_that_says_so() -> None:
    wrong = _SEED.removesuffix("yellow") + "winner"

    assert _found(f"My recovery words are\n{wrong}") == [("seed phrase", wrong)]


@pytest.mark.parametrize("before", [8000, 8180, 8192, 8200, 30_000])
def test_a_key_is_found_whole_wherever_it_stands_in_a_long_text(before: int) -> None:
    key = "glpat-qT7mZx2RvKb9WcLd4HnE"
    text = ("wörter " * before)[:before] + f" {key} " + "danach " * 2000

    assert _found(text) == [("secret", key)]


def test_of_findings_that_overlap_the_surer_and_longer_stays() -> None:
    url = "https://example.org/?mail=a@b.org&ip=203.0.113.7"

    assert _found(f"call me at 4111 1111 1111 1111 or {url}") == [
        ("card", "4111 1111 1111 1111"),
        ("url", url),
    ]


def test_only_the_kinds_asked_for_are_found() -> None:
    text = "a@b.org 203.0.113.7"

    assert [finding.kind for finding in find(text, kinds={DataKind.IP})] == [DataKind.IP]


def test_names_are_found_where_a_recogniser_is_given() -> None:
    class Anna:
        def names(self, text: str) -> list[tuple[int, int]]:
            return [(text.index("Anna"), text.index("Anna") + 4)]

    text = "Anna is anna@b.org"

    assert [(finding.kind, finding.start) for finding in find(text, names=Anna())] == [
        (DataKind.NAME, 0),
        (DataKind.EMAIL, 8),
    ]


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize(
    "piece",
    ["a", "1 ", "a@b.", "http://", "1.1.1.1 ", "4111 1111 1111 1112 ", "GB12 ", "-----BEGIN PRIVATE KEY-----\n", "eyJaaaaaaaa.",
     'password="', ":", "token: a1", "1-", "call me at ", "abandon ", "[email 1]",
     "curl -H 'Authorization: Bearer qT7mZx2RvKb9WcLd4HnE' "],
)  # fmt: skip
def test_hostile_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        began = time.process_time()
        find(text)
        return time.process_time() - began

    seconds(100)  # what is made ready once
    assert seconds(300_000) < 40 * max(seconds(30_000), 0.01)  # with the square it would be a hundred times
