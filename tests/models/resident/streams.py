"""Reading the streams of an engine."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any  # fields of a request

from models.resident import Engine, Finish, GenerationRequest, Sampling, Token

GREEDY = Sampling(temperature=0)


@dataclass(frozen=True)
class Completion:
    """All of a stream."""

    tokens: list[Token]
    finish: Finish

    @property
    def ids(self) -> list[int]:
        return [token.id for token in self.tokens]

    @property
    def text(self) -> str:
        return "".join(token.text for token in self.tokens) + self.finish.text


async def complete(engine: Engine, prompt: str | list[int], **fields: Any) -> Completion:
    """Read one stream to its end; greedy unless told otherwise."""
    request = GenerationRequest(prompt=prompt, **{"sampling": GREEDY, "max_tokens": 16, **fields})
    tokens: list[Token] = []
    async with asyncio.timeout(60), aclosing(engine.generate(request)) as events:
        async for event in events:
            if isinstance(event, Finish):
                return Completion(tokens, event)
            tokens.append(event)
    raise AssertionError("the stream ended without a Finish")
