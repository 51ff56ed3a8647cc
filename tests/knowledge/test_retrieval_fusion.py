import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge import Field, RetrievalSettings
from knowledge.fusion import Evidence, Found, Fusion, agreement
from knowledge.lexical import Words

SETTINGS = RetrievalSettings(
    dense_question=1.0,
    dense_answer=0.5,
    lexical_question=0.1,
    lexical_answer=0.4,
    words_full=0.5,
    words_none=0.9,
)


def found(question=None, answer=None, question_words=None, answer_words=None):
    return Found(
        {Field.QUESTION: question or {}, Field.ANSWER: answer or {}},
        {
            Field.QUESTION: Words(question_words or {}, 10.0, weights={"rsi": 5.0}),
            Field.ANSWER: Words(answer_words or {}, 20.0, weights={"rsi": 5.0}),
        },
    )


def test_score_is_the_weighted_sum_of_cosines_and_of_shares_of_the_best_bm25():
    fusion = Fusion(
        found({"a": 0.4, "b": 0.3}, {"a": 0.2, "b": 0.6}, {"a": 3.0}, {"b": 8.0, "a": 4.0}), SETTINGS
    )
    assert fusion.openness == 1.0
    assert dict(fusion.ranked()) == pytest.approx(
        {"a": 0.4 + 0.5 * 0.2 + 0.1 * 1 + 0.4 * 0.5, "b": 0.3 + 0.5 * 0.6 + 0.4 * 1}
    )
    assert [pair for pair, _ in fusion.ranked()] == ["b", "a"]


def test_pair_that_a_dense_search_did_not_return_counts_with_its_lowest_cosine():
    fusion = Fusion(found({"a": 0.4, "b": 0.3}, {"a": 0.2}, {}, {"c": 1.0}), SETTINGS)
    scores = dict(fusion.ranked())
    assert scores["b"] == pytest.approx(0.3 + 0.5 * 0.2)
    assert scores["c"] == pytest.approx(0.3 + 0.5 * 0.2 + 0.4)


@pytest.mark.parametrize(
    ("nearest", "openness"), [(0.3, 1.0), (0.5, 1.0), (0.7, 0.5), (0.9, 0.0), (1.0, 0.0)]
)
def test_words_count_less_the_nearer_a_stored_question_is(nearest, openness):
    fusion = Fusion(found({"a": nearest, "b": 0.1}, {}, {"b": 2.0}, {}), SETTINGS)
    assert fusion.openness == pytest.approx(openness)
    assert dict(fusion.ranked())["b"] == pytest.approx(0.1 + openness * 0.1)


def test_words_count_in_full_when_questions_are_not_compared():
    only = Found({Field.ANSWER: {"a": 0.99}}, {Field.ANSWER: Words({"a": 2.0}, 5.0)})
    assert Fusion(only, SETTINGS).openness == 1.0


def test_words_that_fade_at_once_count_fully():
    flat = SETTINGS.model_copy(update={"words_none": 0.5})
    assert Fusion(found({"a": 0.99}), flat).openness == 1.0
    with pytest.raises(ValidationError, match="fade"):
        RetrievalSettings(words_full=0.9, words_none=0.5)


def test_equal_scores_are_ordered_by_id():
    fusion = Fusion(found({"b": 0.5, "a": 0.5}), SETTINGS)
    assert [pair for pair, _ in fusion.ranked()] == ["a", "b"]


def test_relevance_rises_with_every_kind_of_evidence():
    fusion = Fusion(found({"a": 0.4}), SETTINGS)

    def relevance(question=0.3, answer=0.3, question_words=2.0, answer_words=4.0):
        return fusion.relevance(
            Evidence(
                {Field.QUESTION: question, Field.ANSWER: answer},
                {Field.QUESTION: question_words, Field.ANSWER: answer_words},
            )
        )

    base = relevance()
    assert 0 < base < 1
    assert relevance(question=0.4) > base
    assert relevance(answer=0.4) > base
    assert relevance(question_words=3.0) > base
    assert relevance(answer_words=5.0) > base


@given(
    st.lists(st.tuples(*[st.floats(0, 1)] * 2, *[st.floats(0, 10)] * 2), min_size=1, max_size=12),
    st.integers(1, 12),
)
def test_no_pair_is_more_relevant_than_the_searches_leave_room_for(pairs, returned):
    """Each search returns so many of the pairs, and leaves open what the others have."""
    evidence = {f"pair{n}": (cosines[:2], cosines[2:]) for n, cosines in enumerate(pairs)}

    def best(kind, place):
        scores = {pair: of[kind][place] for pair, of in evidence.items()}
        return dict(sorted(scores.items(), key=lambda item: -item[1])[:returned])

    def words(place):
        scores = best(1, place)
        return Words(scores, 22.0, min(scores.values()) if len(scores) == returned else 0.0)

    fields = list(enumerate(Field))
    fusion = Fusion(
        Found(
            {field: best(0, place) for place, field in fields},
            {field: words(place) for place, field in fields},
        ),
        SETTINGS,
    )
    for pair, (cosines, bm25) in evidence.items():
        whole = Evidence(dict(zip(Field, cosines, strict=True)), dict(zip(Field, bm25, strict=True)))
        assert fusion.most_relevance(pair) >= fusion.relevance(whole)


def test_pair_of_a_field_in_which_nothing_was_found_may_be_near_in_it():
    fusion = Fusion(found({"a": 0.4}), SETTINGS)
    assert fusion.most_relevance("a") == fusion.relevance(
        Evidence({Field.QUESTION: 0.4, Field.ANSWER: 1.0}, dict.fromkeys(Field, 0.0))
    )


def test_field_that_was_not_compared_counts_as_the_other():
    words = Words({"a": 4.0}, 20.0)
    one = Fusion(Found({Field.ANSWER: {"a": 0.4}}, {Field.ANSWER: words}), SETTINGS)
    both = Fusion(
        Found(
            {Field.QUESTION: {"a": 0.4}, Field.ANSWER: {"a": 0.4}},
            {Field.QUESTION: words, Field.ANSWER: words},
        ),
        SETTINGS,
    )
    assert one.relevance(Evidence({Field.ANSWER: 0.4}, {Field.ANSWER: 4.0})) == pytest.approx(
        both.relevance(
            Evidence({field: 0.4 for field in Field}, {field: 4.0 for field in Field})  # noqa: C420  # as written
        )
    )


def test_query_of_unknown_words_only_has_no_share():
    fusion = Fusion(Found({Field.ANSWER: {"a": 0.4}}, {Field.ANSWER: Words({}, 0.0)}), SETTINGS)
    assert 0 < fusion.relevance(Evidence({Field.ANSWER: 0.4}, {Field.ANSWER: 0.0})) < 1


def test_what_is_kept_of_what_was_found():
    kept = found({"a": 0.4, "b": 0.3}, {"b": 0.2}, {"a": 1.0, "c": 2.0}).only({"a"})
    assert kept.pairs == {"a"}
    assert kept.words[Field.QUESTION].most == 10.0


def test_agreement_is_the_share_of_topics_in_both():
    assert agreement({"rsi"}, {"rsi"}) == 1.0
    assert agreement({"rsi"}, {"rsi", "vortex"}) == 0.5
    assert agreement({"rsi"}, {"macd"}) == 0.0
    assert agreement(set(), set()) == 0.0


def test_pair_that_a_word_search_left_out_counts_with_what_it_has_at_most():
    words = Words({"a": 8.0, "c": 4.0}, 20.0, rest=4.0)
    fusion = Fusion(Found({Field.ANSWER: {"b": 0.4, "a": 0.2}}, {Field.ANSWER: words}), SETTINGS)
    scores = dict(fusion.ranked())
    assert scores["b"] == pytest.approx(0.5 * 0.4 + 0.4 * 4 / 8)
    assert scores["c"] == pytest.approx(0.5 * 0.2 + 0.4 * 4 / 8)
