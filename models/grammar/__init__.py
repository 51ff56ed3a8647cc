"""JSON Schema to GBNF, llama.cpp's grammars: what a model generates under them parses and validates."""

from models.grammar.schema import Rules, schema_expression, schema_grammar
from models.grammar.writing import alternatives, group, literal, optional, repeated

__all__ = [
    "Rules",
    "alternatives",
    "group",
    "literal",
    "optional",
    "repeated",
    "schema_expression",
    "schema_grammar",
]
