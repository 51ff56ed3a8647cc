"""Sampling, grammars and probabilities."""

import json
import math
from collections import Counter

import pytest

from models import GenerationFailed, GrammarInvalid
from models.resident import Grammar, Sampling, StopReason
from tests.models.resident.conftest import OpenEngine
from tests.models.resident.streams import GREEDY, complete

OBJECT = r"""
root ::= "{" pair ("," pair){0,2} "}"
pair ::= string ":" (string | number | "true" | "null" | root)
string ::= "\"" [a-zA-Zé👋 ]{0,6} "\""
number ::= "-"? [1-9] [0-9]{0,3} ("." [0-9]{1,2})?
"""


@pytest.mark.parametrize("seed", range(12))
async def test_grammar_output_parses(open_engine: OpenEngine, seed: int):
    engine = await open_engine()
    sampling = Sampling(seed=seed, temperature=3.0, top_k=0, top_p=1, min_p=0)
    answer = await complete(engine, "an object:", max_tokens=400, grammar=Grammar(OBJECT), sampling=sampling)
    assert answer.finish.reason is StopReason.END
    json.loads(answer.text)


async def test_grammar_holds_greedily_too(open_engine: OpenEngine):
    engine = await open_engine()
    answer = await complete(engine, "abc", grammar=Grammar('root ::= "yes" | "no"'))
    assert answer.text in {"yes", "no"}


@pytest.mark.parametrize(
    "text", ["root ::= (", "other ::= [a]", "root ::= missing", "root ::= root", "(" * 5000, "a" * 300_000]
)
async def test_grammar_that_does_not_parse_is_refused(open_engine: OpenEngine, text: str):
    engine = await open_engine()
    with pytest.raises(GrammarInvalid):
        await complete(engine, "abc", grammar=Grammar(text))
    with pytest.raises(GrammarInvalid):
        await complete(engine, "abc", grammar=Grammar(text, triggers=("go",)))


async def test_grammar_that_leaves_no_token_fails_the_request_alone(open_engine: OpenEngine):
    engine = await open_engine()
    letters = {token: -math.inf for letter in "ab" for token in engine.tokenize(letter)}
    sampling = Sampling(temperature=0, logit_bias=letters)
    with pytest.raises(GenerationFailed, match="leave no token"):
        await complete(engine, "abc", grammar=Grammar("root ::= [ab]+"), sampling=sampling)
    assert (await complete(engine, "abc", ignore_end=True)).ids


async def test_grammar_begins_after_its_trigger(open_engine: OpenEngine):
    engine = await open_engine()
    call = Grammar('root ::= "(" [0-9]{3} ")"', triggers=("<tool_call>",))
    free = await complete(engine, "abc", max_tokens=12, grammar=call, ignore_end=True)
    assert free.ids == (await complete(engine, "abc", max_tokens=12, ignore_end=True)).ids
    trigger = "t"
    (token,) = engine.tokenize(trigger)
    biased = Sampling(temperature=0, logit_bias={token: 1000.0})
    called = await complete(
        engine, "abc", grammar=Grammar('root ::= "(" [0-9]{3} ")"', triggers=(trigger,)), sampling=biased
    )
    assert called.finish.reason is StopReason.END
    assert called.text[:2] == "t("
    assert called.text[2:5].isdigit()


async def test_token_that_reaches_beyond_a_trigger_is_not_chosen(open_engine: OpenEngine):
    engine = await open_engine()
    (joined,) = engine.tokenize("th")
    biased = Sampling(temperature=0, logit_bias={joined: 1000.0})
    answer = await complete(
        engine, "abc", grammar=Grammar("root ::= [0-9]+", triggers=("t",)), sampling=biased
    )
    assert joined not in answer.ids


async def test_likeliest_token_and_its_probability_are_told(open_engine: OpenEngine):
    engine = await open_engine()
    answer = await complete(engine, "abc", logprobs=5, ignore_end=True)
    for token in answer.tokens:
        assert token.logprob is not None
        assert token.alternatives[0].logprob >= token.alternatives[1].logprob
        assert len(token.alternatives) == 5
    everything = await complete(engine, "abc", logprobs=100, max_tokens=1)
    assert sum(math.exp(each.logprob) for each in everything.tokens[0].alternatives) <= 1


async def test_tokens_are_drawn_as_often_as_they_are_likely(open_engine: OpenEngine):
    engine = await open_engine()
    top = (await complete(engine, "abc", logprobs=2, max_tokens=1, ignore_end=True)).tokens[0].alternatives
    bias = {each.token: 20 - each.logprob for each in top}  # these two only, and equally likely
    drawn = Counter[int]()
    for seed in range(200):
        sampling = Sampling(seed=seed, temperature=1, top_k=0, top_p=1, min_p=0, logit_bias=bias)
        drawn.update((await complete(engine, "abc", max_tokens=1, sampling=sampling)).ids)
    assert set(drawn) == {each.token for each in top}
    assert all(70 <= count <= 130 for count in drawn.values())


async def test_forbidden_token_is_never_chosen(open_engine: OpenEngine):
    engine = await open_engine()
    first = (await complete(engine, "abc", ignore_end=True)).ids[0]
    sampling = Sampling(temperature=0, logit_bias={first: -math.inf})
    assert first not in (await complete(engine, "abc", sampling=sampling, ignore_end=True)).ids


async def test_penalty_keeps_from_repeating(open_engine: OpenEngine):
    engine = await open_engine()
    plain = await complete(engine, "abc", max_tokens=60, ignore_end=True)
    sampling = Sampling(temperature=0, repeat_penalty=1.8, presence_penalty=2.0, penalty_window=64)
    varied = await complete(engine, "abc", max_tokens=60, ignore_end=True, sampling=sampling)
    assert len(set(varied.ids)) > len(set(plain.ids))


async def test_top_k_of_one_is_the_likeliest(open_engine: OpenEngine):
    engine = await open_engine()
    one = await complete(engine, "abc", sampling=Sampling(top_k=1, seed=3), ignore_end=True)
    assert one.ids == (await complete(engine, "abc", sampling=GREEDY, ignore_end=True)).ids
