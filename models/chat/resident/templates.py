"""The chat template that a model file brings along, in Jinja."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn  # Any: JSON

from jinja2 import Template, TemplateError, meta
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.errors import ModelInvalid, RequestInvalid

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For a model that brings no template of its own."""

Message = Mapping[str, Any]
"""As templates read them: role, content, and with calls `tool_calls` in OpenAI's form with arguments as an object."""


class ChatTemplate:
    """Renders messages as the text that a model was trained on. Raises ModelInvalid for a template that does not parse.

    The environment is the one that Hugging Face's transformers gives templates (documentation, "Chat templates"),
    in Jinja's sandbox: a template cannot reach outside its arguments.
    """

    def __init__(self, source: str, *, start: str = "", end: str = "") -> None:
        self._names = {"bos_token": start, "eos_token": end}
        self._reads_calls = "tool_calls" in source
        environment = _environment()
        try:
            self._template: Template = environment.from_string(source)
            self._reads = frozenset(meta.find_undeclared_variables(environment.parse(source)))
        except TemplateError as error:
            raise ModelInvalid(f"the model's chat template does not parse: {error}") from error

    @property
    def reads_tools(self) -> bool:
        """Whether the template says which tools there are."""
        return "tools" in self._reads

    @property
    def reads_calls(self) -> bool:
        """Whether the template shows calls that were made."""
        return self._reads_calls

    @property
    def switches_thinking(self) -> bool:
        """Whether the template can be told that the model shall not think before it answers."""
        return "enable_thinking" in self._reads

    def render(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        thinking: bool | None = None,
    ) -> str:
        """The prompt, up to where the model's answer begins; without a word on thinking it is as the template has it.

        Raises RequestInvalid for messages it does not take.
        """
        options: dict[str, Any] = {"tools": [dict(tool) for tool in tools]} if tools else {}
        if thinking is not None and self.switches_thinking:
            options["enable_thinking"] = thinking
        try:
            return self._template.render(
                messages=messages, add_generation_prompt=True, **self._names, **options
            )
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise RequestInvalid(
                f"the model's chat template does not take these messages: {error}"
            ) from error


@lru_cache(maxsize=32)
def chat_template(source: str | None, start: str, end: str) -> ChatTemplate:
    """A template, parsed once; that of ChatML where the model has none."""
    return ChatTemplate(source or CHATML, start=start, end=end)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = _as_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment


class _Generation(Extension):
    """`{% generation %}` marks what a model is trained to write; a prompt takes it as it stands."""

    tags = {"generation"}  # noqa: RUF012  # as Jinja declares it

    def parse(self, parser: Parser) -> list[Node]:
        """The block without its marks."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _as_json(value: Any, indent: int | None = None, **_: object) -> str:  # whatever the template was given
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(form: str) -> str:
    return dt.datetime.now().astimezone().strftime(form)
