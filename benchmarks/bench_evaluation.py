"""The product's own evaluation over the example corpus, beside meaning alone and words alone; prints the report's JSON.

The outcome of every single case is left out unless `--outcomes` is given; with it two runs can be compared.
The embedder has no cache here, so a latency includes the query's encoding.
"""

import argparse
import asyncio
import json
import sys

from benchmarks.knowledge_corpus import cache_folder, fill, opened
from knowledge import Field, HybridRetriever, RetrievalSettings
from knowledge.evaluation import (
    DenseOnly,
    EvaluationProgress,
    Evaluator,
    Fusion,
    Method,
    RelevanceCheck,
    Report,
    WordsOnly,
    held_out,
)

_COLLECTION = "technical"


async def evaluated(*, size: int, seed: int, fields: tuple[Field, ...]) -> Report:
    """A run of the given size on the example corpus."""
    data = cache_folder()
    data.mkdir(parents=True, exist_ok=True)
    async with opened(data) as corpus:
        await fill(corpus)
        settings = RetrievalSettings()
        retriever = HybridRetriever(corpus.store, corpus.dense, corpus.lexical, settings)
        await retriever.search("warm up")
        cases = await held_out(
            corpus.store,
            corpus.dense,
            seed=seed,
            size=size,
            collections=[_COLLECTION],
            paraphrase_fields=fields,
        )
        evaluator = Evaluator(corpus.dense, RelevanceCheck(retriever, corpus.dense, floor=settings.floor))
        methods: list[Method] = [Fusion(retriever), DenseOnly(corpus.dense), WordsOnly(corpus.lexical)]
        return await evaluator.run(cases, methods, _say)


def _say(progress: EvaluationProgress) -> None:
    if progress.done % 100 == 0 or progress.done == progress.total:
        print(f"{progress.step}: {progress.done} of {progress.total}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="cases of each task")
    parser.add_argument("--seed", type=int, default=7, help="draws the cases and the bootstrap's resamples")
    parser.add_argument(
        "--fields",
        nargs="+",
        type=Field,
        default=list(Field),
        choices=list(Field),
        help="what paraphrases are compared with",
    )
    parser.add_argument("--outcomes", action="store_true", help="print the outcome of every case")
    arguments = parser.parse_args()
    report = asyncio.run(evaluated(size=arguments.size, seed=arguments.seed, fields=tuple(arguments.fields)))
    document = {
        "benchmark": "evaluation",
        "weights": RetrievalSettings().model_dump(),
        **(report if arguments.outcomes else report.without_outcomes()).as_json(),
    }
    print(json.dumps(document, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
