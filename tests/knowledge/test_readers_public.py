"""Shapes in which public collections of questions and answers come are read, whatever wraps their texts."""

import json

import pytest

from tests.knowledge.samples import ATR, GAS, MACD, RSI, account, write_json

PAIRS = [RSI, MACD, ATR]
OTHER = "Something else is said here."


def squad(qas: list[dict[str, object]]) -> dict[str, object]:
    context = " ".join(answer for _, answer in PAIRS)
    return {
        "version": "v2.0",
        "data": [{"title": "Momentum", "paragraphs": [{"context": context, "qas": qas}]}],
    }


def span(text: str) -> dict[str, object]:
    return {"text": text, "answer_start": 0}


def said(role: str, text: object, *, who: str = "role", what: str = "content") -> dict[str, object]:
    return {who: role, what: text}


SHAPES = {
    "SQuAD": squad(
        [
            {"id": "5", "question": question, "answers": [span(answer)] * 2, "is_impossible": False}
            for question, answer in PAIRS
        ]
    ),
    "SQuAD a row a question": [
        {"id": "5", "title": "Momentum", "context": OTHER * 9, "question": question, "answers": {"text": [answer, answer], "answer_start": [0, 0]}}
        for question, answer in PAIRS
    ],
    "QuAC": squad(
        [
            {"question": question, "answers": [span(answer)], "orig_answer": span(answer), "followup": "y"}
            for question, answer in PAIRS
        ]
    ),
    "CoQA": {
        "data": [
            {
                "story": OTHER,
                "questions": [{"input_text": question, "turn_id": 1} for question, _ in PAIRS],
                "answers": [{"input_text": answer, "span_text": OTHER, "turn_id": 1} for _, answer in PAIRS],
            }
        ]
    },
    "TriviaQA": {
        "Data": [
            {"Question": question, "QuestionId": "5", "Answer": {"Value": answer, "Aliases": [answer.upper()], "Type": "text"}}
            for question, answer in PAIRS
        ]
    },
    "Natural Questions": [{"question": question, "answer": [answer]} for question, answer in PAIRS],
    "MS MARCO": [
        {"query": question, "answers": [answer], "passages": [{"is_selected": 1, "passage_text": OTHER * 9}]}
        for question, answer in PAIRS
    ],
    "HotpotQA": [
        {"question": question, "answer": answer, "context": [["RSI", [OTHER, OTHER]]], "supporting_facts": [["RSI", 0]]}
        for question, answer in PAIRS
    ],
    "HC3": [
        {"question": question, "human_answers": [answer], "chatgpt_answers": [OTHER]} for question, answer in PAIRS
    ],
    "Alpaca": [{"instruction": question, "input": "", "output": answer} for question, answer in PAIRS],
    "Dolly": [
        {"instruction": question, "context": "", "response": answer, "category": "open_qa"} for question, answer in PAIRS
    ],
    "ShareGPT": [
        {
            "id": "5",
            "conversations": [
                said(role, text, who="from", what="value")
                for role, text in (("system", OTHER), ("human", question), ("gpt", answer))
            ],
        }
        for question, answer in PAIRS
    ],
    "messages": [
        {"messages": [said("system", OTHER), said("user", question), said("assistant", answer)]}
        for question, answer in PAIRS
    ],
    "messages in parts": [
        {
            "messages": [
                said(role, [{"type": "text", "text": text}]) for role, text in (("user", question), ("assistant", answer))
            ]
        }
        for question, answer in PAIRS
    ],
    "contents in parts": {
        "contents": [
            said(role, [{"text": text}], what="parts")
            for question, answer in PAIRS
            for role, text in (("user", question), ("model", answer))
        ]
    },
    "preferences": [{"prompt": question, "chosen": answer, "rejected": "No."} for question, answer in PAIRS],
    "FAQPage": {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {"@type": "Question", "name": question, "acceptedAnswer": {"@type": "Answer", "text": answer}}
            for question, answer in PAIRS
        ],
    },
    "FAQPage in a graph": {
        "@graph": [
            {"@type": "WebPage", "name": "Help"},
            {
                "@type": "FAQPage",
                "mainEntity": [
                    {"@type": "Question", "name": question, "acceptedAnswer": [{"@type": "Answer", "text": answer}]}
                    for question, answer in PAIRS
                ],
            },
        ]
    },
    "QAPage": [
        {
            "@type": "QAPage",
            "mainEntity": {
                "@type": "Question",
                "name": question,
                "suggestedAnswer": [{"@type": "Answer", "text": OTHER, "upvoteCount": 1}],
                "acceptedAnswer": {"@type": "Answer", "text": answer, "upvoteCount": 3},
            },
        }
        for question, answer in PAIRS
    ],
    "Stack Exchange": {
        "items": [
            {
                "question_id": 5,
                "title": question,
                "body": OTHER * 9,
                "tags": ["rsi"],
                "answers": [
                    {"answer_id": 6, "is_accepted": False, "score": 9, "body": OTHER},
                    {"answer_id": 7, "is_accepted": True, "score": 4, "body": answer},
                ],
            }
            for question, answer in PAIRS
        ]
    },
    "answers that look like halves of pairs": [
        {"question": question, "answers": [{"answer": answer, "id": 5}]} for question, answer in PAIRS
    ],
    "both in objects": [{"question": {"text": question}, "answer": {"content": answer}} for question, answer in PAIRS],
    "questions to lists": {question: [answer] for question, answer in PAIRS},
    "questions to answers in objects": {question: {"answers": [span(answer)]} for question, answer in PAIRS},
    "a pair that holds others": {
        "question": RSI[0],
        "answer": {"text": RSI[1]},
        "more": [{"question": question, "answers": [answer]} for question, answer in PAIRS[1:]],
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_pairs_are_found(tmp_path, shape):
    found = account(write_json(tmp_path / "a.json", SHAPES[shape]))
    assert sorted((pair.question, pair.answer) for pair in found.pairs) == sorted(PAIRS)
    assert found.counts == (3, 0)


@pytest.mark.parametrize("shape", [name for name, document in SHAPES.items() if isinstance(document, list)])
def test_pairs_are_found_a_line_each(tmp_path, shape):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, SHAPES[shape])), encoding="utf-8")
    found = account(path)
    assert [(pair.question, pair.answer) for pair in found.pairs] == PAIRS
    assert found.counts == (3, 0)


def test_question_that_cannot_be_answered_is_rejected(tmp_path):
    qas = [
        {"question": RSI[0], "answers": [span(RSI[1])], "is_impossible": False},
        {"question": GAS[0], "answers": [], "plausible_answers": [span(OTHER)], "is_impossible": True},
    ]
    found = account(write_json(tmp_path / "a.json", squad(qas)))
    assert found.counts == (1, 1)
    assert found.reasons == ["has an empty answer"]
    assert found.report.rejected[0].place == "data[0].paragraphs[0].qas[1]"
    assert found.topics == ["Momentum"]


@pytest.mark.parametrize("nothing", [[], {}, {"text": [], "answer_start": []}, [{"text": ""}], [None]])
def test_pairs_of_which_none_is_answered_are_rejected_and_their_context_is_no_answer(tmp_path, nothing):
    rows = [{"question": question, "context": OTHER * 9, "answers": nothing} for question, _ in PAIRS]
    found = account(write_json(tmp_path / "a.json", rows))
    assert found.counts == (0, 3)
    assert set(found.reasons) == {"has an empty answer"}


def test_distinct_answers_are_all_kept_without_what_another_says_in_full(tmp_path):
    answers = [
        span("the Denver Broncos"),
        span("Denver Broncos"),
        span("Santa Clara"),
        span("Denver broncos"),
    ]
    (pair,) = account(
        write_json(tmp_path / "a.json", squad([{"question": "Who?", "answers": answers}]))
    ).pairs
    assert pair.answer == "the Denver Broncos\n\nSanta Clara"


def test_answers_that_nobody_accepted_stand_in_the_order_of_their_scores(tmp_path):
    answers = [{"body": "Worse.", "score": -2}, {"body": "Best.", "score": 7}, {"body": "Good.", "score": 3}]
    (pair,) = account(write_json(tmp_path / "a.json", [{"title": "Why?", "answers": answers}])).pairs
    assert pair.answer == "Best.\n\nGood.\n\nWorse."
    rows = {"text": ["Worse.", "", "Best."], "score": [-2, 9, 7], "a_id": ["x", "y", "z"]}
    (pair,) = account(write_json(tmp_path / "b.json", [{"title": "Why?", "answers": rows}])).pairs
    assert pair.answer == "Best.\n\nWorse."


def test_accepted_answer_is_the_answer_and_the_others_are_kept_beside_it(tmp_path):
    answers = [
        {"text": "Many liked this.", "score": 9, "is_accepted": False},
        {"text": "That.", "score": 1, "is_accepted": True},
    ]
    (pair,) = account(write_json(tmp_path / "a.json", [{"question": "Which?", "answers": answers}])).pairs
    assert pair.answer == "That."
    assert pair.attributes["other_answers"] == "Many liked this."


def test_input_of_an_instruction_is_part_of_the_question(tmp_path):
    rows = [
        {"instruction": "Name the indicator.", "input": text, "output": "RSI"}
        for text in ("It runs from 0 to 100.", "", "<noinput>", "No input")
    ]
    asked = [pair.question for pair in account(write_json(tmp_path / "a.json", rows)).pairs]
    assert asked == ["Name the indicator.\n\nIt runs from 0 to 100.", *["Name the indicator."] * 3]


@pytest.mark.parametrize(
    "answer",
    [
        [1, 2],
        ["a", 2],
        {"id": "a"},
        [{"text": "a"}, {"id": 5}],
        {"question": "What?", "text": "a"},
    ],
)
def test_what_wraps_more_than_texts_is_no_answer(tmp_path, answer):
    rows = [{"question": RSI[0], "answer": RSI[1]}, {"question": MACD[0], "answer": answer}]
    assert account(write_json(tmp_path / "a.json", rows)).counts == (1, 1)


def test_line_that_is_said_by_nobody_in_turn_is_counted(tmp_path):
    path = tmp_path / "a.jsonl"
    trees = [{"text": question, "role": "prompter", "replies": []} for question, _ in PAIRS]
    path.write_text("\n".join(map(json.dumps, trees)), encoding="utf-8")
    assert account(path).counts == (0, 3)
