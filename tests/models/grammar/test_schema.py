"""What is generated under a schema's grammar parses and validates, whatever the model prefers."""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any  # JSON Schema

import jsonschema
import pytest
from pydantic import BaseModel

from models import GrammarInvalid
from models.grammar import schema_grammar
from models.resident import EngineSettings, Grammar, ResidentEngine, Sampling, StopReason
from tests.models.resident.streams import complete
from training.llama import byte_vocabulary

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 5},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 1},
            },
            "required": ["name"],
        }
    },
    "$ref": "#/$defs/node",
}
LEADS = [number for number, name in enumerate(byte_vocabulary().tokens) if name in "\u00c0\u00c1\u00e0\u00f0"]
"""Bytes that begin characters spelled longer than need be: llama.cpp counts them as one, no trained model writes them."""
SHORT = {"type": "string", "maxLength": 20}
SCHEMAS: dict[str, Any] = {
    "integer": {"type": "integer"},
    "integer in a range": {"type": "integer", "minimum": -17, "maximum": 1234},
    "integer above": {"type": "integer", "exclusiveMinimum": 99},
    "integer below": {"type": "integer", "exclusiveMaximum": -3.5},
    "multiple": {"type": "integer", "multipleOf": 25, "minimum": 30},
    "number": {"type": "number"},
    "positive": {"type": "number", "exclusiveMinimum": 0},
    "fraction": {"type": "number", "minimum": 0, "maximum": 1},
    "open fraction": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "narrow": {"type": "number", "minimum": 0.25, "exclusiveMaximum": 0.3},
    "around zero": {"type": "number", "exclusiveMinimum": -0.5, "maximum": 2.75},
    "negative": {"type": "number", "minimum": -12.5, "exclusiveMaximum": -3},
    "whole number": {"type": "number", "multipleOf": 5, "minimum": 0, "maximum": 100},
    "text": {"type": "string", "minLength": 3, "maxLength": 9},
    "long text": {"type": "string", "minLength": 130, "maxLength": 300},
    "code": {"type": "string", "pattern": "^[A-Z]{2,6}(/USDT|/USD)?$"},
    "quotes": {"type": "string", "pattern": r'^[^a-z]{1,4}"\\\d\s\w$'},
    "words": {"type": "string", "pattern": "^(?:buy|sell|hold)(?: now)?$"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "identifier": {"type": "string", "format": "uuid"},
    "enumeration": {"enum": ["a", 'say "hi"', "back\\slash", "new\nline", "ü", 3, 4.5, True, None]},
    "typed enumeration": {"type": "string", "enum": ["a", "b", 3]},
    "constant": {"const": {"a": [1, "x"]}},
    "nullable": {"type": ["integer", "null"], "maximum": 9, "minimum": 0},
    "either": {"anyOf": [{"type": "boolean"}, {**SHORT}, {"type": "integer", "minimum": 5, "maximum": 4}]},
    "either with more": {"type": "object", "properties": {"a": {"type": "boolean"}}, "anyOf": [{"required": ["a"]}]},
    "both": {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 5}]},
    "list": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "minItems": 2, "maxItems": 4},
    "empty list": {"type": "array", "maxItems": 0},
    "set": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True, "minItems": 1},
    "pair": {"type": "array", "prefixItems": [{"type": "boolean"}, {"const": 1}], "items": False, "minItems": 2},
    "object": {
        "type": "object",
        "properties": {"a": SHORT, "b": {"type": "boolean"}, "c": {"type": "integer"}, "d": {"const": 1}},
        "required": ["b", "d"],
        "additionalProperties": False,
    },
    "object of options": {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "minProperties": 1},
    "dictionary": {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 2, "propertyNames": {"maxLength": 4}},
    "undeclared": {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a", "b"], "additionalProperties": {"type": "boolean"}},
    "tree": TREE,
    "implied": {"properties": {"a": {"minimum": 1, "maximum": 3}}, "required": ["a"]},
}  # fmt: skip


@pytest.fixture(scope="module")
async def engine(random_model: Path) -> AsyncIterator[ResidentEngine]:
    opened = await ResidentEngine.load(
        EngineSettings(path=random_model, context_tokens=1024, cache_tokens=8192, threads=1, queue=500)
    )
    yield opened
    await opened.close()


async def generated(engine: ResidentEngine, schema: Any, seed: int) -> Any:  # JSON
    bias = dict.fromkeys(LEADS, -math.inf)
    sampling = Sampling(seed=seed, temperature=2.0, top_k=0, top_p=1, min_p=0, logit_bias=bias)
    grammar = Grammar(schema_grammar(schema))
    answer = await complete(engine, "abc", max_tokens=1000, grammar=grammar, sampling=sampling)
    assert answer.finish.reason is StopReason.END
    return json.loads(answer.text)


@pytest.mark.parametrize("name", SCHEMAS)
async def test_output_validates(engine: ResidentEngine, name: str):
    schema = SCHEMAS[name]
    found = await asyncio.gather(*(generated(engine, schema, seed) for seed in range(6)))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for value in found:
        validator.validate(value)


async def test_anything_parses(engine: ResidentEngine):
    values = {}
    for seed in range(12):
        sampling = Sampling(seed=seed, temperature=2.0, top_k=0, top_p=1, min_p=0)
        answer = await complete(
            engine, "abc", max_tokens=600, grammar=Grammar(schema_grammar({})), sampling=sampling
        )
        if answer.finish.reason is StopReason.END:
            values[seed] = json.loads(answer.text)
    assert values


async def test_models_of_pydantic_are_read_back(engine: ResidentEngine):
    class Leg(BaseModel):
        symbol: str
        size: float | None = None

    class Order(BaseModel):
        legs: list[Leg]
        note: str = ""

    schema = Order.model_json_schema()
    schema["$defs"]["Leg"]["properties"]["symbol"]["maxLength"] = 8
    schema["properties"]["legs"]["maxItems"] = 3
    schema["properties"]["note"]["maxLength"] = 10
    for seed in range(4):
        Order.model_validate(await generated(engine, schema, seed))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (False, "allows nothing"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "no integer"),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 1}, "no number"),
        ({"type": "integer", "multipleOf": 10, "minimum": 11, "maximum": 19}, "no multiple"),
        ({"type": "string", "minLength": 5, "maxLength": 1}, "minLength"),
        ({"type": "array", "minItems": 5, "maxItems": 1}, "minItems"),
        ({"type": "string", "pattern": "("}, "no regular expression"),
        ({"type": "colour"}, "colour"),
        ({"type": "string", "enum": [1]}, "none of the values"),
        ({"$ref": "#/$defs/missing"}, "refers to nothing"),
        ({"$ref": "https://example.org/schema"}, "another document"),
        ({"anyOf": [False, {"type": "integer", "minimum": 2, "maximum": 1}]}, "none of 2 options"),
        (7, "is an object"),
    ],
)
def test_schema_that_allows_nothing_is_told(schema: Any, said: str):
    with pytest.raises(GrammarInvalid, match=re.escape(said)):
        schema_grammar(schema)


async def test_pattern_that_looks_around_is_left_to_the_reader(engine: ResidentEngine):
    schema = {"type": "string", "pattern": "^(?=.*a).+$", "maxLength": 6}
    assert len(await generated(engine, schema, 1)) <= 6
