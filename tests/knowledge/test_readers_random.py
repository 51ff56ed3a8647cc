"""Documents of random nested shapes: each pair comes out once, with its topic, or is rejected."""

import json
import random
from pathlib import Path

import pytest

from tests.knowledge.samples import account

_WORDS = (
    "trend volume price oscillator band signal average close chain fee block hash wallet token yield".split()
)
_NAMES = [
    ("question", "answer"),
    ("q", "a"),
    ("Question", "Answer"),
    ("questionText", "answerText"),
    ("prompt", "response"),
    ("query", "answer"),
]
_UNUSABLE: list[object] = [None, "", " ", "TODO", "n/a", 7, False, [], {}]


class Documents:
    """Builds a document and remembers what a reader has to find in it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # to be repeated, not secret
        self.names = self.chance.choice(_NAMES)
        self.expected: list[tuple[str, str, str | None]] = []
        self.rejected = 0
        self._number = 0

    def node(self, topic: str | None = None, depth: int = 0) -> object:
        chance = self.chance
        kind = chance.randrange(8 if depth < 4 else 2)
        if kind == 2:
            inner = f"Topic {chance.randrange(100)}"
            key = chance.choice(["qa_pairs", "pairs", "items", "data"])
            return self._shuffled({"topic": inner, key: self.node(inner, depth + 1)})
        if kind == 3:
            return [self._about(depth + 1) for _ in range(chance.randrange(1, 4))]
        if kind == 4:
            return {
                f"Name {n} of one": self._under(f"Name {n} of one") for n in range(chance.randrange(2, 4))
            }
        if kind == 5:
            return {"note": "hello", "data": self.node(topic, depth + 1), "count_of_things": 3}
        if kind == 6:
            return {"by_indicator": {f"key {n}": self._list(f"key {n}") for n in range(2)}}
        if kind == 7:
            return self._parallel(f"Listed {chance.randrange(100)}")
        return self._list(topic)

    def _about(self, depth: int) -> dict[str, object]:
        topic = f"Indicator {self.chance.randrange(50)}"
        return self._shuffled({"indicator": topic, "questions_answers": self.node(topic, depth)})

    def _under(self, topic: str) -> object:
        pairs = self._list(topic)
        return pairs if self.chance.random() < 0.6 else {"qa_pairs": pairs, "description": "about"}

    def _list(self, topic: str | None) -> list[dict[str, object]]:
        pairs = [self._pair(topic) for _ in range(self.chance.randrange(1, 6))]
        pairs.insert(
            self.chance.randrange(len(pairs) + 1), dict(zip(self.names, self._texts(topic), strict=True))
        )
        return pairs

    def _pair(self, topic: str | None) -> dict[str, object]:
        chance = self.chance
        own = f"Own {chance.randrange(4)}" if chance.random() < 0.2 else None
        more: dict[str, object] = {"id": 4, "difficulty": "hard", "tags": ["x", "y"], "meta": {"tokens": 4}}
        pair = {name: value for name, value in more.items() if chance.random() < 0.3}
        if own is not None:
            pair[chance.choice(["topic", "indicator", "indicator_name"])] = own
        question, answer = self._texts(own or topic)
        pair |= {self.names[0]: question, self.names[1]: answer}
        if chance.random() < 0.2:
            self.expected.pop()
            self.rejected += 1
            pair[self.names[1]] = chance.choice(_UNUSABLE)
            if chance.random() < 0.2:
                del pair[self.names[1]]
        return self._shuffled(pair)

    def _parallel(self, topic: str) -> dict[str, object]:
        texts = [self._texts(topic) for _ in range(self.chance.randrange(1, 5))]
        questions: list[object] = [question for question, _ in texts]
        answers: list[object] = [answer for _, answer in texts]
        extra = self.chance.randrange(3)
        self.rejected += extra
        self.chance.choice([questions, answers]).extend(f"And {self._number} more {n}?" for n in range(extra))
        return self._shuffled({"topic": topic, "questions": questions, "answers": answers})

    def _texts(self, topic: str | None) -> tuple[str, str]:
        self._number += 1
        words = self.chance.choices(_WORDS, k=self.chance.randrange(3, 30))
        question, answer = f"{words[0]} of {words[1]} {self._number}?", f"{' '.join(words)} {self._number}."
        self.expected.append((question, answer, topic))
        return question, answer

    def _shuffled(self, fields: dict[str, object]) -> dict[str, object]:
        items = list(fields.items())
        self.chance.shuffle(items)
        return dict(items)


def _untidy(document: object, chance: random.Random) -> str:
    """The same document as no standard allows it, without loss of meaning."""
    text = json.dumps(document, indent=chance.choice([None, 1, "\t"]), ensure_ascii=chance.random() < 0.5)
    text = text.replace("}", "} /* so */ ", 1) if chance.random() < 0.5 else text
    return text.replace('"data":', "data:").replace("null", "None") + chance.choice(
        ["", ",", "\n// end", "\n}"]
    )


@pytest.mark.parametrize("seed", range(300))
def test_random_document_loses_no_pair(tmp_path: Path, seed: int):
    documents = Documents(seed)
    document = documents.node()
    path = tmp_path / "random.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    found = account(path)
    assert sorted((pair.question, pair.answer) for pair in found.pairs) == sorted(
        (question, answer) for question, answer, _ in documents.expected
    )
    assert found.counts == (len(documents.expected), documents.rejected)
    topics = {pair.question: pair.session.topic for pair in found.pairs}
    assert {question: topics[question] for question, _, topic in documents.expected if topic} == {
        question: topic for question, _, topic in documents.expected if topic
    }


@pytest.mark.parametrize("seed", range(300, 400))
def test_random_document_that_is_no_valid_json_gives_the_same(tmp_path: Path, seed: int):
    documents = Documents(seed)
    document = documents.node()
    valid, untidy = tmp_path / "valid.json", tmp_path / "untidy.json"
    valid.write_text(json.dumps(document), encoding="utf-8")
    untidy.write_text(_untidy(document, documents.chance), encoding="utf-8")
    one, other = account(valid), account(untidy)
    assert other.counts == (len(documents.expected), documents.rejected)
    assert [pair.question for pair in one.pairs] == [pair.question for pair in other.pairs]
    assert one.topics == [topic.replace("untidy", "valid") for topic in other.topics]


@pytest.mark.parametrize("seed", range(400, 440))
def test_lines_of_random_pairs_lose_none(tmp_path: Path, seed: int):
    documents = Documents(seed)
    lines = documents._list("T") + documents._list("U")
    path = tmp_path / "random.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert account(path).counts == (len(documents.expected), documents.rejected)
