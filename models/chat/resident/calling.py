"""How models write tool calls, and the grammars that hold them to it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final  # Any: JSON

from models.errors import GrammarInvalid
from models.grammar import Rules, alternatives, group, literal, optional, schema_expression
from models.resident import Grammar

_SPACE: Final = "[ \\n]?"


@dataclass(frozen=True)
class CallFormat:
    """Where calls stand in an answer, and how they are put together."""

    opening: str
    """Text that begins a call, or the list of all calls; free text may come before it."""
    closing: str = ""
    arguments: str = "arguments"
    """The key of the arguments beside `name`."""
    listed: bool = False
    """All calls stand in one JSON array."""
    named: str = ""
    """Text between a bare name and its arguments, where a call is no JSON object."""
    several: bool = True
    """Whether more than one call may be made at once."""
    inside: bool = False
    """The opening is itself the beginning of the first call's JSON."""

    def written(self, calls: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
        """Calls, by name and arguments, as a model that made them would have written them."""
        if self.named:
            return "".join(f"{self.opening}{name}{self.named}{_json(given)}" for name, given in calls)
        objects = [_json({"name": name, self.arguments: given}) for name, given in calls]
        if self.inside:
            return "; ".join(objects)
        if self.listed:
            return f"{self.opening}[{', '.join(objects)}]{self.closing}"
        return "\n".join(f"{self.opening}\n{one}\n{self.closing}" for one in objects)


HERMES: Final = CallFormat(opening="<tool_call>", closing="</tool_call>")
"""Qwen 2.5 and 3, Hermes, and whatever knows no calls of its own."""
MISTRAL: Final = CallFormat(opening="[TOOL_CALLS]", listed=True)
MISTRAL_NAMED: Final = CallFormat(opening="[TOOL_CALLS]", named="[ARGS]")
PHI: Final = CallFormat(opening="<|tool_call|>", closing="<|/tool_call|>", listed=True)
LLAMA: Final = CallFormat(opening='{"name":', arguments="parameters", several=False, inside=True)

_MARKS: Final = (
    ("[ARGS]", MISTRAL_NAMED),
    ("[TOOL_CALLS]", MISTRAL),
    ("<|tool_call|>", PHI),
    ("<tool_call>", HERMES),
    ("<|python_tag|>", LLAMA),
    ('"parameters": ', LLAMA),
)


def call_format(template: str) -> CallFormat | None:
    """The format that a template teaches; None where it teaches none that is known here."""
    return next((form for mark, form in _MARKS if mark in template), None)


def call_grammar(
    form: CallFormat, functions: Sequence[Mapping[str, Any]], *, forced: bool, several: bool = True
) -> Grammar:
    """What may be generated: with `forced` one call at least and nothing else, otherwise anything until a call begins.

    Functions are in OpenAI's form. Raises GrammarInvalid for a schema that allows nothing.
    """
    rules = Rules()
    call = rules.add("call", alternatives([_call(form, function, rules) for function in functions]))
    more = several and form.several
    if form.listed:
        further = f'("," {_SPACE} {call}){{0,15}} ' if more else ""
        after = f'" "? "[" {call} {further}"]" {literal(form.closing) if form.closing else ""}'.strip()
    elif form.named:
        after = f"{call} ({literal(form.opening)} {call}){{0,15}}" if more else call
    elif form.inside:
        after = call
    else:
        closed = f"{_SPACE} {call} {_SPACE} {literal(form.closing)}"
        further = f" ({_SPACE} {literal(form.opening)} {closed}){{0,15}}" if more else ""
        after = f"{closed}{further}"
    if forced:
        return Grammar(rules.text(f"{literal(form.opening)} {after}"))
    return Grammar(rules.text(after), triggers=(form.opening,))


def _call(form: CallFormat, function: Mapping[str, Any], rules: Rules) -> str:
    name = str(function["name"])
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    if not schema.get("properties") and not schema.get("additionalProperties"):
        schema = {"type": "object", "additionalProperties": False}
    try:
        arguments = group(rules.add(f"{name}-arguments", schema_expression(schema, rules)))
    except GrammarInvalid as error:
        raise GrammarInvalid(f"the arguments of tool {name} cannot be generated: {error}") from error
    if form.named:
        return f"{literal(name + form.named)} {optional(literal(' '))} {arguments}"
    quoted = json.dumps(name, ensure_ascii=False)
    body = f'{literal(f"{quoted}, ")} {literal(json.dumps(form.arguments) + ": ")} {arguments} "}}"'
    return f"{_SPACE} {body}" if form.inside else f"{literal(chr(123) + json.dumps('name') + ': ')} {body}"


@dataclass(frozen=True)
class ReadCall:
    """A call as the model wrote it; `arguments` is None where it broke off or is no JSON object."""

    name: str | None
    arguments: dict[str, Any] | None
    text: str


def read_calls(form: CallFormat, text: str) -> list[ReadCall]:
    """The calls in what comes from the first opening on, the opening included."""
    if form.named:
        return [_named(form, part) for part in text.split(form.opening) if part.strip()]
    decoder = json.JSONDecoder()
    found: list[ReadCall] = []
    position = 0
    while (begin := _next_value(text, position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, begin)
        except ValueError:
            found.append(ReadCall(_name_in(text[begin:]), None, text[begin:]))
            break
        found += [_as_call(form, one) for one in (value if isinstance(value, list) else [value])]
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _next_value(text: str, position: int) -> int:
    match = re.compile(r"\{|\[(?=\s*\{)").search(text, position)
    return match.start() if match else -1


def _as_call(form: CallFormat, value: Any) -> ReadCall:  # JSON
    text = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict):
        return ReadCall(None, None, text)
    arguments = value.get(form.arguments, value.get("arguments", value.get("parameters")))
    name = value.get("name")
    return ReadCall(
        name if isinstance(name, str) else None, arguments if isinstance(arguments, dict) else None, text
    )


def _named(form: CallFormat, text: str) -> ReadCall:
    name, _, body = text.partition(form.named)
    try:
        arguments = json.loads(body)
    except ValueError:
        arguments = None
    return ReadCall(name.strip(), arguments if isinstance(arguments, dict) else None, body)


def _name_in(text: str) -> str | None:
    match = re.search(r'"name":\s*"([^"\\]+)"', text)
    return match[1] if match else None
