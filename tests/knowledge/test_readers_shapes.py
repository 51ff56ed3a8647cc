"""Pairs are found in JSON wherever they stand, with what is said of them above."""

import json

import pytest

from knowledge.readers import SourceKind
from tests.knowledge.samples import ATR, GAS, MACD, RSI, account, as_objects, write_json

PAIRS = [RSI, MACD, ATR]
ASKED = [question for question, _ in PAIRS]
ANSWERED = [answer for _, answer in PAIRS]


def mapping(key: str) -> dict[str, object]:
    return {key: {"RSI": as_objects([RSI]), "MACD": as_objects([MACD]), "ATR": as_objects([ATR])}}


SHAPES = {
    "a list at the top": as_objects(PAIRS),
    "under pairs": {"pairs": as_objects(PAIRS)},
    "under a key nobody has seen": {"Wissensbasis": as_objects(PAIRS)},
    "five levels down": {"a": {"b": [{"c": {"d": [{"e": as_objects(PAIRS)}]}}]}},
    "one pair alone in each of three": [{"item": pair} for pair in as_objects(PAIRS)],
    "topics to lists": mapping("topics"),
    "indicators to lists of lists": {"by_indicator": {"RSI": [as_objects([RSI]), as_objects([MACD, ATR])]}},
    "ids to pairs": {f"pair_{n}": pair for n, pair in enumerate(as_objects(PAIRS))},
    "questions to answers": dict(PAIRS),
    "questions to answers under a topic": {"faq": {"RSI": dict(PAIRS)}},
    "questions to objects": {
        question: {"answer": answer, "difficulty": "easy"} for question, answer in PAIRS
    },
    "parallel lists": {"topic": "RSI", "questions": ASKED, "answers": ANSWERED},
    "parallel lists under indicators": {
        "indicators": [
            {"name": "RSI", "questions": ASKED[:2], "answers": ANSWERED[:2]},
            {"name": "ATR", "questions": ASKED[2:], "answers": ANSWERED[2:]},
        ]
    },
    "lists of two": [list(pair) for pair in PAIRS],
    "short names": [{"q": question, "a": answer} for question, answer in PAIRS],
    "names in camel case": [{"questionText": question, "answerText": answer} for question, answer in PAIRS],
    "names in capitals": [{"QUESTION": question, "ANSWER": answer} for question, answer in PAIRS],
    "names in German": [{"Frage": question, "Antwort": answer} for question, answer in PAIRS],
    "prompt and completion": [{"prompt": question, "completion": answer} for question, answer in PAIRS],
    "instruction and output": [
        {"instruction": question, "input": "", "output": answer} for question, answer in PAIRS
    ],
    "question and text": [{"question": question, "text": answer, "id": 3} for question, answer in PAIRS],
    "names that say nothing": [{"x1": question, "x2": answer, "x3": "btc"} for question, answer in PAIRS],
    "names that say something else": [{"title": question, "details": answer} for question, answer in PAIRS],
    "what is said in turn": [
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
        for question, answer in PAIRS
    ],
    "what is said in turn, otherwise": {
        "conversations": [
            part
            for question, answer in PAIRS
            for part in ({"from": "human", "value": question}, {"from": "gpt", "value": answer})
        ]
    },
    "in a list beside other objects": {
        "blocks": [{"kind": "intro"}, {"kind": "qa", "items": as_objects(PAIRS)}]
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_pairs_are_found(tmp_path, shape):
    found = account(write_json(tmp_path / "hash_ribbons.json", SHAPES[shape]))
    assert sorted((pair.question, pair.answer) for pair in found.pairs) == sorted(PAIRS)
    assert found.counts == (3, 0)
    assert found.report.shape
    assert found.report.nothing is None


@pytest.mark.parametrize("shape", SHAPES)
def test_pairs_are_the_same_at_each_reading(tmp_path, shape):
    path = write_json(tmp_path / "a.json", SHAPES[shape])
    assert account(path).pairs == account(path).pairs


@pytest.mark.parametrize(
    ("document", "topics"),
    [
        ({"topic": "RSI", "qa_pairs": as_objects([RSI])}, ["RSI"]),
        ({"qa_pairs": as_objects([RSI]), "topic": "RSI"}, ["RSI"]),
        ({"a": {"qa_pairs": as_objects([RSI])}, "research_topic": "RSI"}, ["RSI"]),
        ({"metadata": {"indicator": "RSI"}, "qa_pairs": as_objects([RSI])}, ["RSI"]),
        ({"qa_pairs": as_objects([RSI], indicator_name="RSI 14", topic="Momentum")}, ["RSI 14"]),
        ({"qa_pairs": as_objects([RSI], indicator="rsi_14", topic="Momentum")}, ["Momentum"]),
        ({"topic": "all", "qa_pairs": as_objects([RSI], subtopic="RSI")}, ["RSI"]),
        ({"Momentum": as_objects([RSI]), "Volatility": as_objects([ATR])}, ["Momentum", "Volatility"]),
        ({"rsi": as_objects([RSI]), "atr": as_objects([ATR])}, ["rsi", "atr"]),
        ({"topic": "RSI", "stuff": as_objects([RSI])}, ["RSI"]),
        ({"topic": "RSI", "easy": as_objects([RSI]), "hard": as_objects([ATR])}, ["RSI", "RSI"]),
        ({"categories": {"Trend": {"MACD": as_objects([MACD])}}}, ["MACD"]),
        ({"data": {"Trend": {"MACD": {"qa_pairs": as_objects([MACD])}}}}, ["MACD"]),
        ({"indicators": [{"name": "ATR", "qa": as_objects([ATR])}]}, ["ATR"]),
        ({"indicators_covered": ["ATR"], "qa_pairs": as_objects([ATR])}, ["ATR"]),
        ({"qa_pairs": [{"indicator": "ATR", "questions_answers": as_objects([ATR])}]}, ["ATR"]),
        ({"qa_pairs": as_objects([ATR])}, ["hash ribbons"]),
    ],
)
def test_topic_is_the_nearest_that_is_said(tmp_path, document, topics):
    assert account(write_json(tmp_path / "hash_ribbons.json", document)).topics == topics


def test_category_session_difficulty_and_tags_come_from_the_pair_or_from_above(tmp_path):
    document = {
        "session_number": 7,
        "category": "Momentum",
        "tags": ["crypto"],
        "qa_pairs": [
            {
                "question": RSI[0],
                "answer": RSI[1],
                "indicator": "RSI",
                "difficulty_level": "expert",
                "id": "F-1",
            },
            {
                "question": GAS[0],
                "answer": GAS[1],
                "indicator": "Gas",
                "category": "Chain",
                "tags": ["fee", "fee"],
            },
            {"question": ATR[0], "answer": ATR[1], "indicator": "RSI", "category": "Other", "score": 0.5},
        ],
    }
    first, second, third = account(write_json(tmp_path / "a.json", document)).pairs
    assert (first.session.category, first.session.external_id) == ("Momentum", "7")
    assert (first.difficulty, first.tags, first.attributes) == ("expert", ("crypto",), {"id": "F-1"})
    assert (second.session.category, second.tags) == ("Chain", ("fee",))
    assert third.session is first.session
    assert third.attributes == {"category": "Other", "score": 0.5}


def test_keys_of_a_mapping_say_what_their_name_says(tmp_path):
    document = {
        "sessions": {"3": {"categories": {"Trend": {"topics": {"MACD": {"hard": as_objects([MACD])}}}}}},
    }
    (pair,) = account(write_json(tmp_path / "a.json", document)).pairs
    assert (pair.session.topic, pair.session.category, pair.session.external_id) == ("MACD", "Trend", "3")
    assert pair.difficulty == "hard"


def test_shape_says_where_pairs_and_topics_were_found(tmp_path):
    document = {"sessions": [{"topic": "RSI", "qa_pairs": as_objects([RSI])}]}
    assert account(write_json(tmp_path / "a.json", document)).report.shape == (
        "pairs under sessions[].qa_pairs; topic from sessions[].topic"
    )
    short = {"RSI": [{"q": RSI[0], "a": RSI[1]}], "ATR": [{"q": ATR[0], "a": ATR[1]}]}
    assert account(write_json(tmp_path / "b.json", short)).report.shape == (
        "pairs under * (question `q`, answer `a`); topic from the keys of the document"
    )


def test_only_an_export_is_called_one(tmp_path):
    export = {"sessions": [{"topic": "RSI", "qa_pairs": as_objects([RSI])}]}
    assert account(write_json(tmp_path / "a.json", export)).report.kind is SourceKind.RAG_EXPORT
    other = {"runs": [{"topic": "RSI", "qa_pairs": as_objects([RSI])}]}
    assert account(write_json(tmp_path / "b.json", other)).report.kind is SourceKind.JSON_PAIRS


def test_pairs_with_topics_of_their_own_in_an_export_keep_their_place_as_identity(tmp_path):
    pairs = [*as_objects([RSI]), *as_objects([ATR], indicator="ATR"), *as_objects([MACD])]
    found = account(write_json(tmp_path / "a.json", {"sessions": [{"topic": "RSI", "qa_pairs": pairs}]}))
    assert [(pair.session.topic, pair.key) for pair in found.pairs] == [
        ("RSI", "1:1"),
        ("ATR", "1:2"),
        ("RSI", "1:3"),
    ]


def test_pair_that_stands_under_two_paths_is_given_once_and_that_is_said(tmp_path):
    pairs = as_objects([RSI, ATR])
    document = {"qa_pairs": pairs, "by_indicator": {"RSI": pairs[:1], "ATR": pairs[1:]}}
    found = account(write_json(tmp_path / "a.json", document))
    assert found.counts == (2, 0)
    assert found.doubts == ["by_indicator.*: repeats 2 pairs that stand under qa_pairs too; each counts once"]


def test_pair_that_stands_twice_under_one_path_is_given_twice(tmp_path):
    found = account(
        write_json(tmp_path / "a.json", {"qa_pairs": as_objects([RSI, RSI]), "more": as_objects([RSI])})
    )
    assert found.counts == (2, 0)
    assert "repeats 1 pairs" in found.doubts[0]


@pytest.mark.parametrize("index_first", [True, False])
def test_index_of_questions_that_are_answered_elsewhere_is_no_loss(tmp_path, index_first):
    index = {"index": [{"question": question} for question in ASKED]}
    pairs = {"qa_pairs": as_objects(PAIRS[:2])}
    document = {**index, **pairs} if index_first else {**pairs, **index}
    found = account(write_json(tmp_path / "a.json", document))
    assert found.counts == (2, 1)
    assert found.reasons == ["has no answer"]
    assert "repeats 2 pairs" in found.doubts[0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "has an empty answer"),
        (" \n\t", "has an empty answer"),
        (None, "has an empty answer"),
        (42, "has no answer that is text but a number"),
        (True, "has no answer that is text but true or false"),
        ([1], "has no answer that is text but a list"),
        ({"id": "a"}, "has no answer that is text but an object"),
        ([], "has an empty answer"),
        ({"text": []}, "has an empty answer"),
        ([{"text": " "}], "has an empty answer"),
        ({"text": "TODO"}, "has a placeholder for an answer: 'TODO'"),
        ("TODO", "has a placeholder for an answer: 'TODO'"),
        ("N/A", "has a placeholder for an answer: 'N/A'"),
        ("...", "has a placeholder for an answer: '...'"),
        (
            "[Comprehensive answer for: RSI]",
            "has a placeholder for an answer: '[Comprehensive answer for: RSI]'",
        ),
        ("{{answer}}", "has a placeholder for an answer: '{{answer}}'"),
        ("<your answer here>", "has a placeholder for an answer: '<your answer here>'"),
        ("To be written.", "has a placeholder for an answer: 'To be written.'"),
        ("x" * 1_000_001, "has an answer of 1000001 characters; 1000000 are the most"),
    ],
)
def test_pair_without_a_usable_answer_is_counted_and_rejected(tmp_path, answer, reason):
    document = {"qa_pairs": [*as_objects([RSI]), {"question": "What?", "answer": answer}]}
    found = account(write_json(tmp_path / "a.json", document))
    assert found.counts == (1, 1)
    assert found.reasons == [reason]
    assert found.report.rejected[0].place == "qa_pairs[1]"


def test_answers_that_only_look_like_placeholders_are_taken(tmp_path):
    answers = [
        "None of them did.",
        "42",
        "👍",
        "-5 %",
        "No.",
        "[1] says so, and [2] too.",
        "Unknown.",
        "Answer.",
    ]
    found = account(write_json(tmp_path / "a.json", as_objects([("What?", answer) for answer in answers])))
    assert [pair.answer for pair in found.pairs] == answers


def test_pair_without_a_question_is_counted_and_rejected(tmp_path):
    document = [
        *as_objects([RSI]),
        {"answer": "So it is."},
        {"question": None, "answer": "a"},
        {"id": 4},
        "text",
        7,
        [],
    ]
    found = account(write_json(tmp_path / "a.json", document))
    assert found.counts == (1, 6)


def test_parallel_lists_of_different_length_lose_nothing(tmp_path):
    document = {"RSI": {"questions": [*ASKED, "Why?"], "answers": [ANSWERED[0], None]}}
    found = account(write_json(tmp_path / "a.json", document))
    assert found.counts == (1, 3)
    longer = {"questions": ASKED[:1], "answers": ANSWERED}
    assert account(write_json(tmp_path / "b.json", longer)).counts == (1, 2)


@pytest.mark.parametrize(
    ("document", "nothing"),
    [
        ({"qa_pairs": []}, "JSON without question-answer pairs: an object with qa_pairs"),
        ({"topics": ["RSI", "ATR"]}, "JSON without question-answer pairs: an object with topics"),
        (["What?", "Why?"], "JSON without question-answer pairs: a list of 2 questions"),
        ([1, 2], "JSON without question-answer pairs: it is empty"),
        ([], "JSON without question-answer pairs: it is empty"),
        ({"total_pairs": 3, "summary": "All went well."}, "a summary that speaks of 3 pairs and holds none"),
        (
            {"done": [{"id": 1, "qa_pairs_count": 50}, {"id": 2, "qa_pairs_count": 60}]},
            "a summary that speaks of 110 pairs and holds none",
        ),
        (
            {"metadata": {"total_qa_pairs": 110}, "done": [{"id": 1, "qa_pairs_count": 50}]},
            "a summary that speaks of 110 pairs and holds none",
        ),
        ({"total": 5, "names": ["a", "b"]}, "an object with total, names"),
        ({"total_qa_pairs": 100, "qa_pairs": []}, "an object with total_qa_pairs, qa_pairs"),
        (
            as_objects([("What?", ""), ("Why?", "TODO")]),
            "a template: 2 questions whose answers are still to be written",
        ),
        ({"topic": "RSI", "questions": ["What?", "Why?"]}, "a template: 2 questions"),
        (
            {"stats": {"question_length": 5, "answer_length": 7}, "trading": {"pairs": ["BTC/USDT"]}},
            "an object with",
        ),
        ([{"question": 4, "answer": "a"}], "JSON with 1 pairs of which none can be taken"),
    ],
)
def test_json_without_pairs_is_no_error_and_says_what_it_is(tmp_path, document, nothing):
    found = account(write_json(tmp_path / "a.json", document))
    assert found.pairs == []
    assert found.report.nothing is not None
    assert nothing in found.report.nothing


@pytest.mark.parametrize(
    ("document", "doubts"),
    [
        ({"total_pairs": 3, "qa_pairs": as_objects([RSI])}, ["total: declares 3 pairs and holds 1"]),
        ({"qa_pairs": as_objects([RSI]), "metadata": {"count": 2}}, ["total: declares 2 pairs and holds 1"]),
        ({"qa_pairs_count": 1, "qa_pairs": as_objects([RSI])}, []),
        ({"total_qa_pairs": 100, "qa_pairs": []}, ["total: declares 100 pairs and holds 0"]),
        ({"metadata": {"total_qa_pairs": 9}, "sessions": []}, ["total: declares 9 pairs and holds 0"]),
        ({"total_qa_pairs": 9, "sessions": [{"topic": "a", "qa_pairs": []}]}, ["total: declares 9 pairs and holds 0"]),
        ({"total_qa_pairs": 0, "qa_pairs": []}, []),
        ({"total_qa_pairs": 9, "qa_pairs": {}}, ["total: declares 9 pairs and holds 0"]),
        ({"sessions": [{"topic": "a", "count": 2, "qa_pairs": as_objects([RSI])}]}, ["sessions[0]: declares 2 pairs and holds 1"]),
        ({"total_sessions": 2, "sessions": [{"qa_pairs": as_objects([RSI])}]}, ["total: declares 2 sessions and holds 1"]),
        (as_objects([RSI], question_length=len(RSI[0]), answer_char_count=3), [f"[0]: declares 3 answer characters and holds {len(RSI[1])}"]),
        (as_objects([RSI], total_length=len(RSI[0] + RSI[1])), []),
        (as_objects([RSI], metadata={"question_length": 1}), [f"[0]: declares 1 question characters and holds {len(RSI[0])}"]),
        ({"pair_number": 9, "qa_pairs": as_objects([RSI], pair_number=1)}, []),
    ],
)  # fmt: skip
def test_what_is_declared_is_compared_with_what_is_held(tmp_path, document, doubts):
    assert account(write_json(tmp_path / "a.json", document)).doubts == doubts


def test_declared_total_is_known_before_the_first_pair(tmp_path):
    from knowledge.readers import open_source

    path = write_json(tmp_path / "a.json", {"qa_pairs": as_objects(PAIRS), "stats": {"total_pairs": 3}})
    reader = open_source(path)
    next(pairs := reader.pairs())
    assert reader.report.declared == 3
    list(pairs)


def test_artefacts_are_taken_off(tmp_path):
    document = as_objects(
        [
            ("** What is **RSI**?", "** RSI &amp; friends:\n\n\n\n**fast** &lt; slow.**"),
            ('"What is `&amp;`?"', "“It is `&amp;`.”"),
            ("\ufeffWhy?\r\n", "Be\x1b[1mcause\x1b[0m\r\nso.\x00"),
        ]
    )
    found = account(write_json(tmp_path / "a.json", document))
    assert [(pair.question, pair.answer) for pair in found.pairs] == [
        ("What is **RSI**?", "RSI & friends:\n\n**fast** < slow."),
        ("What is `&amp;`?", "It is `&amp;`."),
        ("Why?", "Because\nso."),
    ]


def test_what_a_database_refuses_is_kept_out_of_attributes(tmp_path):
    path = tmp_path / "a.json"
    more = (
        '"nul": "a\\u0000b", "half": "\\ud83d", "huge": 1e999, "long": '
        + "9" * 500
        + ', "nan": NaN, "big": 1'
        + "0" * 30
    )
    path.write_text('[{"question": "What?", "answer": "That.", ' + more + "}]", encoding="utf-8")
    (pair,) = account(path).pairs
    assert pair.attributes["nul"] == "ab"
    assert pair.attributes["half"] == "?"
    assert json.dumps(dict(pair.attributes), allow_nan=False)


def test_name_too_long_for_a_topic_is_cut(tmp_path):
    (pair,) = account(write_json(tmp_path / "a.json", as_objects([RSI], topic="long " * 79))).pairs
    assert len(pair.session.topic) == 300
