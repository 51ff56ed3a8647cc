import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPECIALISTS = sorted((ROOT / "agents").glob("*/utterances*.txt"))
GENERAL = sorted((ROOT / "graphs" / "utterances").glob("*.txt"))
LEAST = 60
LANGUAGES = ("ru", "es", "de")
LEAST_BY_NAME = {"recap": 40, "protected": 40}
LEAST_FOREIGN = {"small_talk": 20, "recap": 5}


def utterances(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def plain(text: str) -> str:
    return " ".join(re.findall(r"[\w%$]+", text.casefold())) or text


def name_of(path: Path) -> str:
    """The label, and the language where it is not English, or the manner: `davina`, `davina_de`, `davina_spoken`, `recap_ru`."""
    if path.parent.name == "utterances":
        return path.stem
    return path.parent.name + path.stem.removeprefix("utterances")


def least(path: Path) -> int:
    label, _, language = name_of(path).rpartition("_")
    if language in LANGUAGES:
        return LEAST_FOREIGN.get(label, 25)
    return LEAST_BY_NAME.get(name_of(path), LEAST)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_has_utterances_in_every_language(language):
    labels = {name_of(path) for path in [*SPECIALISTS, *GENERAL]}
    plain_ones = {label for label in labels if label.rpartition("_")[2] not in (*LANGUAGES, "spoken")}
    assert {f"{label}_{language}" for label in plain_ones - {"protected"}} <= labels


def test_the_specialists_and_the_general_intents_are_found():
    assert {"technical", "fundamentals"} <= {name_of(path) for path in SPECIALISTS}
    assert {"small_talk", "out_of_scope", "recap"} <= {name_of(path) for path in GENERAL}


@pytest.mark.parametrize("path", [*SPECIALISTS, *GENERAL], ids=name_of)
def test_a_file_holds_enough_distinct_utterances(path):
    texts = [plain(text) for text in utterances(path)]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []
    assert len(texts) >= least(path)


def test_no_utterance_is_in_two_files():
    places = defaultdict(set)
    for path in [*SPECIALISTS, *GENERAL]:
        for text in utterances(path):
            places[plain(text)].add(name_of(path))
    assert {text: names for text, names in places.items() if len(names) > 1} == {}
