"""What the models of a run took: every call that was answered, whoever made it."""

from dataclasses import dataclass, field
from typing import Any, Self  # Any: LangChain's own signatures

import orjson
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from memory.interactions import ModelUse


@dataclass
class _Sum:
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(eq=False)  # LangChain keeps handlers in sets
class Meter(AsyncCallbackHandler):
    """Adds up the tokens of each model, by the name under which it is configured, and which adapters took part."""

    adapters: dict[str, None] = field(default_factory=dict)
    """In the order in which they came."""
    _sums: dict[str, _Sum] = field(default_factory=dict)
    run_inline = True

    ignore_chain = True
    ignore_agent = True
    ignore_retriever = True

    async def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """A call was answered."""
        for generation in (each for batch in response.generations for each in batch):
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if not isinstance(message, AIMessage):
                continue
            said = message.response_metadata
            self.adapters.update(dict.fromkeys(said.get("adapters", ())))
            if used := message.usage_metadata:
                one = self._sums.setdefault(str(said.get("served_by") or said.get("model_name", "")), _Sum())
                one.input_tokens += used["input_tokens"]
                one.output_tokens += used["output_tokens"]

    def dumped(self) -> bytes:
        """All of it as JSON, for who goes on with the run."""
        return orjson.dumps([list(self.adapters), [one.model_dump(mode="json") for one in self.models]])

    @classmethod
    def loaded(cls, data: bytes) -> Self:
        """The meter that was dumped."""
        adapters, models = orjson.loads(data)
        sums = {one["model"]: _Sum(one["input_tokens"], one["output_tokens"]) for one in models}
        return cls(dict.fromkeys(adapters), sums)

    @property
    def models(self) -> tuple[ModelUse, ...]:
        """What each model took."""
        return tuple(
            ModelUse(model=name, input_tokens=one.input_tokens, output_tokens=one.output_tokens)
            for name, one in self._sums.items()
        )
