"""Names that redaction takes out: those of a list, and what a recogniser of one's own finds."""

from pathlib import Path

import pytest

from memory import NamesUnreadable
from memory.privacy import DataKind, ListedNames, PrivacySettings, Redactor, find, open_names

LIST = "Anna\nAnna Berg\nJean-Luc O'Neill\n\nMay\nJ. R. Hart\nH&M\nŽofie Nováková\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    file = tmp_path / "names.txt"
    file.write_text(LIST, encoding="utf-8")
    return file


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in ListedNames(LIST.splitlines()).names(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Anna met Anna  Berg.", ["Anna", "Anna  Berg"]),
        ("Anna's dog, ANNA BERG’S cat", ["Anna", "ANNA BERG"]),
        ("Ask Jean-Luc O'Neill or Žofie Nováková (H&M).", ["Jean-Luc O'Neill", "Žofie Nováková", "H&M"]),
        ("In May it may rain, says May.", ["May", "May"]),
        ("anna, Annabel, Susanna, anna_berg, Anna_1", []),
        ("Anna, Berg", ["Anna"]),
        ("Read J. R. Hart. Then J R Hart.", ["J. R. Hart"]),
        ("", []),
    ],
)
def test_listed_names_are_found_as_they_are_written_or_in_capitals(text: str, names: list[str]) -> None:
    assert found(text) == names


def test_a_name_gives_way_to_what_is_surer() -> None:
    names = ListedNames(["Anna"])
    text = "Anna is Anna@b.org"
    assert [finding.kind for finding in find(text, names=names)] == [DataKind.NAME, DataKind.EMAIL]


def test_names_of_the_file_are_redacted_and_equal_ones_alike(listed: Path) -> None:
    redactor = Redactor(names=open_names(PrivacySettings(names=listed)))
    assert (
        redactor.redact("Anna Berg called Anna; Anna Berg wept.").text
        == "[name 1] called [name 2]; [name 1] wept."
    )
    assert redactor.redact_json({"who": ["Anna"]}) == {"who": ["[name 1]"]}


def test_without_a_file_no_name_is_found() -> None:
    assert open_names(PrivacySettings()) is None


class Shouting:
    """Takes every word in capitals for a name."""

    def names(self, text: str) -> list[tuple[int, int]]:
        return [(text.index(word), text.index(word) + len(word)) for word in text.split() if word.isupper()]


def test_a_recogniser_of_ones_own_stands_in_for_the_file(listed: Path) -> None:
    settings = PrivacySettings(names=listed, recogniser=f"{__name__}:Shouting")
    assert Redactor(names=open_names(settings)).redact("Anna saw BOB").text == "Anna saw [name 1]"


@pytest.mark.parametrize(
    "where", ["nowhere:People", f"{__name__}:Nobody", f"{__name__}:LIST", f"{__name__}:LISTED"]
)
def test_a_recogniser_that_cannot_be_had_is_named(where: str) -> None:
    with pytest.raises(NamesUnreadable, match=where.partition(":")[2]):
        open_names(PrivacySettings(recogniser=where))


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for file in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(NamesUnreadable, match="names"):
            open_names(PrivacySettings(names=file))


LISTED = dict
