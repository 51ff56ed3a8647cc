import re

import pytest

from knowledge import Field, KnowledgeUnavailable
from knowledge.evaluation import Task, foreign_questions, held_out
from knowledge.evaluation.stored import StoredQuestion, things
from tests.knowledge.samples import ATR, GAS, MACD, RSI, write_export, write_lines

NEAR = ("How does momentum help when prices fall?", "The oscillator shows the strength of every move made.")
SAME = ("How does RSI help when prices fall?", "The RSI shows the strength of every move made.")
ALSO = ("How does oscillator help when prices fall?", "The momentum shows the strength of every move made.")
FAR = ("How does RSI help, when prices fall?", "Nobody knows.")

_BUSINESS = (
    "crypto bitcoin ether blockchain token trading trader stock stocks share shares invest investor market markets "
    "marketing advertising advert brand campaign customer customers software python code database api app startup "
    "business company revenue profit budget money price bank loan tax insurance portfolio currency inflation"
).split()


@pytest.fixture
def filled(store, importer, indexer, tmp_path):
    async def fill(*sessions, name="export.json", collection="technical"):
        await importer.import_file(write_export(tmp_path / name, sessions), collection=collection)
        await indexer.catch_up()
        return {pair.question: pair.id for pair in await store.changes(0, 1000)}

    return fill


async def mark(pool, statement, *values):
    async with pool.connection() as connection:
        await connection.execute(statement, values)


def many(count):
    return [(f"What of number {number}?", f"Number {number} is one of many.") for number in range(count)]


async def test_same_seed_and_store_give_the_same_cases(store, dense, filled):
    await filled(("One", [*many(20), NEAR]), ("Two", [SAME]))
    first = await held_out(store, dense, seed=3, size=5)
    assert first == await held_out(store, dense, seed=3, size=5)
    other = await held_out(store, dense, seed=4, size=5)
    assert [case.key for case in first.answers] != [case.key for case in other.answers]


async def test_most_cases_of_a_store_stay_when_it_grows(store, dense, filled):
    await filled(("One", many(40)))
    before = await held_out(store, dense, size=20)
    await filled(("Two", [RSI, MACD, ATR, GAS]), name="more.json")
    after = await held_out(store, dense, size=20)
    assert len({case.key for case in before.answers} & {case.key for case in after.answers}) >= 16


async def test_question_is_to_be_found_by_its_own_answer(store, dense, filled):
    ids = await filled(("Momentum", [RSI, MACD]))
    cases = await held_out(store, dense)
    assert {(case.query, case.pair_id, case.sought) for case in cases.answers} == {
        (question, ids[question], frozenset({ids[question]})) for question, _ in (RSI, MACD)
    }
    assert {case.fields for case in cases.answers} == {(Field.ANSWER,)}
    assert not any(case.without_itself for case in cases.answers)
    assert cases.pairs == 2
    assert cases.of(Task.ANSWERS) is cases.answers


async def test_question_in_other_words_from_another_session_is_a_paraphrase(store, dense, filled):
    ids = await filled(("One", [NEAR, RSI]), ("Two", [SAME, GAS]))
    cases = await held_out(store, dense)
    assert {(case.query, case.sought) for case in cases.paraphrases} == {
        (NEAR[0], frozenset({ids[SAME[0]]})),
        (SAME[0], frozenset({ids[NEAR[0]]})),
    }
    assert all(case.without_itself for case in cases.paraphrases)
    assert cases.of(Task.PARAPHRASES) is cases.paraphrases


async def test_every_pair_of_the_meaning_is_sought(store, dense, filled):
    ids = await filled(("One", [NEAR, ALSO]), ("Two", [SAME]))
    cases = await held_out(store, dense)
    sought = {case.query: case.sought for case in cases.paraphrases}
    assert sought[NEAR[0]] == {ids[SAME[0]], ids[ALSO[0]]}


async def test_questions_of_one_session_are_no_paraphrases(store, dense, filled):
    await filled(("One", [NEAR, SAME]), ("Two", [GAS]))
    assert (await held_out(store, dense)).paraphrases == ()


async def test_same_words_are_no_paraphrase(store, dense, filled):
    await filled(("One", [SAME]), ("Two", [("how does  RSI help when prices fall", SAME[1])]))
    assert (await held_out(store, dense)).paraphrases == ()


async def test_same_words_in_another_order_are_no_paraphrase(store, dense, filled):
    await filled(("One", [SAME]), ("Two", [("When prices fall, how does RSI help?", SAME[1])]))
    assert (await held_out(store, dense)).paraphrases == ()


async def test_questions_whose_answers_differ_are_no_paraphrases(store, dense, filled):
    await filled(("One", [NEAR]), ("Two", [FAR]))
    assert (await held_out(store, dense)).paraphrases == ()


async def test_paraphrases_are_compared_with_the_fields_asked_for(store, dense, filled):
    await filled(("One", [NEAR]), ("Two", [SAME]))
    both = await held_out(store, dense)
    questions = await held_out(store, dense, paraphrase_fields=[Field.QUESTION])
    assert {case.fields for case in both.paraphrases} == {tuple(Field)}
    assert {case.fields for case in questions.paraphrases} == {(Field.QUESTION,)}
    assert not {case.key for case in both.paraphrases} & {case.key for case in questions.paraphrases}


async def test_pair_removed_while_cases_are_made_is_none(store, dense, filled, monkeypatch):
    await filled(("One", [NEAR]), ("Two", [SAME]))

    async def nothing(_ids):
        return {}

    monkeypatch.setattr(store, "pairs", nothing)
    assert (await held_out(store, dense)).paraphrases == ()


async def test_no_more_cases_than_asked_for(store, dense, filled):
    await filled(("One", [*many(20), NEAR]), ("Two", [SAME]))
    cases = await held_out(store, dense, size=1)
    assert (len(cases.answers), len(cases.paraphrases)) == (1, 1)


async def test_pairs_that_ask_the_same_make_one_case(store, dense, filled):
    ids = await filled(("One", [RSI]), ("Two", [("what is  rsi", "Another answer.")]))
    cases = await held_out(store, dense)
    assert len(cases.answers) == 1
    assert len({cases.things[pair] for pair in ids.values()}) == 1


async def test_linked_duplicates_make_one_case(store, dense, filled, pool):
    ids = await filled(("One", [NEAR]), ("Two", [SAME, GAS]))
    await mark(
        pool,
        "INSERT INTO knowledge_duplicates VALUES (%s, %s, 0.9, 0.9)",
        ids[NEAR[0]],
        ids[SAME[0]],
    )
    cases = await held_out(store, dense)
    assert len(cases.answers) == 2
    assert cases.paraphrases == ()


async def test_case_knows_its_topic_category_and_tier(store, dense, filled, pool):
    ids = await filled(("Momentum", [RSI]), ("Volatility", [ATR]), ("Gas", [GAS]))
    await mark(
        pool,
        "UPDATE knowledge_topics SET slug = 'relative-strength-index', category = 'own' WHERE name = 'Momentum'",
    )
    await mark(pool, "UPDATE knowledge_topics SET category = 'own' WHERE name = 'Volatility'")
    await mark(pool, "UPDATE knowledge_topics SET category = NULL WHERE name = 'Gas'")
    await mark(
        pool,
        "INSERT INTO knowledge_refinements (pair_id, text_md5, measures, quality, tier, parts)"
        " VALUES (%s, md5(''), 1, 95, 'premium', '{}')",
        ids[RSI[0]],
    )
    cases = await held_out(store, dense)
    assert {(case.topic, case.category, case.tier) for case in cases.answers} == {
        ("relative-strength-index", "Price-based", "premium"),
        ("Volatility", "own", "unrefined"),
        ("Gas", "uncategorised", "unrefined"),
    }


async def test_only_the_collections_asked_for_are_drawn_from(
    store, dense, filled, importer, indexer, tmp_path
):
    await filled(("One", [RSI]))
    await importer.import_file(write_lines(tmp_path / "gas.jsonl", [GAS]), collection="fundamentals")
    await indexer.catch_up()
    cases = await held_out(store, dense, collections=["fundamentals"])
    assert [case.query for case in cases.answers] == [GAS[0]]
    assert cases.pairs == 1


async def test_empty_store_gives_no_cases(store, dense):
    cases = await held_out(store, dense)
    assert (cases.answers, cases.paraphrases, cases.pairs) == ((), (), 0)


async def test_no_size_is_a_mistake_of_the_caller(store, dense):
    with pytest.raises(ValueError, match="at least 1"):
        await held_out(store, dense, size=0)


async def test_outage_of_meaning_is_raised(store, dense, embedder, filled):
    await filled(("One", [RSI]))
    embedder.down = True
    with pytest.raises(KnowledgeUnavailable):
        await held_out(store, dense)


def test_duplicates_of_duplicates_are_one_thing():
    def asked(pair, words, duplicate_of=None, collection="technical"):
        return StoredQuestion(
            pair_id=pair,
            collection=collection,
            session="session",
            question=words,
            topic="Momentum",
            category="Oscillators",
            tier="premium",
            duplicate_of=duplicate_of,
        )

    found = things(
        [
            asked("e", "What is RSI?"),
            asked("d", "Explain RSI", duplicate_of="c"),
            asked("c", "what is rsi"),
            asked("b", "Explain RSI!"),
            asked("a", "What is ATR?"),
            asked("f", "What is ATR?", collection="fundamentals"),
        ]
    )
    assert {pair for pair, thing in found.items() if thing == "b"} == {"b", "c", "d", "e"}
    assert found["a"] != found["f"]


def test_foreign_questions_are_two_hundred_different_ones():
    questions = foreign_questions()
    assert len(questions) == len({question.casefold() for question in questions}) == 200
    assert all(question == question.strip() and question for question in questions)


async def test_no_more_foreign_questions_are_asked_than_wanted_and_of_all_matters(store, dense):
    foreign = (await held_out(store, dense, size=4)).foreign
    every = foreign_questions()
    assert [every.index(question) for question in foreign] == [0, 50, 100, 150]
    assert (await held_out(store, dense)).foreign == every


def test_foreign_questions_speak_of_nothing_that_freya_knows():
    speaking = {
        question
        for question in foreign_questions()
        if set(re.findall(r"\w+", question.casefold())).intersection(_BUSINESS)
    }
    assert speaking == set()
