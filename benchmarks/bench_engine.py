"""The resident engine beside its peers: `llama_cpp.Llama`, `llama_cpp.server` and llama.cpp's own `llama-server`.

    python benchmarks/bench_engine.py [--bars 1,2,3,4,5] [--llama-server PATH]

Makes a model of 200 million random parameters in Q4_K_M for speed (bars 1 to 3) and uses the small trained one
(`python -m training.llama`) for what it says (bars 4 and 5). `llama_cpp.server` needs llama-cpp-python's extra `server`,
`llama-server` a build of the sources in its source package; a peer that is not there is left out and named.
"""

import argparse
import asyncio
import importlib.util
import json
import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any  # JSON

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.engine_serving import commands, serving, total_rate
from benchmarks.random_schemas import tool_arguments
from models.grammar import schema_grammar
from models.resident import (
    EngineSettings,
    Finish,
    GenerationRequest,
    Grammar,
    ResidentEngine,
    Sampling,
    StopReason,
)
from training.llama import LlamaShape, RandomWeights, byte_vocabulary, made_model, quantise, write_llama
from training.llama.made import documents

SHAPE = LlamaShape(layers=16, width=1024, heads=16, kv_heads=4, hidden=2816, context=4096)
VOCABULARY = 16_384
ENDS = [0, 2]
"""Numbers of the tokens that end a text."""
GREEDY = Sampling(temperature=0)


def large_model(cache: Path) -> Path:
    """200 million random parameters in Q4_K_M, made once."""
    path = cache / "random-200m-q4_k_m.gguf"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        whole = cache / "random-200m-f16.gguf"
        write_llama(whole, SHAPE, byte_vocabulary(VOCABULARY), RandomWeights(SHAPE, VOCABULARY))
        quantise(whole, path, "Q4_K_M")
        whole.unlink()
    return path


async def written(
    engine: ResidentEngine, prompt: str | list[int], count: int, **fields: Any
) -> dict[str, Any]:
    """One completion: its tokens, the moments at which they came, the nats between the two likeliest, text and end."""
    tokens: list[int] = []
    moments: list[float] = []
    gaps: list[float] = []
    text = ""
    request = GenerationRequest(
        prompt=prompt, max_tokens=count, **{"sampling": GREEDY, "ignore_end": True, **fields}
    )
    began = time.perf_counter()
    async for event in engine.generate(request):
        text += event.text
        if isinstance(event, Finish):
            return {
                "ids": tokens,
                "moments": moments,
                "text": text,
                "end": event.reason,
                "began": began,
                "gaps": gaps,
            }
        tokens.append(event.id)
        moments.append(time.perf_counter())
        if len(event.alternatives) > 1:
            gaps.append(event.alternatives[0].logprob - event.alternatives[1].logprob)
    raise AssertionError("a stream ended without its Finish")


def words(chance: random.Random, count: int) -> str:
    """A prompt of so many tokens, one a character."""
    return "".join(chance.choice("abcdefgijklmnopqrsuvwxyz ") for _ in range(count))


async def opened(path: Path, threads: int, **settings: Any) -> ResidentEngine:
    """An engine with room for what is measured."""
    chosen = {"context_tokens": 4096, "cache_tokens": 16_384, "queue": 5000, **settings}
    return await ResidentEngine.load(EngineSettings(path=path, threads=threads, **chosen))


async def elsewhere(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives in a process of its own: a second team of threads in this one would slow the engine's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


async def throughput(given: argparse.Namespace) -> dict[str, Any]:
    """Bar 1: tokens a second over HTTP, one stream and eight, ours and the peers', each the best of three rounds."""
    model, chance = large_model(given.cache), random.Random(1)
    rates: dict[str, dict[str, float]] = {}
    left_out = []
    for name, command in commands(model, given.threads, given.llama_server).items():
        if name == "llama_cpp.server" and importlib.util.find_spec("sse_starlette") is None:
            left_out.append(name)
            continue
        with serving(command) as url:
            await total_rate(url, [words(chance, 32)], 16, ENDS)
            rates[name] = {
                str(streams): max(
                    [
                        await total_rate(url, [words(chance, 32) for _ in range(streams)], 128, ENDS)
                        for _ in range(3)
                    ]
                )
                for streams in (1, 8)
            }
    if given.llama_server is None:
        left_out.append("llama-server")
    ours = rates["ours"]
    single = await elsewhere(_by_llama, model, given.threads, words(chance, 32))
    engine = await opened(model, given.threads, cache_tokens=4096)
    alone = max([await _rate(engine, words(chance, 32)) for _ in range(3)])
    await engine.close()
    return {
        "tokens_s": rates,
        "in_process": {"ours": alone, "Llama": single},
        "left_out": left_out,
        "eight_to_one": ours["8"] / ours["1"],
        "to_llama_cpp_server": ours["8"] / rates["llama_cpp.server"]["8"]
        if "llama_cpp.server" in rates
        else None,
        "to_llama_server": ours["8"] / rates["llama-server"]["8"] if "llama-server" in rates else None,
        "to_llama": alone / single,
        "bar": "eight_to_one >= 1.8, to_llama_cpp_server >= 1.7, to_llama_server >= 0.95, to_llama >= 0.95",
    }


async def _rate(engine: ResidentEngine, prompt: str) -> float:
    began = time.perf_counter()
    await written(engine, prompt, 128)
    return 128 / (time.perf_counter() - began)


def _by_llama(path: Path, threads: int, prompt: str) -> float:
    """Tokens a second of `Llama`, prompt included, the best of three."""
    from llama_cpp import Llama

    model = Llama(str(path), n_ctx=4096, n_threads=threads, n_threads_batch=threads, verbose=False)
    rates = []
    for number in range(4):
        began = time.perf_counter()
        tokens = model.tokenize(f"{number}{prompt}".encode(), add_bos=False)
        for count, _ in enumerate(model.generate(tokens, temp=0.0), 1):
            if count == 128:
                break
        rates.append(128 / (time.perf_counter() - began))
    model.close()
    return max(rates[1:])


async def shared_prompt(given: argparse.Namespace) -> dict[str, Any]:
    """Bar 2: a system prompt of 1,000 tokens, computed by the first of eight requests; seconds to the first token."""
    chance = random.Random(2)
    engine = await opened(large_model(given.cache), given.threads)
    await written(engine, words(chance, 64), 8)
    system = words(chance, 1000)

    async def first_token() -> float:
        told = await written(engine, system + words(chance, 20), 8)
        return float(told["moments"][0] - told["began"])

    first = await first_token()
    one_by_one = [await first_token() for _ in range(7)]
    together = await asyncio.gather(*(first_token() for _ in range(7)))
    await engine.close()
    return {
        "first_s": first,
        "later_s": max(one_by_one),
        "later_together_s": max(together),
        "ratio": max(one_by_one) / first,
        "ratio_together": max(together) / first,
        "bar": "ratio <= 0.25",
    }


async def long_prompt(given: argparse.Namespace) -> dict[str, Any]:
    """Bar 3: a prompt of 2,000 tokens arrives while four answers are written; seconds between their tokens."""
    chance = random.Random(3)
    engine = await opened(large_model(given.cache), given.threads)
    await written(engine, words(chance, 300), 8)
    streams = [asyncio.create_task(written(engine, words(chance, 32), 700)) for _ in range(4)]
    await asyncio.sleep(3)
    arrived = time.perf_counter()
    told = await written(engine, words(chance, 2000), 1)
    done = told["moments"][0]
    answers = await asyncio.gather(*streams)
    await engine.close()
    quiet, busy = [], []
    for one in answers:
        for earlier, later in zip(one["moments"], one["moments"][1:], strict=False):
            if later < arrived:
                quiet.append(later - earlier)
            elif earlier < done:
                busy.append(later - earlier)
    before, during = _p95(quiet), _p95(busy)
    return {
        "p95_before_s": before,
        "p95_during_s": during,
        "prefill_s": done - arrived,
        "ratio": during / before,
        "bar": "ratio <= 2",
    }


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def same_tokens(given: argparse.Namespace) -> dict[str, Any]:
    """Bar 4: 200 prompts of the corpus, greedily: alone, among seven others, and by `Llama`.

    Sums come out in another order in another batch. Where two answers part, the nats between the two likeliest tokens
    say whether it was a near tie. So for weights in half precision without fused attention, which is how `Llama`
    computes, and for 8-bit weights as the service runs them, where rounding to 8 bits makes more ties.
    """
    made = made_model()
    chance = random.Random(4)
    prompts = [text[: text.index("<|im_end|>") + 33] for text in chance.sample(documents(), 200)]
    return {
        "cases": len(prompts),
        "f16, attention not fused": await _same_tokens(made.f16, given, prompts, flash_attention=False),
        "q8_0, as served": await _same_tokens(made.q8_0, given, prompts),
        "bar": "at least 198 of 200 the same, the rest explained",
    }


async def _same_tokens(
    model: Path, given: argparse.Namespace, prompts: list[str], **settings: bool
) -> dict[str, Any]:
    fields = {"ignore_end": False, "logprobs": 2}
    engine = await opened(model, given.threads, **settings)
    alone = [await written(engine, prompt, 48, **fields) for prompt in prompts]
    await engine.close()
    engine = await opened(model, given.threads, **settings)
    together: list[list[int]] = []
    for start in range(0, len(prompts), 8):
        answers = await asyncio.gather(
            *(written(engine, prompt, 48, **fields) for prompt in prompts[start : start + 8])
        )
        together += [one["ids"] for one in answers]
    await engine.close()
    reference = await elsewhere(_llama_tokens, model, given.threads, prompts)
    return {"among_others": _compared(alone, together), "as_llama": _compared(alone, reference)}


def _compared(answers: list[dict[str, Any]], others: list[list[int]]) -> dict[str, Any]:
    """How many are the same, and how near a tie was where the others part, widest first."""
    gaps = []
    for answer, other in zip(answers, others, strict=True):
        if answer["ids"] == other:
            continue
        pairs = zip(answer["ids"], other, strict=False)
        parted = next(
            (place for place, (one, two) in enumerate(pairs) if one != two), len(answer["gaps"]) - 1
        )
        gaps.append(round(answer["gaps"][parted], 5))
    return {"same": len(answers) - len(gaps), "nats_where_others_part": sorted(gaps, reverse=True)}


def _llama_tokens(path: Path, threads: int, prompts: list[str]) -> list[list[int]]:
    from llama_cpp import Llama

    model = Llama(str(path), n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False)
    found = []
    for prompt in prompts:
        model.reset()
        tokens = model.tokenize(prompt.encode(), special=True)
        written_tokens: list[int] = []
        for token in model.generate(tokens, temp=0.0, reset=False):
            if token in ENDS or len(written_tokens) == 48:
                break
            written_tokens.append(token)
        found.append(written_tokens)
    model.close()
    return found


async def valid_arguments(given: argparse.Namespace) -> dict[str, Any]:
    """Bar 5: 1,000 random schemas, each answered once by the trained model at temperature 1."""
    from jsonschema import Draft202012Validator, FormatChecker

    engine = await opened(made_model().q8_0, given.threads, context_tokens=1024, parallel=16)
    chance = random.Random(5)
    schemas = [tool_arguments(chance) for _ in range(given.schemas)]
    failures: list[dict[str, Any]] = []

    async def check(number: int, schema: dict[str, Any]) -> None:
        sampling = Sampling(temperature=1.0, seed=number)
        told = await written(
            engine,
            "call:",
            1000,
            sampling=sampling,
            grammar=Grammar(schema_grammar(schema)),
            ignore_end=False,
        )
        if told["end"] is not StopReason.END:
            failures.append(
                {"schema": schema, "text": told["text"][:200], "error": f"ended by {told['end']}"}
            )
            return
        try:
            Draft202012Validator(schema, format_checker=FormatChecker()).validate(json.loads(told["text"]))
        except Exception as error:  # noqa: BLE001  # whatever is wrong counts
            failures.append({"schema": schema, "text": told["text"][:200], "error": str(error)[:200]})

    began = time.perf_counter()
    await asyncio.gather(*(check(number, schema) for number, schema in enumerate(schemas)))
    took = time.perf_counter() - began
    generated = engine.statistics().generated_tokens
    await engine.close()
    return {
        "schemas": len(schemas),
        "valid": len(schemas) - len(failures),
        "failures": failures[:5],
        "tokens_s": generated / took,
        "bar": "all valid",
    }


BARS: dict[str, Callable[[argparse.Namespace], Awaitable[dict[str, Any]]]] = {
    "1": throughput,
    "2": shared_prompt,
    "3": long_prompt,
    "4": same_tokens,
    "5": valid_arguments,
}


async def measured(given: argparse.Namespace) -> dict[str, Any]:
    """The bars that were asked for, by name."""
    return {BARS[number].__name__: await BARS[number](given) for number in given.bars.split(",")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bars", default="1,2,3,4,5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--schemas", type=int, default=1000)
    parser.add_argument("--llama-server", type=Path, help="llama.cpp's own server, built from its sources")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/freya/models").expanduser())
    print(json.dumps(asyncio.run(measured(parser.parse_args())), indent=2))


if __name__ == "__main__":
    main()
