"""What can be asked of a resident chat model in one call."""

import json
from collections.abc import Mapping
from typing import Any  # JSON

from pydantic import BaseModel, ConfigDict, Field

from models.chat.resident.calling import CallFormat, call_grammar
from models.chat.resident.prompting import ModelPrompt
from models.errors import RequestInvalid
from models.grammar import schema_grammar
from models.resident import AdapterUse, GenerationRequest, Grammar, Priority, Sampling


class CallOptions(BaseModel):
    """What can be said of one call, to `bind` or beside the messages; names are those of OpenAI where it has them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    max_tokens: int = Field(default=1024, ge=1)
    temperature: float = Field(default=0.2, ge=0)
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None
    logit_bias: dict[int, float] = Field(default_factory=dict)
    logprobs: bool = False
    top_logprobs: int = 0
    tools: list[dict[str, Any]] = Field(default_factory=list)
    tool_choice: str | dict[str, Any] | None = None
    """`auto`, `any` or `required`, `none`, a tool's name, or OpenAI's object that names one."""
    parallel_tool_calls: bool = True
    response_format: dict[str, Any] | None = None
    """OpenAI's: `{"type": "json_schema", "json_schema": {"schema": ...}}`, or `{"type": "json_object"}`."""
    thinking: bool | None = None
    """Whether a model that can think before it answers does; None: as its template has it. A forced call or format
    leaves no room for it."""
    adapters: list[str] = Field(default_factory=list)
    """Names of LoRA adapters that are loaded."""
    priority: Priority = Priority.INTERACTIVE
    owner: str = ""
    """Requests of one priority take turns by owner; else the thread that LangGraph names, if any."""
    deadline_s: float | None = None

    @property
    def choice(self) -> str:
        """The tool choice in one form: `auto`, `any`, `none` or a tool's name."""
        chosen = self.tool_choice
        if isinstance(chosen, Mapping):
            return str(chosen.get("function", {}).get("name", ""))
        return {"required": "any", None: "auto"}.get(chosen, chosen) or "auto"


class Asked:
    """One call's options, and what follows from them for the prompt and the grammar."""

    def __init__(self, options: CallOptions) -> None:
        self.options = options
        self.schema = _format_schema(options.response_format)
        self.tools = options.tools if options.choice != "none" and self.schema is None else []
        if options.choice not in {"auto", "any", "none"}:
            self.tools = [tool for tool in self.tools if tool["function"]["name"] == options.choice]
            if not self.tools:
                raise RequestInvalid(
                    f"tool_choice names {options.choice!r}, which is none of the bound tools"
                )
        if options.choice == "any" and not self.tools:
            raise RequestInvalid("tool_choice asks for a call, and no tool is bound")

    @property
    def may_call(self) -> bool:
        """Whether an answer may hold calls."""
        return bool(self.tools)

    @property
    def forced(self) -> bool:
        """Whether it must."""
        return self.may_call and self.options.choice != "auto"

    @property
    def thinking(self) -> bool | None:
        """Whether the model thinks first; None: as its template has it."""
        return False if self.forced or self.schema is not None else self.options.thinking

    def request(self, prompt: ModelPrompt, stop: tuple[str, ...]) -> GenerationRequest:
        """What the engine is asked."""
        options = self.options
        return GenerationRequest(
            prompt=prompt.text,
            max_tokens=options.max_tokens,
            sampling=Sampling(
                temperature=options.temperature,
                top_k=options.top_k,
                top_p=options.top_p,
                min_p=options.min_p,
                repeat_penalty=options.repeat_penalty,
                frequency_penalty=options.frequency_penalty,
                presence_penalty=options.presence_penalty,
                seed=options.seed,
                logit_bias=options.logit_bias,
            ),
            grammar=self._grammar(prompt.form),
            stop=stop,
            adapters=tuple(AdapterUse(name) for name in options.adapters),
            priority=options.priority,
            deadline_s=options.deadline_s,
            owner=options.owner,
            logprobs=options.top_logprobs if options.logprobs else None,
            special_text=True,
        )

    def _grammar(self, form: CallFormat) -> Grammar | None:
        if self.schema is not None:
            return Grammar(schema_grammar(self.schema))
        if not self.may_call:
            return None
        functions = [tool["function"] for tool in self.tools]
        several = self.options.parallel_tool_calls
        return call_grammar(form, functions, forced=self.forced, several=several)


def _format_schema(response_format: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if response_format is None or response_format.get("type") == "text":
        return None
    if response_format.get("type") == "json_object":
        return {"type": "object"}
    schema = (response_format.get("json_schema") or {}).get("schema")
    if response_format.get("type") != "json_schema" or not isinstance(schema, dict):
        raise RequestInvalid(
            f"response_format is {json.dumps(response_format)[:200]}; "
            "it must be of type text, json_object, or json_schema with its schema"
        )
    return schema
