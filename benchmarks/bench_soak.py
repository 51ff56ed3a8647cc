"""The resident engine for a long time: clients that come, go, give up and ask for nonsense.

    python benchmarks/bench_soak.py [--minutes 30] [--clients 16] [--threads 1] [--model PATH]

Sixteen clients ask the model of random numbers that `bench_engine` makes (200 million, Q4_K_M), each one thing after
another: prompts of 1 to 1,500 tokens, some with a beginning in common, 1 to 160 tokens of answer; with LoRA adapters,
which are replaced meanwhile; under grammars; with deadlines; given up before, while or after the first token; and
malformed in every way that a request can be. A known question is asked again and again: its answer must not change.

Prints what became of the requests, resident memory after the warm-up (the first fifth) and at the end, the longest that
anyone waited for a sign, and how long the event loop was held up. `ok` says whether the bar is met: no crash, no error
that was not asked for, memory grown by less than 5 %, nobody left waiting, the loop never held up for more than 50 ms.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # JSON

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.bench_engine import SHAPE, large_model, words
from benchmarks.random_schemas import tool_arguments
from models import (
    AdapterUnknown,
    ContextExceeded,
    DeadlineExceeded,
    EngineError,
    GrammarInvalid,
    QueueFull,
    RequestInvalid,
)
from models.grammar import schema_grammar
from models.resident import (
    AdapterUse,
    EngineSettings,
    Finish,
    GenerationRequest,
    Grammar,
    Priority,
    ResidentEngine,
    Sampling,
)
from training.llama import write_random_adapter

_CONTEXT = 2048
_ADAPTERS = ("one", "two", "three")
_BEAT_S = 0.005
_HELD_UP_S = 0.05
_STARVED_S = 120.0
_GROWTH = 0.05
_KNOWN = "the answer to this is known: "
_KNOWN_TOKENS = 24


@dataclass
class Report:
    """What was seen."""

    ended: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    """From asking to the first sign of life, an error included."""
    late_s: list[float] = field(default_factory=list)
    """By how much each beat of the event loop came late."""
    known: Counter[bool] = field(default_factory=Counter)
    """How often the known question had its known answer."""


class Soak:
    """The clients of one engine until a moment is over."""

    def __init__(self, engine: ResidentEngine, folder: Path, until: float) -> None:
        self._engine = engine
        self._folder = folder
        self._until = until
        self._systems = [words(random.Random(number), 200 + 150 * number) for number in range(5)]
        self._expected: list[int] = []
        self.report = Report()

    async def run(self, clients: int) -> None:
        """Until the time is over and the last answer has been read."""
        for number, name in enumerate(_ADAPTERS):
            await self._replace(name, number)
        self._expected = await self._answered(self._known())
        heart = asyncio.create_task(self._beat())
        adapters = asyncio.create_task(self._exchange())
        await asyncio.gather(*(self._client(number) for number in range(clients)))
        for task in (heart, adapters):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _client(self, number: int) -> None:
        chance = random.Random(number)
        acts = (self._ask, self._give_up, self._hurry, self._ask_nonsense, self._ask_what_is_known)
        while time.monotonic() < self._until:
            (act,) = chance.choices(acts, (55, 20, 8, 12, 5))
            began = time.monotonic()
            try:
                async with asyncio.timeout(_STARVED_S):
                    what = await act(chance, f"client {number % 5}")
            except TimeoutError:
                what = "starved"
                self.report.first_s.append(time.monotonic() - began)
            except QueueFull as full:
                what = "refused"
                await asyncio.sleep(full.retry_after_s)
            except Exception as error:  # noqa: BLE001  # whatever it is, it was not asked for
                what = "unexpected"
                self.report.unexpected.append(f"{act.__name__}: {error!r}"[:300])
            self.report.ended[what] += 1
            await asyncio.sleep(chance.expovariate(4))

    async def _ask(self, chance: random.Random, owner: str) -> str:
        await self._answered(self._request(chance, owner))
        return "answered"

    async def _give_up(self, chance: random.Random, owner: str) -> str:
        """Close the stream after some tokens, or cancel whoever reads it at any moment."""
        request = self._request(chance, owner)
        if chance.random() < 0.5:
            await self._answered(request, most=chance.randint(0, 12))
        else:
            reading = asyncio.create_task(self._answered(request))
            await asyncio.sleep(chance.expovariate(2))
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
        return "given up"

    async def _hurry(self, chance: random.Random, owner: str) -> str:
        try:
            await self._answered(self._request(chance, owner, deadline_s=chance.uniform(0.01, 3)))
        except DeadlineExceeded:
            return "expired"
        return "answered"

    async def _ask_nonsense(self, chance: random.Random, owner: str) -> str:
        fields, expected = chance.choice(_nonsense(self._engine.card.vocabulary))
        try:
            await self._answered(GenerationRequest(**{"prompt": "abc", "owner": owner, **fields}))
        except expected:
            return "refused as malformed"
        raise AssertionError(f"{fields!r:.80} was answered")

    async def _ask_what_is_known(self, _: random.Random, __: str) -> str:
        self.report.known[await self._answered(self._known()) == self._expected] += 1
        return "answered"

    async def _answered(self, request: GenerationRequest, most: int | None = None) -> list[int]:
        began, seen = time.monotonic(), False
        tokens: list[int] = []
        try:
            async with aclosing(self._engine.generate(request)) as events:
                async for event in events:
                    if not seen:
                        seen = True
                        self.report.first_s.append(time.monotonic() - began)
                    if isinstance(event, Finish) or (most is not None and len(tokens) >= most):
                        break
                    tokens.append(event.id)
        except EngineError:
            if not seen:
                self.report.first_s.append(time.monotonic() - began)
            raise
        return tokens

    def _request(self, chance: random.Random, owner: str, **fields: Any) -> GenerationRequest:
        prompt = words(chance, int(10 ** chance.uniform(0, 2.8)))
        if chance.random() < 0.4:
            prompt = chance.choice(self._systems) + prompt
        if chance.random() < 0.3:
            fields["adapters"] = tuple(
                AdapterUse(name, chance.choice((0.5, 1.0)))
                for name in chance.sample(_ADAPTERS, chance.randint(1, 2))
            )
        if chance.random() < 0.1:
            fields["grammar"] = Grammar(schema_grammar(tool_arguments(chance)))
        return GenerationRequest(
            prompt=prompt,
            owner=owner,
            max_tokens=int(10 ** chance.uniform(0, 2.2)),
            sampling=Sampling(
                temperature=chance.choice((0.0, 0.7, 1.2)), repeat_penalty=chance.choice((1.0, 1.1))
            ),
            priority=chance.choice(list(Priority)),
            stop=("qz", "\n\n") if chance.random() < 0.3 else (),
            logprobs=chance.choice((None, None, 3)),
            **fields,
        )

    def _known(self) -> GenerationRequest:
        return GenerationRequest(
            prompt=_KNOWN, max_tokens=_KNOWN_TOKENS, sampling=Sampling(temperature=0), ignore_end=True
        )

    async def _exchange(self) -> None:
        """Put another adapter under the same name, every few seconds."""
        chance = random.Random("adapters")
        while True:
            await asyncio.sleep(3)
            await self._replace(chance.choice(_ADAPTERS), chance.randrange(3))

    async def _replace(self, name: str, seed: int) -> None:
        path = self._folder / f"{seed}.gguf"
        if not await asyncio.to_thread(path.is_file):
            await asyncio.to_thread(write_random_adapter, path, SHAPE, seed=seed)
        await self._engine.load_adapter(name, path)

    async def _beat(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_BEAT_S)
            self.report.late_s.append(time.perf_counter() - began - _BEAT_S)


def _nonsense(size: int) -> list[tuple[dict[str, Any], type[EngineError]]]:
    """Fields that no request may have, of a vocabulary of that size, and what is raised for each."""
    return [
        ({"prompt": ""}, RequestInvalid),
        ({"prompt": [size]}, RequestInvalid),
        ({"prompt": [-1, 5]}, RequestInvalid),
        ({"prompt": [5] * _CONTEXT}, ContextExceeded),
        ({"prompt": "x" * 1_000_000}, ContextExceeded),
        ({"max_tokens": 0}, RequestInvalid),
        ({"deadline_s": -1.0}, RequestInvalid),
        ({"logprobs": 1000}, RequestInvalid),
        ({"stop": ("x",) * 100}, RequestInvalid),
        ({"sampling": Sampling(temperature=float("nan"))}, RequestInvalid),
        ({"sampling": Sampling(top_p=0.0)}, RequestInvalid),
        ({"sampling": Sampling(logit_bias={size: 1.0})}, RequestInvalid),
        ({"grammar": Grammar("root ::= nothing")}, GrammarInvalid),
        ({"grammar": Grammar("root ::= " + "(" * 500)}, GrammarInvalid),
        ({"grammar": Grammar('root ::= "a"', root="none")}, GrammarInvalid),
        ({"adapters": (AdapterUse("nobody"),)}, AdapterUnknown),
        ({"adapters": (AdapterUse("one"), AdapterUse("one"))}, RequestInvalid),
        ({"adapters": (AdapterUse("one", float("inf")),)}, RequestInvalid),
    ]


async def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Run, and tell what was seen."""
    model = given.model or large_model(given.cache)
    seconds = given.minutes * 60
    settings = EngineSettings(
        path=model,
        threads=given.threads,
        context_tokens=_CONTEXT,
        cache_tokens=4 * _CONTEXT,
        parked_mb=64,  # full within the warm-up
    )
    engine = await ResidentEngine.load(settings)
    memory: list[float] = []

    async def weigh() -> None:
        while True:
            memory.append(psutil.Process().memory_info().rss / 1e6)
            await asyncio.sleep(seconds / 100)

    with tempfile.TemporaryDirectory() as name:
        soak = Soak(engine, Path(name), time.monotonic() + seconds)
        weighing = asyncio.create_task(weigh())
        began = time.monotonic()
        await soak.run(given.clients)
        weighing.cancel()
        took = time.monotonic() - began
    crashed = engine.closed
    left = engine.statistics()
    await engine.close(drain_s=10)
    return _told(soak.report, memory, took) | {
        "crashed": crashed,
        "left": {"running": left.running, "waiting": left.waiting, "cells_used": left.cells_used},
        "steps": left.steps,
        "tokens": {
            "prompt": left.prompt_tokens,
            "reused": left.reused_tokens,
            "restored": left.restored_tokens,
            "generated": left.generated_tokens,
        },
        "seconds": {
            "decoding": round(left.decode_s, 1),
            "sampling": round(left.sampling_s, 1),
            "parking": round(left.parking_s, 1),
        },
        "preempted": left.preempted,
    }


def _told(report: Report, memory: list[float], took: float) -> dict[str, Any]:
    part = max(1, len(memory) // 20)
    warm = statistics.median(memory[len(memory) // 5 : len(memory) // 5 + part])
    end = statistics.median(memory[-part:])
    late = sorted(report.late_s)
    held_up = [one for one in late if one > _HELD_UP_S]
    growth = end / warm - 1
    return {
        "minutes": round(took / 60, 1),
        "ended": dict(report.ended.most_common()),
        "unexpected": report.unexpected[:20],
        "known_answers": {"same": report.known[True], "other": report.known[False]},
        "rss_mb": {
            "start": round(memory[0]),
            "warm": round(warm),
            "end": round(end),
            "most": round(max(memory)),
        },
        "rss_growth": round(growth, 4),
        "longest_wait_s": round(max(report.first_s), 2),
        "wait_p50_s": round(statistics.median(report.first_s), 3),
        "loop_late_ms": {
            "p99": round(1000 * late[int(len(late) * 0.99)], 1),
            "most": round(1000 * late[-1], 1),
            "times_over_50": len(held_up),
        },
        "ok": not report.unexpected
        and not report.ended["starved"]
        and growth < _GROWTH
        and not held_up
        and bool(report.ended["answered"]),
        "bar": "no crash, rss_growth < 0.05, nobody starved, the loop never held up for 50 ms",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", type=Path, help="a Llama of the same shape; made where it is left out")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/freya/models").expanduser())
    told = asyncio.run(measured(parser.parse_args()))
    print(json.dumps(told, indent=2))
    sys.exit(0 if told["ok"] and not told["crashed"] else 1)


if __name__ == "__main__":
    main()
